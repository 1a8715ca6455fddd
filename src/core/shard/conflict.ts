/**
 * Which writes lost to a concurrent one. A write *knows* another of the same register when the life that made it had seen
 * that before, or one that knows it. Of two that do not know each other the greater stamp wins, and whoever made the other
 * is to be told. No record says what its writer had seen; but this much is certain:
 *
 *  K1. Who writes stamps above what it has seen of the register (R8). So a write knows only lesser stamps.
 *  K2. What comes for the first time (`OriginChains.arrive`) had not been seen before.
 *
 * Be x and w writes of one register and of different origins, and w the greater. By K1 x does not know w. That w does not
 * know x is certain in two cases.
 *
 *  - *x lost elsewhere*: its writer holds w when x comes for the first time, and no stamp of others that gave way
 *    there, or came too late, to what was written there is above that of x (`SurpassedStamps`). Had w known x, it would
 *    by K2 be by some v that was seen and knows x, and is above it by K1. Whatever was held when v came or since, up to
 *    the first of the writes that made w, gave way to that one if it was not v that came too late: a stamp above that of x.
 *  - *x lost here*: its writer holds x when w comes. The writer of w has told a vector that covers w, and neither that
 *    vector nor what was told beyond it has x, so by then it had not seen x. Whatever else they have is covered here, or
 *    was made by others who told the same of themselves, up to there and beyond. Had w known x, then by some v that was
 *    made by who had seen x. That is none of those; so v, or what was made of it, was taken in here. But it is above x,
 *    which is held.
 *
 * Nobody else notes anything. So no two replicas note one loss from the same side, and each notes a pair once: what came
 * once is not new again, and what was replaced is not held.
 *
 * What goes for want of room, or as stale, nobody wrote: where such a deletion was made, it is no loss. Elsewhere nobody can
 * tell it from a client's.
 *
 * Missed: where x reaches the writer of w only after somebody else overwrote that, or never, and the writer of x has no such
 * word of the others; where some v stood in between that need not have known x; what lies below a register that came
 * out of turn; what an ended life wrote. Noted all the same: what a replica knew and no longer does, as a crash took it
 * from its disk or it began anew. Two writes that say the same (`isSameContent`) are none, since nothing is lost: so is a
 * request that was tried at two owners.
 */

import type { Key, OriginId, ShardId, Timestamp } from "../../base/ids.ts";
import { KIND_PLAIN } from "../record/kind.ts";
import {
  expiresAt,
  FLAG_AWAY,
  FLAG_DEAD,
  FLAG_GONE,
  FLAG_META,
  flagsAt,
  identityEndAt,
  keyAt,
  kindAt,
  originAt,
  tagsEndAt,
  timestampAt,
  valueLengthAt,
  valueStartAt,
} from "../record/record.ts";
import type { Shard } from "./shard.ts";

export interface ConflictingWrite {
  readonly timestamp: Timestamp;
  readonly origin: OriginId;
  /** It was a deletion. */
  readonly isDead: boolean;
}

export interface Conflict {
  readonly key: Key;
  readonly loser: ConflictingWrite;
  readonly winner: ConflictingWrite;
  /** The loser was written here. */
  readonly isLostHere: boolean;
}

/** Who a shard tells of conflicts, and asks what others are known not to have seen. */
export interface ConflictListener {
  /**
   * True where the write of this dot is known not to know the one that is held in its place, which was written here under
   * the sequence `ownSequence`; false where that is not known. Asked of every write that replaces one that was made here.
   */
  isUnaware(shard: Shard, origin: OriginId, sequence: number, ownSequence: number): boolean;
  conflicted(shard: ShardId, conflict: Conflict, nowMs: number): void;
}

/** Only a value that somebody put and that somebody else replaced is lost: what containers are made of merges. */
export function canConflict(view: DataView, at: number): boolean {
  return kindAt(view, at) === KIND_PLAIN;
}

/**
 * Where neither of two writes would be missed: two deletions, or the same value of the same type and tags until the same
 * time. Of a value that is away nobody can tell: it counts as another one.
 */
export function isSameContent(a: DataView, atA: number, b: DataView, atB: number): boolean {
  const told = FLAG_DEAD | FLAG_GONE | FLAG_META | FLAG_AWAY;
  if ((flagsAt(a, atA) & told) !== (flagsAt(b, atB) & told)) return false;
  if ((flagsAt(a, atA) & FLAG_DEAD) !== 0) return true;
  // Of what has expired nobody knows the value any more.
  if ((flagsAt(a, atA) & (FLAG_GONE | FLAG_AWAY)) !== 0 || expiresAt(a, atA) !== expiresAt(b, atB)) return false;
  if (!areSameBytes(a, identityEndAt(a, atA), tagsEndAt(a, atA), b, identityEndAt(b, atB), tagsEndAt(b, atB)))
    return false;
  const [startA, startB] = [valueStartAt(a, atA), valueStartAt(b, atB)];
  return areSameBytes(a, startA, startA + valueLengthAt(a, atA), b, startB, startB + valueLengthAt(b, atB));
}

function areSameBytes(a: DataView, fromA: number, toA: number, b: DataView, fromB: number, toB: number): boolean {
  if (toA - fromA !== toB - fromB) return false;
  for (let i = fromA, j = fromB; i < toA; i++, j++) if (a.getUint8(i) !== b.getUint8(j)) return false;
  return true;
}

export function conflictAt(
  loser: { readonly view: DataView; readonly at: number },
  winner: { readonly view: DataView; readonly at: number },
  isLostHere: boolean,
): Conflict {
  const { view, at } = loser;
  return {
    key: keyAt(view, new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at),
    loser: writeAt(view, at),
    winner: writeAt(winner.view, winner.at),
    isLostHere,
  };
}

function writeAt(view: DataView, at: number): ConflictingWrite {
  return {
    timestamp: timestampAt(view, at),
    origin: originAt(view, at),
    isDead: (flagsAt(view, at) & FLAG_DEAD) !== 0,
  };
}
