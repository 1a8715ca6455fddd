/**
 * What commands may do with hashes, sets, sorted sets and lists, as with the keys of `workspace.ts`. Where replicas that
 * could not see each other wrote several kinds under one key, it shows a string before any collection, and of these the first in
 * the order of `types/collection-type.ts`.
 */

import type { Key } from "../../base/ids.ts";
import type { PackedItems } from "../../base/packed-items.ts";
import type { Amount } from "../../core/record/amount.ts";
import type { CollectionType } from "../../store.ts";
import type { ListEnd } from "../../types/list.ts";
import type { Snapshot } from "../../types/snapshot.ts";

/** Collections whose members may be numbers that are added to. */
export type CountedType = "hash" | "zset";

/** Valid until something is written. */
export interface Member {
  /** Bytes, as latin1 text. */
  readonly name: string;
  /** A view. */
  readonly value: Uint8Array;
}

/** What of a member an answer has; a score is that of a sorted set. */
export type Shown = "name" | "value" | "name-value" | "name-score";

/** Throws WRONGTYPE, a `CommandError`, where something else is under the key. */
export interface Collections {
  /** How many members there are; 0: there is no such collection. */
  count(key: Key, type: CollectionType): number;
  /** A view, as in `Member`. Undefined: there is no such member. */
  valueOf(key: Key, type: CollectionType, name: string): Uint8Array | undefined;
  /**
   * Every member from a rank on, 0 unless one is given, in an order that is the same at every replica; of a list, from head to
   * tail. Nothing may be written meanwhile.
   */
  members(key: Key, type: CollectionType, from?: number): Iterable<Member>;
  /**
   * About `count` members from a place of that order on, 0 being the first, and where it goes on; absent: that was the last. A
   * place is good at every replica, nothing is kept for it, and who goes on to the end sees every member that was there throughout.
   */
  scan(
    key: Key,
    type: CollectionType,
    place: number,
    count: number,
  ): { readonly members: readonly Member[]; readonly next?: number };
  /** What there is now, from one rank on to before another, to be read in several turns. */
  snapshot(key: Key, type: CollectionType, from?: number, to?: number): Snapshot;
  /** As `snapshot`, of so many members by chance, each one at most once. */
  picked(key: Key, type: CollectionType, count: number, random: () => number): Snapshot;
  /** As `snapshot`, of a turn's share of so many by chance, each as likely as any other every time, however few there are. */
  drawn(key: Key, type: CollectionType, count: number, random: () => number): Snapshot;
  /** Packs a turn's share of what is left of a snapshot, for which it takes room (C1), or another does. False: that was the last. */
  packNext(snapshot: Snapshot, shown: Shown, into: PackedItems, takeRoom?: (bytes: number) => void): boolean;
  /** Names of a turn's share of what is left of a snapshot, where each is then looked for in `looks` others. Undefined: nothing is left. */
  namesOf(snapshot: Snapshot, looks?: number): readonly string[] | undefined;
  /** A turn's share of those that hold a value. Undefined: nothing is left. */
  slotsWith(snapshot: Snapshot, value: Uint8Array): readonly number[] | undefined;
  /** As `slotsWith`, of a list: names, and places among all that were there, from 0 on. */
  placesWith(
    snapshot: Snapshot,
    value: Uint8Array,
  ): readonly { readonly name: string; readonly place: number }[] | undefined;
  /** Removes a turn's share of what is left of a snapshot of what is under a key. Returns how many those are; undefined: nothing is left. */
  removeNext(key: Key, snapshot: Snapshot): number | undefined;
  /** Whether there is a member of a name; good until something is written. */
  membership(key: Key, type: CollectionType): (name: string) => boolean;
  /** The member at a rank, from 0 on, in that order. */
  at(key: Key, type: CollectionType, rank: number): Member | undefined;
  /** Writes a member, which expires at `expiresAt`, unix ms, or with the whole. The first begins the collection. */
  put(key: Key, type: CollectionType, name: string, value: Uint8Array, expiresAt?: number): void;
  /**
   * Adds to the number that a member is, 0 where there is none, which keeps its end. It is one, and is read before (C1). Of a sorted set
   * that is its score.
   */
  add(key: Key, type: CountedType, name: string, by: Amount): void;
  /** False: there was no such member. */
  remove(key: Key, type: CollectionType, name: string): boolean;
  /** The name for what is pushed to a list now. */
  placeAtEnd(key: Key, end: ListEnd): string;
  /** The name for what is inserted into a list now, next to an element; others may be moved for it (C1). Throws a `CommandError` where there is no place any more. */
  placeNextTo(key: Key, name: string, side: "before" | "after"): string;
  /** When a member expires by itself, unix ms; `Infinity`: it does not. Undefined: there is no such member. */
  memberExpiresAt(key: Key, type: CollectionType, name: string): number | undefined;
}
