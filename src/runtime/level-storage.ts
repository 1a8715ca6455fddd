/**
 * `Storage` on LevelDB. Every write is one synced batch.
 *
 * Two habits of LevelDB are cured here. After an append that failed (a full disk), it goes on behind the torn record,
 * acknowledges, and loses all of that at the next open: so the first failed write closes the database, and nothing is
 * acknowledged until it has been opened again from what is really on disk. And it creates a new database over one whose
 * CURRENT is lost: see `level-open.ts`.
 *
 * 1. `#database` is set exactly while the database is open and its last write succeeded.
 * 2. A database opened again in mid-life is taken as it is or not at all; repair and setting aside lose entries, which
 *    only the caller of `open` can be told.
 */

import { assert } from "../base/assert.ts";
import { AtollError } from "../base/errors.ts";
import type { KeyRange, Log, Storage, StorageCondition, StorageEntry, StorageOperation } from "../replica/ports.ts";
import {
  bytesIn,
  type Database,
  databaseFolder,
  isDamage,
  isOutOfSpace,
  type MetFile,
  openOrRepair,
  reasonOf,
  reopenDatabase,
} from "./level-open.ts";
import { readLatest } from "./level-order.ts";

/** Larger chunks keep more young buffers alive and are slower (measured: 1,000 to 2,000 is the flat top). */
const CHUNK_ENTRIES = 1000;
const CHUNK_BYTES = 1024 * 1024;

/** Of what was written last and is in the log: LevelDB fills one while it writes another to a table. */
const BUFFER_BYTES_MAX = 8 * 1024 * 1024;
const BUFFERS = 16;

/** Operations whose values are longer than this on average are handed over as an array. */
const LONG_BYTES = 2048;

const REOPEN_DELAY_MS = 50;
const REOPEN_DELAY_MS_MAX = 2000;

export class LevelStorage implements Storage {
  readonly durable = true;
  readonly #folder: string;
  readonly #log: Log;
  readonly #bufferBytes: number;
  /** Tables by name. */
  readonly #tables = new Map<string, MetFile>();
  #database: Database | undefined;
  #open = false;
  /** The write under way. */
  #writing: Promise<void> | undefined;
  /** LevelDB met damage while reading: the next `open` repairs first. */
  #suspect = false;
  /** Why the database is closed in mid-life, and when (on the monotonic clock) to try again. */
  #failure = "closed";
  #reopenAt = 0;
  #reopenDelayMs = REOPEN_DELAY_MS;

  /**
   * `folder` is the data folder; the database is its subfolder `db`, other files may live beside that. `bytesMax`: what it is to
   * take up, for what LevelDB keeps besides to be little of that.
   */
  constructor(options: { readonly folder: string; readonly log: Log; readonly bytesMax?: number }) {
    this.#folder = options.folder;
    this.#log = options.log;
    this.#bufferBytes = Math.min(BUFFER_BYTES_MAX, (options.bytesMax ?? Infinity) / BUFFERS);
  }

  /** Throws `DATA_LOCKED`, `DATA_UNREADABLE`, and `DISK_FAILED` where the disk is full or fails. */
  async open(): Promise<StorageCondition> {
    assert(!this.#open, "storage opened twice");
    const { database, condition } = await openOrRepair(this.#folder, this.#log, {
      suspect: this.#suspect,
      bufferBytes: this.#bufferBytes,
    });
    this.#database = database;
    this.#open = true;
    this.#suspect = false;
    return condition;
  }

