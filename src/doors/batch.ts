/** Batches, the same at every door that takes messages: operations in, results out, in order. */

import { AtollError, toAtollError } from "../base/errors.ts";
import type {
  BatchOperation,
  BatchOptions,
  BatchResult,
  Dot,
  Entry,
  InvalidateOutcome,
  ReadOutcome,
  Room,
  Store,
  WriteOutcome,
} from "../store.ts";
import { SHORT_VALUE_BYTES_MAX } from "../store.ts";
import { authorise, type Principal } from "./auth.ts";
import { checkFields, type FieldReader, type Message } from "./fields.ts";
import { isObject } from "./json.ts";
import type { Encoding, Notation } from "./notation.ts";

export interface Batch {
  readonly operations: readonly BatchOperation[];
  /** How each operation's bytes were written, and its answer's are to be. */
  readonly encodings: readonly (Encoding | undefined)[];
}

/**
 * The operations of a message. The whole batch is refused when one of them is malformed: nothing was carried out. The
 * error says which, counted from 0 like the results.
 */
export function readBatch(reader: FieldReader, message: Message): Batch {
  const list = message.operations;
  if (!Array.isArray(list)) throw new AtollError("BAD_REQUEST", "operations must be a list");
  const most = reader.limits.batchOperationsMax;
  if (list.length > most) throw new AtollError("BATCH_TOO_LARGE", `a batch has at most ${most} operations`);
  const operations: BatchOperation[] = [];
  const encodings: (Encoding | undefined)[] = [];
  try {
    for (const item of list as readonly unknown[]) {
      if (!isObject(item)) throw new AtollError("BAD_REQUEST", "an operation is an object");
      encodings.push(reader.encoding(item));
      operations.push(readOperation(reader, item));
    }
  } catch (error) {
    throw atOperation(operations.length, error);
  }
  return { operations, encodings };
}

/** Throws `FORBIDDEN` unless `who` may carry out every operation. */
export function authoriseBatch(who: Principal, batch: Batch): void {
  for (const [place, operation] of batch.operations.entries()) {
    try {
      authorise(who, operation.type === "get" ? "read" : "write", operation.key);
    } catch (error) {
      throw atOperation(place, error);
    }
  }
}

function atOperation(place: number, thrown: unknown): AtollError {
  const error = toAtollError(thrown);
  return new AtollError(error.code, `operation ${place}: ${error.message}`, { cause: error.cause ?? error });
}

/** Gets handed to the store at once: of short values it returns copies, whose sizes are known only then. */
const READS_AT_ONCE = 16;

/**
 * Carries out a batch in order. Of reads that come to more than `readBytesMax`, but for the first long value, or for which there
 * is no room, each is answered with `BATCH_TOO_LARGE` or `MEMORY_FULL`; writes go on.
 */
export async function carryOut(
  store: Store,
  batch: Batch,
  options: BatchOptions & { readonly readBytesMax: number; readonly room: Room },
): Promise<readonly BatchResult[]> {
  const { readBytesMax, ...others } = options;
  const budget = new ReadBudget(readBytesMax, options.room);
  const storeOptions = { ...others, room: budget.room };
  const results: BatchResult[] = [];
  let slice: BatchOperation[] = [];
  let reads = 0;
  let refusal: BatchResult | undefined;
  const flush = async (): Promise<void> => {
    if (slice.length === 0) return;
    for (const result of await store.batch(slice, storeOptions)) {
      if (result.type === "get") budget.hasRead(result.entry?.value.length ?? 0);
      results.push(result);
    }
    slice = [];
    reads = 0;
  };
  for (const operation of batch.operations) {
    if (operation.type === "get") {
      if (reads === READS_AT_ONCE) await flush();
      if (reads === 0) refusal ??= await budget.refusal();
      if (refusal !== undefined) {
        await flush();
        results.push(refusal);
        continue;
      }
      reads++;
    }
    slice.push(operation);
  }
  await flush();
  return results;
}

/** What one batch may read. Short values take room together, once they have come to be long. */
class ReadBudget {
  readonly #bytesMax: number;
  readonly #room: Room;
  #bytes = 0;
  #shortBytes = 0;
  /** What short values may come to without more room. */
  #shortBytesMax = SHORT_VALUE_BYTES_MAX;

