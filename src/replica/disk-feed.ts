/**
 * Hands the disk what the replica lacks there, one batch at a time: whatever has gathered since the last (group commit).
 * What a quarantine dropped is kept aside before the disk learns of anything that came later.
 */

import { isDue } from "../base/deadline.ts";
import { type AtollError, toAtollError } from "../base/errors.ts";
import { giveBack } from "../base/give-back.ts";
import type { SalvagedRecord } from "./outbox.ts";
import type { Batch } from "./persistence.ts";
import type { Log, Storage } from "./ports.ts";
import type { Replica } from "./replica.ts";

const RETRY_MS = 1000;

export interface DiskFeedOptions {
  readonly storage: Storage;
  /** Nothing is kept on disk. */
  readonly isNone: boolean;
  readonly log: Log;
  readonly now: () => number;
  /** Keeps records aside; resolves once they are safe. */
  readonly salvage: ((records: readonly Uint8Array[], keyspace: string) => Promise<void>) | undefined;
  /** The disk has it. */
  readonly persisted: (batch: Batch) => void;
}

export class DiskFeed {
  readonly #options: DiskFeedOptions;
  #writing: Promise<void> | undefined;
  /** Records that a quarantine dropped and that are not yet kept elsewhere. */
  #toSalvage: SalvagedRecord[] = [];
  #retryAt = 0;
  #isEnding = false;
  /** Somebody waits for what the next batch holds. */
  isUrgent = false;
  /** Of the last batch. */
  error: AtollError | undefined;

  constructor(options: DiskFeedOptions) {
    this.#options = options;
  }

  /** Hands over a batch, unless one is under way, or there is nothing, or the disk failed just now. */
  feed(replica: Replica): void {
    if (this.#options.isNone || this.#writing !== undefined || this.#isEnding) return;
    const retry = { dueAt: this.#retryAt, waitMaxMs: RETRY_MS };
    if (this.error !== undefined && !isDue(retry, this.#options.now())) return;
    this.isUrgent = false;
    const batch = replica.persistence.take();
    if (batch === undefined) return;
    this.#writing = this.#write(replica, batch).finally(() => {
      this.#writing = undefined;
      if (this.isUrgent || replica.persistence.isBehind) this.feed(replica);
    });
  }

  /** Before the disk is handed anything: it must not forget what nobody else has yet. */
  keepAside({ outbox }: Replica): void {
    const { salvaged } = outbox;
    if (salvaged.length === 0) return;
    outbox.salvaged = [];
    const isKept = this.#options.salvage !== undefined;
    this.#options.log("warn", "writes-dropped-by-quarantine", { writes: salvaged.length, isKept });
    if (isKept) this.#toSalvage.push(...salvaged);
  }

  /** No batch is begun any more but by `flush`. */
  end(): void {
    this.#isEnding = true;
  }

  /** Resolves once the disk has everything, or fails. */
  async flush(replica: Replica): Promise<void> {
    await this.#writing;
    if (this.#options.isNone) return;
    for (let batch = replica.persistence.take(); batch !== undefined; batch = replica.persistence.take()) {
      await this.#write(replica, batch);
      if (this.error !== undefined) return;
    }
  }

  async #write(replica: Replica, batch: Batch): Promise<void> {
    try {
      await this.#salvage();
      await this.#options.storage.write(batch.operations);
    } catch (error) {
      this.#failed(replica, batch, toAtollError(error));
      return;
    }
    if (this.error !== undefined) this.#options.log("info", "disk-recovered", {});
    this.error = undefined;
    this.#options.persisted(batch);
    // All keys share one buffer, and all values another.
    const { key, value } = batch.operations.at(-1) ?? {};
    for (const bytes of [key, value]) if (bytes !== undefined) giveBack(bytes.buffer);
  }

  async #salvage(): Promise<void> {
    const records = this.#toSalvage;
    if (records.length === 0) return;
    // Those that are safe already come twice where a later keyspace fails, which does no harm.
    for (const keyspace of new Set(records.map((record) => record.keyspace))) {
      const own = records.filter((record) => record.keyspace === keyspace);
      await this.#options.salvage?.(
        own.map(({ bytes }) => bytes),
        keyspace,
      );
    }
    this.#toSalvage = this.#toSalvage.slice(records.length);
  }

  #failed({ persistence }: Replica, batch: Batch, error: AtollError): void {
    persistence.failed(batch);
    if (this.error === undefined) this.#options.log("error", "disk-failed", { reason: error.message });
    this.error = error;
    this.#retryAt = this.#options.now() + RETRY_MS;
  }
}