  /**
   * The range as it was when the iteration began. Keys and values are copies, the caller's to keep. Throws
   * `DISK_FAILED` while the database is closed after a failed write, and where a table is damaged: then `close` and
   * `open` repair it.
   */
  async *entries(range: KeyRange): AsyncIterable<readonly StorageEntry[]> {
    if (this.#database === undefined) throw this.#closedError();
    const iterator = this.#database.iterator({
      gte: range.from,
      lt: range.to,
      fillCache: false,
      highWaterMarkBytes: CHUNK_BYTES,
    });
    // One chunk is read, on another thread, while the one before is handled.
    let reading: Promise<[Uint8Array, Uint8Array][]> = Promise.resolve([]);
    const readOn = () => {
      reading = iterator.nextv(CHUNK_ENTRIES);
      reading.catch(() => undefined);
    };
    try {
      readOn();
      for (let chunk = await reading; chunk.length > 0; chunk = await reading) {
        readOn();
        yield chunk.map(toEntry);
      }
    } catch (error) {
      throw this.#readError(error);
    } finally {
      await iterator.close();
    }
  }

  /** Throws `DISK_FAILED` as `entries` does. */
  async read(key: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#database === undefined) throw this.#closedError();
    try {
      return await readLatest(this.#database, key);
    } catch (error) {
      throw this.#readError(error);
    }
  }

  /** Of all files of the database. */
  async size(): Promise<number> {
    try {
      return await bytesIn(databaseFolder(this.#folder), this.#tables);
    } catch (error) {
      throw this.#readError(error);
    }
  }

  /** Has LevelDB rewrite its tables of the range, on another thread; closing waits for that. */
  async compact({ from, to }: KeyRange): Promise<void> {
    if (this.#database === undefined) throw this.#closedError();
    try {
      await this.#database.compactRange(from, to);
    } catch (error) {
      throw this.#readError(error);
    }
  }

  /**
   * Throws `DISK_FAILED`, `DISK_FULL`: then the operations are on disk whole or not at all, and the caller must issue them
   * again before, or with, any that build on them.
   */
  async write(operations: readonly StorageOperation[]): Promise<void> {
    assert(this.#writing === undefined, "storage writes one batch at a time");
    this.#writing = this.#write(operations);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  /** Waits for the write under way. `open` may follow. */
  async close(): Promise<void> {
    this.#open = false;
    await this.#writing?.catch(() => undefined);
    this.#failure = "closed";
    await this.#closeDatabase();
  }

  async #write(operations: readonly StorageOperation[]): Promise<void> {
    const database = this.#database ?? (await this.#reopen());
    try {
      if (areLong(operations)) await database.batch(operations.map(toBatchOperation), { sync: true });
      else await chainedBatch(database, operations).write({ sync: true });
    } catch (error) {
      throw await this.#recover(error);
    }
  }

  /** Closes the database behind a failed write and tries once to open it again; the error is for the caller. */
  async #recover(error: unknown): Promise<AtollError> {
    const reason = reasonOf(error);
    this.#log("error", "storage-write-failed", { folder: this.#folder, reason });
    if (isDamage(error)) this.#suspect = true;
    this.#failure = reason;
    await this.#closeDatabase();
    await this.#reopen().catch(() => undefined);
    return new AtollError(codeOf(reason), `cannot write to ${this.#folder}: ${reason}`, { cause: error });
  }

  /** Opens the database again once its time has come. Throws `DISK_FAILED`. */
  async #reopen(): Promise<Database> {
    if (!this.#open || performance.now() < this.#reopenAt) throw this.#closedError();
    try {
      this.#database = await reopenDatabase(this.#folder, this.#bufferBytes);
      this.#reopenDelayMs = REOPEN_DELAY_MS;
      this.#log("warn", "storage-reopened", { folder: this.#folder });
      return this.#database;
    } catch (error) {
      this.#failure = isDamage(error) ? `damaged, a restart repairs it: ${reasonOf(error)}` : reasonOf(error);
      this.#reopenAt = performance.now() + this.#reopenDelayMs;
      this.#reopenDelayMs = Math.min(this.#reopenDelayMs * 2, REOPEN_DELAY_MS_MAX);
      throw this.#closedError(error);
    }
  }

  async #closeDatabase(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  #readError(error: unknown): AtollError {
    if (this.#database === undefined) return this.#closedError(error);
    if (isDamage(error)) this.#suspect = true;
    return new AtollError("DISK_FAILED", `cannot read ${this.#folder}: ${reasonOf(error)}`, { cause: error });
  }

  #closedError(cause?: unknown): AtollError {
    const message = `the database in ${this.#folder} is closed: ${this.#failure}`;
    return new AtollError(codeOf(this.#failure), message, { cause });
  }
}

function codeOf(reason: string): "DISK_FULL" | "DISK_FAILED" {
  return isOutOfSpace(reason) ? "DISK_FULL" : "DISK_FAILED";
}

/**
 * A chained batch costs 0.7 µs an operation on this thread, an array of operations 9 µs. But the copy that LevelDB makes of a
 * chained one goes when V8 comes to collect the batch, which it takes for small.
 */
function areLong(operations: readonly StorageOperation[]): boolean {
  let bytes = 0;
  for (const { value } of operations) bytes += value?.length ?? 0;
  return bytes > operations.length * LONG_BYTES;
}

function chainedBatch(database: Database, operations: readonly StorageOperation[]) {
  const batch = database.batch();
  for (const operation of operations) {
    if (operation.type === "delete") batch.del(operation.key);
    else batch.put(operation.key, bytesOf(operation));
  }
  return batch;
}

function toBatchOperation(operation: StorageOperation): BatchOperation {
  const { type, key } = operation;
  return type === "delete" ? { type: "del", key } : { type, key, value: bytesOf(operation) };
}

type BatchOperation =
  | { readonly type: "del"; readonly key: Uint8Array }
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array };

function bytesOf({ value }: StorageOperation): Uint8Array {
  assert(value !== undefined, "a put without a value");
  return value;
}

function toEntry(pair: [Uint8Array, Uint8Array]): StorageEntry {
  return { key: pair[0], value: pair[1] };
}
