/**
 * When a sum may be written anew, as a base of its own (U2, U3 of `counter-upkeep.ts`), so that it wins over nothing that somebody else has
 * written meanwhile. Whoever writes it may not have heard of that: a deletion, a removal, another value.
 *
 *  W1. It has a *witness*: one of the registers of increments that it sums up and that no base has seen. That is settled: every owner
 *      has it on disk, and we have all that they had then (R6, R7). So what is not known here was written by somebody who had the witness.
 *  W2. The sum is stamped below its witness. Who puts, deletes or removes stamps above all increments that are held (`Author`, M3 of
 *      `core/containers/counted-members.ts`): so whatever is not known here is stamped above the sum, and wins, also by a tick.
 *  W3. The witness of a member is of a life that has ended and is sealed, or of the one that writes. Who deletes a collection tells of
 *      members by removals of their own where increments of another life stand (M2), and else of what dots it saw, of which the sum is
 *      none. What a life that is sealed deleted is known here.
 *  W4. The witness does not end before the sum does. Once it has fallen, whoever deletes need not tell of it any more.
 *
 * It has to be one that no base saw: what one saw may be gone elsewhere (U1). Another sum that is written anew, on the far side of a cut, is
 * not stamped like that. Which of the two wins does not matter: of what the other one took in the increments are held (U1).
 */

import type { Timestamp } from "../base/ids.ts";
import { adderAt } from "../core/containers/increments.ts";
import { expiresAt, originAt, timestampAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";

export interface Fold {
  readonly stamp: Timestamp;
  /** Unix ms; `Infinity`: it does not end. */
  readonly end: number;
}

/** `among`: slots of increments that are summed up and may be a witness (W3). */
export function hasWitness(
  { table }: Shard,
  among: readonly number[],
  { stamp, end }: Fold,
  isSettled: (view: DataView, at: number) => boolean,
): boolean {
  return among.some((slot) => {
    const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
    return timestampAt(view, at) > stamp && expiresAt(view, at) >= end && isSettled(view, at);
  });
}

/**
 * U2, U3: `base` is its slot, 0 where none is held; `purged` the newest stamp that was purged from its bucket. What has a new dot
 * (`core/shard/new-dots.ts`) bears the stamp it had, and may stand below a base that was purged here before it came, and is held elsewhere.
 */
export function foldStamp({ table }: Shard, base: number, parts: readonly number[], purged: number): Timestamp {
  const stampIn = (slot: number) => timestampAt(table.viewOf(slot), table.offsetOf(slot));
  if (base !== 0) return (stampIn(base) + 1) as Timestamp;
  const asWritten = parts.filter((slot) => {
    const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
    return originAt(view, at) === adderAt(view, at);
  });
  return (asWritten.length === 0 ? purged + 1 : Math.min(...asWritten.map(stampIn)) - 1) as Timestamp;
}
