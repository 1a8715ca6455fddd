/** What clients do, as data: like faults, a list of operations can be printed, cut down and replayed. */

import type { Key } from "../../src/base/ids.ts";
import type { AckLevel } from "../../src/store.ts";

export type OperationType =
  | "put"
  | "delete"
  /** A put on condition that nothing is there. */
  | "put-absent"
  /** Puts on condition that a version that was shown before is still there (compare and set). */
  | "update"
  | "get"
  /** Puts or deletes several keys in one call. */
  | "batch"
  /** Invalidates a tag: as good as a deletion of `key` and `alsoKeys`, which are all that carry it. */
  | "invalidate"
  /** Lists the keys that begin with `key`, page by page. */
  | "keys";

/** What a value begins with, which names its author, is shorter. */
const NAME_BYTES_MAX = 32;

/** How keys are listed. */
export interface Listing {
  /** Keys of a page at most. */
  readonly limit: number;
  readonly gapMs: number;
  /** Who is asked for each page in turn, over and over; who is not there is passed over. */
  readonly nodes: readonly number[];
}

export interface Operation {
  /** Unique in a plan; the value that is written names it. */
  readonly id: number;
  readonly at: number;
  readonly node: number;
  readonly type: OperationType;
  /** Of a listing: what the keys begin with; empty for all. */
  readonly key: Key;
  readonly ack: AckLevel;
  readonly ttlMs?: number;
  /** Length of the value, at least 12 bytes. */
  readonly valueBytes: number;
  /** Of a batch: the keys beyond `key`. */
  readonly alsoKeys?: readonly Key[];
  /** Of a batch: those of its keys that it deletes; those at odd places unless told. */
  readonly deletedKeys?: readonly Key[];
  /** Of a put. */
  readonly tags?: readonly string[];
  /** Of an invalidation. */
  readonly tag?: string;
  /** Of a read: asks a majority. */
  readonly consistency?: "quorum";
  readonly listing?: Listing;
  /** Of an update: the operation whose answer showed the version. Absent, or shown nothing: what is there just before. */
  readonly expects?: Operation["id"];
  /** Names the client that does this as part of its session: one thing after the other, wherever it is. */
  readonly session?: number;
}

export function isWrite(type: OperationType): boolean {
  return type !== "get" && type !== "keys";
}

/** The keys that an operation reads or writes, with what happens to each that is written. */
export function partsOf(operation: Operation): readonly { readonly key: Key; readonly isDelete: boolean }[] {
  const { type, key, alsoKeys, deletedKeys } = operation;
  if (type === "keys") return [];
  const isRemoval = type === "delete" || type === "invalidate";
  const isDeleted = (each: Key, i: number): boolean => deletedKeys?.includes(each) ?? i % 2 === 1;
  const first = { key, isDelete: isRemoval || (deletedKeys !== undefined && isDeleted(key, 0)) };
  if (alsoKeys === undefined) return [first];
  return [first, ...alsoKeys.map((also, i) => ({ key: also, isDelete: isRemoval || isDeleted(also, i + 1) }))];
}

/** Every key that operations read or write, in the order in which they come up. */
export function keysOf(operations: readonly Operation[]): Key[] {
  return [...new Set(operations.flatMap((operation) => partsOf(operation).map((part) => part.key)))];
}

/** Bytes after which a long value repeats. */
const VALUE_PERIOD = 256;

/** The value that a part of an operation writes: it begins with the operation's name, so that a reader knows its author. */
export function writtenValue(operation: Operation, part: number): Uint8Array {
  const name = `${operation.id}.${part};`;
  const bytes = new Uint8Array(Math.max(name.length, operation.valueBytes));
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
  const repeatAt = Math.min(bytes.length, name.length + VALUE_PERIOD);
  for (let i = name.length; i < repeatAt; i++) bytes[i] = (operation.id * 31 + i * 7) & 255;
  for (let i = repeatAt; i < bytes.length; i += VALUE_PERIOD) bytes.copyWithin(i, i - VALUE_PERIOD, i);
  return bytes;
}

/** Bytes of the longest value that operations write; at least as many as a value needs to name its author. */
export function longestValue(operations: readonly Operation[]): number {
  return operations.reduce((longest, { valueBytes }) => Math.max(longest, valueBytes), NAME_BYTES_MAX);
}

/** Which operation wrote a value: undefined where the bytes are not exactly those of a value of this plan. */
export function authorOf(
  value: Uint8Array,
  operationsById: ReadonlyMap<number, Operation>,
): { readonly operation: Operation; readonly part: number } | undefined {
  const end = value.indexOf(0x3b);
  const name = end === -1 ? [] : String.fromCharCode(...value.subarray(0, end)).split(".");
  const operation = operationsById.get(Number(name[0]));
  const part = Number(name[1]);
  if (operation === undefined || !Number.isInteger(part)) return undefined;
  const expected = writtenValue(operation, part);
  const isSame = Buffer.compare(expected, value) === 0;
  return isSame ? { operation, part } : undefined;
}
