/** What commands may do with sorted sets, beside what they may with any collection (`collections.ts`). */

import type { Key } from "../../base/ids.ts";
import type { Snapshot } from "../../types/snapshot.ts";

export interface ScoredMember {
  /** Bytes, as latin1 text. */
  readonly name: string;
  readonly score: number;
}

/** Members in the order of their scores, those of one score in that of their names, as bytes. Ranks count from 0 on. */
export interface SortedSet {
  readonly size: number;
  scoreOf(name: string): number | undefined;
  rankOf(name: string): number | undefined;
  /** How many have lesser scores; where `isThrough`, that very score as well. */
  countBelow(score: number, isThrough: boolean): number;
  /** How many have names before one, where `isThrough` that very name as well; all have the same score. */
  countBefore(name: Uint8Array, isThrough: boolean): number;
  /** From one rank on to before another, upwards. Nothing may be written meanwhile. */
  between(from: number, to: number): Iterable<ScoredMember>;
  /** From one rank on to before another, upwards or downwards, to be read in several turns. */
  snapshot(from: number, to: number, isReversed: boolean): Snapshot;
}

export interface SortedSets {
  /** What is under a key, whatever is written meanwhile; of no key it is empty. Throws WRONGTYPE, a `CommandError`. */
  at(key: Key): SortedSet;
  /** Throws as `at`. */
  put(key: Key, name: string, score: number): void;
  /** Adds to the score of a member, 0 where there is none; it was read before (C1). The score that it has then. Throws as `at`. */
  add(key: Key, name: string, by: number): number;
  /** False: there was no such member. Throws as `at`. */
  remove(key: Key, name: string): boolean;
  /**
   * A turn's share of what is left of a snapshot, of a sorted set or of a set, whose scores are all 1, where each is then looked for
   * in `looks` others. Undefined: nothing is left.
   */
  membersOf(snapshot: Snapshot, looks: number): readonly ScoredMember[] | undefined;
  /** Every member, and nothing of another type that replicas may have put under the key at the same time. */
  clear(key: Key): void;
}
