/** Measures now and then what a bounded disk takes up, and has it rewritten when the budget asks for that. */

import { toAtollError } from "../base/errors.ts";
import type { Shard } from "../core/shard/shard.ts";
import { registerRange } from "./disk-layout.ts";
import type { Cancel, KeyRange, Log, Scheduler, Storage } from "./ports.ts";
import type { Replica } from "./replica.ts";

const LOOK_MS = 1000;
/** Where it is near its bound, or was. */
const NEAR_LOOK_MS = 200;
/** What is rewritten at once, about, and in so many pieces at least: whoever closes the disk waits for one. */
const PIECE_BYTES = 64 * 1024 * 1024;
const PIECES_MIN = 32;

export interface DiskWatchOptions {
  readonly storage: Storage;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #cancel: Cancel = () => {};
  #looking: Promise<void> = Promise.resolve();
  #isEnding = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** Begins, where the disk of the replica has a bound. */
  start(replica: Replica): void {
    if (replica.eviction.disk !== undefined) this.#lookAgain(replica, 0);
  }

  /** Begins nothing any more. */
  end(): void {
    this.#isEnding = true;
    this.#cancel();
  }

  /** Resolves once no measure is under way. */
  async ended(): Promise<void> {
    await this.#looking;
  }

  #lookAgain(replica: Replica, delayMs: number): void {
    if (this.#isEnding) return;
    this.#cancel = this.#options.scheduler.after(delayMs, () => {
      this.#looking = this.#look(replica);
    });
  }

  async #look(replica: Replica): Promise<void> {
    const { storage, log } = this.#options;
    let isToBeRewritten = false;
    try {
      const folderBytes = await storage.size();
      isToBeRewritten = replica.eviction.disk?.note(replica.persistence.measureOf(folderBytes)) === true;
      if (isToBeRewritten) log("info", "disk-near-bound", { bytes: folderBytes });
    } catch (error) {
      log("warn", "disk-unmeasured", { reason: toAtollError(error).message });
    }
    if (isToBeRewritten && !this.#isEnding) void this.#rewrite(replica);
    else this.#lookAgain(replica, replica.eviction.disk?.isAtBound === true ? NEAR_LOOK_MS : LOOK_MS);
  }

  async #rewrite(replica: Replica): Promise<void> {
    const { storage, log } = this.#options;
    const { disk } = replica.eviction;
    try {
      for (const range of ranges(replica.shards.all, disk?.folderBytes ?? 0)) {
        if (this.#isEnding) return;
        await storage.compact(range);
        disk?.saw(replica.persistence.measureOf(await storage.size()));
      }
      this.#lookAgain(replica, 0);
    } catch (error) {
      log("warn", "disk-not-rewritten", { reason: toAtollError(error).message });
      disk?.notRewritten();
      this.#lookAgain(replica, LOOK_MS);
    }
  }
}

/** All registers, in pieces of as many shards. */
function ranges(shards: readonly Shard[], folderBytes: number): KeyRange[] {
  const step = Math.ceil(shards.length / Math.max(PIECES_MIN, folderBytes / PIECE_BYTES));
  const pieces: KeyRange[] = [];
  for (let first = 0; first < shards.length; first += step) {
    const last = Math.min(first + step, shards.length) - 1;
    const { from } = registerRange((shards[first] as Shard).id);
    pieces.push({ from, to: registerRange((shards[last] as Shard).id).to });
  }
  return pieces;
}