  constructor(bytesMax: number, room: Room) {
    this.#bytesMax = bytesMax;
    this.#room = room;
  }

  /** For a long value. Throws `BATCH_TOO_LARGE`, and what the room of the batch throws. */
  readonly room: Room = (bytes) => {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) throw this.#tooLarge();
    this.#bytes += bytes;
    return this.#room(bytes);
  };

  hasRead(bytes: number): void {
    if (bytes > SHORT_VALUE_BYTES_MAX) return;
    this.#bytes += bytes;
    this.#shortBytes += bytes;
  }

  /** What further reads are answered with; undefined: they may begin. */
  async refusal(): Promise<BatchResult | undefined> {
    try {
      if (this.#bytes > this.#bytesMax) throw this.#tooLarge();
      while (this.#shortBytes > this.#shortBytesMax) {
        const more = READS_AT_ONCE * SHORT_VALUE_BYTES_MAX;
        await this.#room(more);
        this.#shortBytesMax += more;
      }
      return undefined;
    } catch (error) {
      const { code, message } = toAtollError(error);
      return { type: "error", code, message };
    }
  }

  #tooLarge(): AtollError {
    return new AtollError("BATCH_TOO_LARGE", `a batch reads at most ${this.#bytesMax} bytes`);
  }
}

const KEY_FIELDS: ReadonlySet<string> = new Set(["type", "key", "encoding"]);
const PUT_FIELDS: ReadonlySet<string> = new Set([...KEY_FIELDS, "value", "ttlMs", "contentType", "tags"]);

function readOperation(reader: FieldReader, item: Message): BatchOperation {
  const type = reader.text(item, "type");
  if (type !== "put" && type !== "get" && type !== "delete") {
    throw new AtollError("UNKNOWN_OPERATION", "type is put, get or delete");
  }
  checkFields(item, type === "put" ? PUT_FIELDS : KEY_FIELDS);
  if (type !== "put") return { type, key: reader.key(item) };
  const ttlMs = reader.ttlMs(item);
  const contentType = reader.contentType(item);
  const tags = reader.tags(item);
  return {
    type,
    key: reader.key(item),
    value: reader.value(item),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** One result as a message. */
export function formatResult(notation: Notation, result: BatchResult, encoding: Encoding | undefined): Message {
  switch (result.type) {
    case "put":
    case "delete":
      return { type: result.type, ok: true, ...formatWrite(result) };
    case "get":
      return { type: "get", ok: true, ...formatRead(notation, result, encoding) };
    case "error":
      return { ok: false, code: result.code, message: result.message };
  }
}

export function formatInvalidation({ version, acks }: InvalidateOutcome): Message {
  return { version, acks };
}

export function formatWrite(outcome: WriteOutcome): Message {
  return { version: outcome.version, existed: outcome.existed, acks: outcome.acks };
}

export function formatRead(notation: Notation, outcome: ReadOutcome, encoding: Encoding | undefined): Message {
  const { entry } = outcome;
  if (entry === undefined) return { found: false, value: null };
  return { found: true, ...notation.carry({ value: entry.value, tags: entry.tags }, encoding), ...formatEntry(entry) };
}

/** What is known of an entry beside what a notation carries. */
export function formatEntry(entry: Entry): Message {
  const fields: Record<string, unknown> = { version: entry.version };
  if (entry.contentType !== undefined) fields.contentType = entry.contentType;
  if (entry.expiresAt !== undefined) fields.expiresAt = entry.expiresAt;
  return fields;
}

/** The dots that results have shown, newest last operation first. */
export function dotsOf(results: readonly BatchResult[]): readonly Dot[] {
  const dots: Dot[] = [];
  for (const result of results) {
    if (result.type === "get") dots.push(...dotsOfRead(result).toReversed());
    else if (result.type !== "error") dots.push(result.dot);
  }
  return dots.reverse();
}

const NO_DOTS: readonly Dot[] = [];

/** The dots that a read has shown: of what is held, of what that is stale by, and of what else it consists. */
export function dotsOfRead({ dot, staleBy, beside = NO_DOTS }: ReadOutcome): readonly Dot[] {
  if (dot === undefined) return beside;
  return staleBy === undefined ? [dot, ...beside] : [dot, staleBy, ...beside];
}
