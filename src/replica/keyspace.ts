/** One keyspace of the replica in this process, as its clients see it. */

import { AtollError, toAtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import type {
  BatchOperation,
  BatchResult,
  ClusterStatus,
  Dot,
  KeyPage,
  KeysOptions,
  PutOptions,
  ReadOptions,
  ReadOutcome,
  Store,
  Watch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  WriteOutcome,
} from "../store.ts";
import { pageOfKeys } from "./key-pages.ts";
import { checkKey, readKey, type Write, writeKey } from "./operations.ts";
import type { Replica } from "./replica.ts";

const BATCH_OPERATIONS_MAX = 10_000;

/** What the keyspaces need of the driver. */
export interface KeyspaceHost {
  /** Throws `NOT_READY`, `SHUTTING_DOWN`. */
  replica(): Replica;
  now(): number;
  /** Does something to the machine, then carries out what it wants. */
  step<T>(run: (now: number) => T): T;
  /** Waits for the acknowledgements that were asked for. */
  acknowledged(outcome: WriteOutcome, options: WriteOptions): Promise<WriteOutcome>;
  catchUp(dots: readonly Dot[], waitMs: number): Promise<void>;
  status(): Promise<ClusterStatus>;
}

export class Keyspace implements Store {
  readonly #host: KeyspaceHost;
  readonly #space: SpaceId;

  constructor(host: KeyspaceHost, space: SpaceId) {
    this.#host = host;
    this.#space = space;
  }

  async get(key: Key, options: ReadOptions = {}): Promise<ReadOutcome> {
    if (options.consistency === "quorum") await this.#readQuorum(key);
    return readKey(this.#host.replica(), this.#space, key, this.#host.now());
  }

  put(key: Key, value: Uint8Array, options: PutOptions = {}): Promise<WriteOutcome> {
    return this.#write(key, { value, options });
  }

  delete(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    return this.#write(key, { options });
  }

  async batch(operations: readonly BatchOperation[], options: WriteOptions = {}): Promise<readonly BatchResult[]> {
    if (operations.length > BATCH_OPERATIONS_MAX) {
      throw new AtollError("BATCH_TOO_LARGE", `a batch has at most ${BATCH_OPERATIONS_MAX} operations`);
    }
    // All are carried out before the first is awaited: the writes of one batch go out together.
    return Promise.all(operations.map((operation) => this.#operate(operation, options)));
  }

  async keys(options: KeysOptions): Promise<KeyPage> {
    return pageOfKeys(this.#host.replica(), this.#space, options, this.#host.now());
  }

  watch(options: WatchOptions, listener: (event: WatchEvent) => void): Watch {
    const changes = this.#host.replica().changesOf(this.#space);
    return this.#host.step((now) => changes.watch(options, listener, now));
  }

  catchUp(dots: readonly Dot[], waitMs: number): Promise<void> {
    return this.#host.catchUp(dots, waitMs);
  }

  status(): Promise<ClusterStatus> {
    return this.#host.status();
  }

  async #write(key: Key, write: Write): Promise<WriteOutcome> {
    const replica = this.#host.replica();
    const outcome = this.#host.step((now) => writeKey(replica, this.#space, key, write, now));
    return this.#host.acknowledged(outcome, write.options);
  }

  async #operate(operation: BatchOperation, options: WriteOptions): Promise<BatchResult> {
    try {
      if (operation.type === "get") return { type: "get", ...(await this.get(operation.key)) };
      if (operation.type === "delete") return { type: "delete", ...(await this.delete(operation.key, options)) };
      const { key, value, ttlMs, contentType } = operation;
      const more = { ...(ttlMs === undefined ? {} : { ttlMs }), ...(contentType === undefined ? {} : { contentType }) };
      return { type: "put", ...(await this.put(key, value, { ...options, ...more })) };
    } catch (error) {
      const { code, message } = toAtollError(error);
      return { type: "error", code, message };
    }
  }

  async #readQuorum(key: Key): Promise<void> {
    const replica = this.#host.replica();
    checkKey(replica, key);
    const isReached = await new Promise<boolean>((resolve) => {
      this.#host.step((now) => {
        const answer = (reached: boolean) => replica.outbox.answers.push(() => resolve(reached));
        replica.quorumReads.begin(replica.shardOfKey(key, this.#space).id, key, now, answer);
      });
    });
    if (!isReached) throw new AtollError("QUORUM_UNREACHABLE", "no majority of the replicas answered in time");
  }
}
