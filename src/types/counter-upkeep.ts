/**
 * What goes of the increments of a key (`core/containers/increments.ts`), so that what is held does not grow with every life that has added
 * to it. One of the owners of the shard sees to it; nobody can tell from what a key comes to whether it has.
 *
 *  U1. Increments are removed once every owner has a base that saw all of them, or took them along, on disk, and we have all that
 *      they had then (`isSettled`, R6 and R7). Whatever other base there is was known to who had that one, and is below it, or was
 *      written in its knowledge. The removal is stamped one tick after what is removed: what its origin adds meanwhile stays.
 *  U2. A base is written anew, with what it lacks, where that is of a life that is sealed, or where it is a deletion and all
 *      owners have it: it says the same as it did. Stamped one tick after it, and below what it lacks, it loses to whatever was put or
 *      removed meanwhile (W1 to W4 of `fold-witness.ts`). So it waits until something was added that is stamped above it; and it has
 *      to be older than clocks are apart, or a put by a clock that is behind might be stamped as it is.
 *  U3. What no base is held of is written as one that is stamped one tick below the first of what was added, whatever was purged from
 *      its bucket. No base of its own was that was not below it: whoever adds stamps two ticks above what base it holds, or was purged
 *      there, and a base that is no more is not purged beside additions that do not stand so far above it (`core/shard/graves.ts`).
 *      That does not hold of additions under new dots, which bear the stamps that they had: the sum of these alone is stamped above
 *      what was purged. By W1 to W4 a sum loses to all that is not known here.
 */

import type { Key } from "../base/ids.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { adderAt, isTakenAlong, overAt, runAt, sightAt, unseenOf } from "../core/containers/increments.ts";
import { incrementsOf, KIND_PLAIN } from "../core/record/kind.ts";
import { textOfOrigin } from "../core/record/origin-bytes.ts";
import { contentTypeAt, flagsAt, isDead, isGone, tagsAt } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import { endOf, sumOf, textOf } from "./counter.ts";
import { foldStamp, hasWitness } from "./fold-witness.ts";

export interface UpkeepView {
  readonly nowMs: number;
  /** R6 and R7, of a record. */
  readonly isSettled: (view: DataView, at: number) => boolean;
  /** So long ago a base was written at least, ms, that is written anew (U2); and so old is what is written without one. */
  readonly ageMin: number;
}

/** What has to be written, nothing else meanwhile. */
export function upkeepOf(shard: Shard, key: Key, view: UpkeepView): readonly LocalWrite[] {
  const base = shard.find(KIND_PLAIN, key);
  const isSettled = base !== 0 && isStanding(shard, base, view.nowMs) && isSettledIn(shard, base, view);
  const removals = isSettled ? removalsOf(shard, key, base) : [];
  if (removals.length > 0) return removals;
  const folded = foldOf(shard, key, base, isSettled, view);
  return folded === undefined ? [] : [folded];
}

/** Not of one that is over and has not fallen yet: clocks differ. */
function isStanding(shard: Shard, slot: number, nowMs: number): boolean {
  return !shard.isOver(slot, nowMs) || isGone(flagsAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)));
}

function isSettledIn(shard: Shard, slot: number, { isSettled }: UpkeepView): boolean {
  return isSettled(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** U1. */
function removalsOf(shard: Shard, key: Key, base: number): LocalWrite[] {
  const { table } = shard;
  const view = table.viewOf(base);
  const at = table.offsetOf(base);
  const seen = sightAt(view, at);
  const over = isGone(flagsAt(view, at)) ? overAt(view, at) : undefined;
  const removals: LocalWrite[] = [];
  for (const slot of shard.increments.of(key)) {
    if (!shard.isStanding(slot) || shard.isUnconfirmed(slot)) continue;
    const run = runAt(table.viewOf(slot), table.offsetOf(slot));
    if (run === undefined) continue;
    const origin = adderAt(table.viewOf(slot), table.offsetOf(slot));
    const last = seen.get(origin);
    const isSeen = last !== undefined && unseenOf(run.tally, last) === undefined;
    if (!isSeen && (over === undefined || !isTakenAlong(run, over))) continue;
    removals.push({ kind: incrementsOf(KIND_PLAIN), key, field: textOfOrigin(origin), isRemoval: true });
  }
  return removals;
}

/** U2, U3. */
function foldOf(shard: Shard, key: Key, base: number, isSettled: boolean, around: UpkeepView): LocalWrite | undefined {
  const { nowMs, ageMin } = around;
  const sum = sumOf(shard, key, nowMs);
  if (sum === undefined || sum.from.length === 0) return undefined;
  const { table } = shard;
  const isOfSealed = sum.from.some((slot) => shard.vector.isSealed(shard.increments.originIn(slot)));
  const isDeleted = base !== 0 && isDead(flagsAt(table.viewOf(base), table.offsetOf(base)));
  if (!isOfSealed && !(isDeleted && isSettled)) return undefined;
  // What was added since the end of a base is of another value.
  if (base !== 0 && sum.base === 0 && !isDeleted) return undefined;
  const due = endOf(shard, sum);
  const stamp = foldStamp(shard, base, sum.from, shard.graves.markOf(KIND_PLAIN, key));
  const isOld = msOfTimestamp(stamp) < nowMs - ageMin;
  if (!isOld || !hasWitness(shard, sum.from, { stamp, end: due }, around.isSettled)) return undefined;
  const expiresAt = due === Infinity ? undefined : due;
  if (base === 0) return { kind: KIND_PLAIN, key, value: textOf(shard, sum), expiresAt, exactStamp: stamp };
  const [view, at] = [table.viewOf(base), table.offsetOf(base)];
  if (shard.isAway(base) || shard.isUnconfirmed(base)) return undefined;
  const value = textOf(shard, sum);
  // No number: what was added to it does not count, and stays as it is.
  if (value === undefined) return undefined;
  const bytes = table.bytesOf(base);
  const [contentType, tags] = isDeleted ? [] : [contentTypeAt(view, bytes, at), tagsAt(view, bytes, at)];
  return { kind: KIND_PLAIN, key, value, contentType, tags, expiresAt, isRemoval: true };
}
