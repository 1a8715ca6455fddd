/**
 * Room in a list where no place is left that is short enough, since something was inserted again and again right between what
 * had been inserted last. The elements around have long paths; those up to the next on either side whose paths are shorter are
 * moved to short places, evenly apart, where nothing has ever been, and so there is room between them for hundreds of
 * insertions more.
 *
 *  M1. To be moved is to be added in a new place and removed from the old one, one after the other from the left: the order
 *      holds at every step of it, and everything is held before, between and after.
 *  M2. How long paths have to be to be moved is chosen so that what is moved is least for the steps that are won.
 *
 * Like any removal it leaves what was written elsewhere at the same time without knowledge of it: an element that was set there
 * meanwhile, or moved there as well, stands twice, and one that was taken out there has come back.
 */

import type { Key } from "../base/ids.ts";
import { timestampFromMs } from "../core/clock.ts";
import type { Container } from "../core/containers/container.ts";
import { POSITION_BYTES_MAX, placesBehind, STEP_BYTES } from "../core/containers/list-position.ts";
import { KIND_LIST } from "../core/record/kind.ts";
import { nameLengthAt } from "../core/record/member.ts";
import type { Shard } from "../core/shard/shard.ts";
import { freshPlaceBehind } from "./list.ts";

const STEPS_MAX = POSITION_BYTES_MAX / STEP_BYTES;
/** Of the new places, beyond what stays in front of them. */
const STEPS_ADDED = 3;
/** Moved in one turn at the most, of about 15 us each: where more lie closely around, there is no room. */
const MOVED_MAX = 4096;

export interface Room {
  /** The place for what is to be inserted. */
  readonly place: string;
  /** Slots of elements that are to be moved before, in this order. */
  readonly moves: readonly { readonly slot: number; readonly place: string }[];
}

/** Next to the element in a slot. Undefined: there is none, or too much would have to be moved. */
export function roomNextTo(
  shard: Shard,
  key: Key,
  slot: number,
  side: "before" | "after",
  nowMs: number,
): Room | undefined {
  const { members } = shard.containers.find(KIND_LIST, key) as Container;
  const gap = members.rankOf(slot) + (side === "after" ? 1 : 0);
  const { left, right } = leastToMove(shard, members, gap);
  if (left + right > MOVED_MAX) return undefined;
  const place = freshPlaceBehind(shard, key, members.at(gap - left - 1), nowMs);
  if (place === undefined || place.length + STEP_BYTES > POSITION_BYTES_MAX) return undefined;
  const chooser = { origin: shard.ownOrigin, stamp: timestampFromMs(nowMs) };
  const places = placesBehind(place, left + 1 + right, chooser);
  const moved = [...members.copy(gap - left, gap + right)];
  const moves = moved.map((each, i) => ({ slot: each, place: places[i < left ? i : i + 1] as string }));
  return { place: places[left] as string, moves };
}

/** How many elements on either side of a gap (M2). */
function leastToMove(shard: Shard, members: Container["members"], gap: number): { left: number; right: number } {
  const left = runs(shard, members, gap - 1, -1);
  const right = runs(shard, members, gap, 1);
  const costOf = (steps: number) =>
    ((left[steps] as number) + (right[steps] as number) + 1) / (STEPS_MAX - STEPS_ADDED - steps);
  let best = STEPS_MAX - STEPS_ADDED - 1;
  for (let steps = best - 1; steps >= 1; steps--) if (costOf(steps) <= costOf(best)) best = steps;
  return { left: left[best] as number, right: right[best] as number };
}

/** By numbers of steps: how many elements, from a rank on in one direction, have more of them, until one has not; too many: `Infinity`. */
function runs(shard: Shard, members: Container["members"], from: number, direction: 1 | -1): readonly number[] {
  const counts = new Array<number>(STEPS_MAX).fill(Infinity);
  let untold = STEPS_MAX - 1;
  for (let count = 0; untold >= 1 && count <= MOVED_MAX; count++) {
    const slot = members.at(from + count * direction);
    const steps = slot === 0 ? 0 : nameLengthAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)) / STEP_BYTES;
    while (untold >= Math.max(1, steps)) counts[untold--] = count;
  }
  return counts;
}
