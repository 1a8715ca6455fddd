/** What clients saw: each operation with its invocation and its answer, or the lack of one. The checkers' evidence. */

import type { Key } from "../../src/base/ids.ts";
import type { Dot, Version } from "../../src/store.ts";
import type { Operation } from "./operation.ts";

/** One key of a write that was answered. */
export interface WrittenPart {
  readonly key: Key;
  readonly isDelete: boolean;
  readonly version: Version;
  readonly dot: Dot;
  readonly isAckMet: boolean;
  /** Replicas that had it when it was answered, its own included. */
  readonly reached: number;
  readonly ttlMs: number | undefined;
}

/** What a read saw. */
export interface ReadPart {
  readonly key: Key;
  /** Absent: nothing was there. */
  readonly version: Version | undefined;
  /** Who wrote what was there; undefined with a version: bytes that nobody wrote. */
  readonly author: { readonly id: number; readonly part: number } | undefined;
  readonly expiresAt: number | undefined;
  /** What was read, also of a tombstone; undefined where nothing was known of the key. */
  readonly dot: Dot | undefined;
  /** Of the invalidation that what was read is stale by. */
  readonly staleBy?: Dot;
}

/** What a listing returned. */
export interface ListedAnswer {
  readonly type: "listed";
  readonly keys: readonly Key[];
  /** Keys that were there throughout, at every replica that was asked. */
  readonly throughout: readonly Key[];
}

/** What has to be there for a compare and set to be carried out. */
export interface Expected {
  /** Undefined: nothing. */
  readonly version: Version | undefined;
  /** It was read just before, at the same replica. */
  readonly isFresh: boolean;
}

export type Answer =
  | { readonly type: "written"; readonly parts: readonly WrittenPart[] }
  | { readonly type: "read"; readonly read: ReadPart }
  | ListedAnswer
  /** Certainly not carried out: a condition that did not hold, a replica that was not there. */
  | { readonly type: "refused"; readonly code: string }
  /** May have been carried out, whole or in part. */
  | { readonly type: "failed"; readonly code: string };

export interface HistoryEntry {
  readonly operation: Operation;
  /** Who took it: a client of a session goes elsewhere when the node of its operation is not there. */
  readonly node: number;
  /** Of a session: what its token still named when the operation was sent. */
  readonly carried?: readonly Dot[];
  /** Of an update, once it is known. */
  expected?: Expected;
  /** Of a keyspace that some keep: whoever took it answered for its keys alone, from when it was asked to when it answered. */
  isAlone?: boolean;
  /** It is none of a client: the replica itself removed a value for want of room. */
  readonly isEviction?: true;
  /** Which life of the node took it; 0 when none ran. */
  readonly life: number;
  readonly invokedAt: number;
  /** Unix ms by the node's own clock. */
  readonly invokedWallMs: number;
  answeredAt: number | undefined;
  answeredWallMs: number | undefined;
  /** Undefined: never answered, so nobody knows. */
  answer: Answer | undefined;
}

export type History = readonly HistoryEntry[];

/** True when the write may have happened: answered as such, failed half-way, or never answered. */
export function mayHaveHappened(entry: HistoryEntry): boolean {
  const type = entry.answer?.type;
  return type !== "refused" && type !== "read" && type !== "listed";
}

export interface Acknowledged {
  readonly entry: HistoryEntry;
  readonly part: WrittenPart;
  /** Place in the operation. */
  readonly index: number;
}

/** Every key written by an operation that was answered. */
export function acknowledgedParts(history: History): readonly Acknowledged[] {
  const acknowledged: Acknowledged[] = [];
  for (const entry of history) {
    if (entry.answer?.type !== "written") continue;
    const { parts } = entry.answer;
    for (let index = 0; index < parts.length; index++) {
      acknowledged.push({ entry, part: parts[index] as WrittenPart, index });
    }
  }
  return acknowledged;
}
