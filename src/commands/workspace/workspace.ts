/**
 * What commands may do with the keys of one keyspace, at one replica and one instant. A command runs from its beginning to its
 * end without anything in between; so it is atomic.
 *
 *  C1. A command reads what it needs before it writes: where something has to be waited for, which reading tells by throwing,
 *      it begins again, and must not have written yet.
 *  C2. What is here has neither been deleted nor expired at `now`, and is not stale.
 */

import type { Key } from "../../base/ids.ts";
import type { Amount } from "../../core/record/amount.ts";
import type { CollectionType } from "../../store.ts";
import type { Collections } from "./collections.ts";
import type { SortedSets } from "./sorted-set-access.ts";

/** In the words of Redis's `TYPE`. */
export type KeyType = "string" | CollectionType;

/** Where a listing goes on: nothing is kept for it between two pages. */
export interface ScanPlace {
  readonly shard: number;
  readonly order: number;
  /** Among the keys of one order. */
  readonly rank: number;
}

export interface Workspace {
  /** Unix ms, by the corrected clock; may have a fraction. */
  readonly now: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly collections: Collections;
  readonly sortedSets: SortedSets;

  /** Of what a key shows where several are under it (`collections.ts`): the rest is told of the same. */
  typeOf(key: Key): KeyType | undefined;
  /** Differs once the key was written, deleted, or has expired. */
  versionOf(key: Key): string;
  /** Unix ms; `Infinity`: it does not expire. Undefined: there is no such key. */
  expiresAt(key: Key): number | undefined;
  /** Gives a key another end, the value unchanged; `Infinity`: none. At once where that has passed. False: there is no such key. */
  setExpiresAt(key: Key, expiresAt: number): boolean;
  /** Whatever is under the key. False: there was no such key. */
  remove(key: Key): boolean;
  /** Gives what a key shows, its end included, to another key in place of what is there, and takes it from the first unless it is kept. Both there or not. */
  move(from: Key, to: Key, isKept: boolean): boolean;
  /** As `move`, of a collection: in steps, a turn of each. Undefined: there is none. */
  moving(from: Key, to: Key, isKept: boolean): Generator<void, void> | undefined;
  /** Bytes that a key takes of memory, about; undefined: there is no such key. */
  bytesOf(key: Key): number | undefined;
  /** Counts as a use of the key. False: there is no such key. */
  touch(key: Key): boolean;
  /** A 32-bit number by chance. */
  random(): number;
  /** Its value is in memory. */
  isResident(key: Key): boolean;

  /** A view, valid until something is written. Undefined: there is no such key. Throws `CommandError` for another type (C1). */
  stringAt(key: Key): Uint8Array | undefined;
  /** Of the string under a key, without reading it. Throws as `stringAt`. */
  stringLength(key: Key): number | undefined;
  /**
   * Before a command begins. One that may remove before it puts looks for room once, for all that it puts: what it has removed
   * would be lost otherwise. Throws `MEMORY_FULL`, `DISK_FULL`. Of any other command each value is refused by itself.
   * `isFound`: there was room for all, when it had its first turn.
   */
  expectRoom(isForAll: boolean, isFound?: boolean): void;
  /** Replaces whatever was there. It expires at `expiresAt`, unix ms, or never. */
  writeString(key: Key, value: Uint8Array, expiresAt?: number): void;

  /** Adds to the number under a key, 0 where there is none, which keeps its end. It is one, and is read before (C1). */
  add(key: Key, by: Amount): void;

  /** A copy for the client, which has room for it (C1). */
  copyOf(bytes: Uint8Array): Uint8Array;
  /** Room for so much more of an answer, which is not copied from anywhere, or of what is gathered for it (C1). */
  takeRoom(bytes: number): void;
  /**
   * What is about to be removed is answered, as a list of so many items of so many bytes, and there is room for them. Throws
   * `VALUE_TOO_LARGE` where it cannot be passed on to the client.
   */
  expectAnswer(items: number, bytes: number): void;
  /**
   * So many bytes are about to be gone through, one by one. Throws `CommandError` where that is too much for commands that run
   * as one.
   */
  goThrough(bytes: number): void;

  /** As `goThrough`, of so many members of a collection. */
  lookAt(members: number): void;

  /**
   * Live keys that begin with `prefix`, about `count` of them; absent `next`: there are no more. Throws `CommandError` where
   * commands that run as one look at too many.
   */
  scan(
    place: ScanPlace,
    options: { readonly prefix: string; readonly count: number },
  ): {
    readonly keys: readonly Key[];
    readonly next?: ScanPlace;
  };
  /** Throws as `scan` where that would throw before it has come to the last key. */
  expectWhole(): void;
  randomKey(): Key | undefined;
  /** Of many collections, each of those under one key counts: they are not gone through in one turn. */
  keyCount(): number;
  /** In steps, a turn of each, where there are many collections; undefined: `keyCount` tells. */
  keyCounting(): Generator<void, number> | undefined;
}

/** Before the first key. */
export const SCAN_START: ScanPlace = { shard: 0, order: 0, rank: 0 };
