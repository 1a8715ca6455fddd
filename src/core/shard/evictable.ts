/**
 * What may go for good: a value with all that was added to it; increments that are one, as there is nothing else under their key; or
 * a collection as a whole, whichever part of it was met.
 */

import type { Key } from "../../base/ids.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import type { Container } from "../containers/container.ts";
import { isTakenAlong, overAt, sightAt, unseenOf } from "../containers/increments.ts";
import { isCollectionKind, isValueIncrementsKind, KIND_PLAIN } from "../record/kind.ts";
import { flagsAt, isGone, keyAt, kindAt, timestampAt } from "../record/record.ts";
import { isValueKind } from "./accounts.ts";
import type { Shard } from "./shard.ts";

/** What goes is stamped so far above what was there, and above all that was added to it (`counter.ts`). */
const STAMPS_ABOVE = 2;

/** True of what stands and nobody has to confirm, and can be stamped above. */
export function mayBeEvicted(shard: Shard, slot: number): boolean {
  const { table } = shard;
  if (!table.isHeld(slot) || table.isSentinel(slot) || shard.isUnconfirmed(slot) || !shard.isStanding(slot))
    return false;
  const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
  if (timestampAt(view, at) > TIMESTAMP_MAX - STAMPS_ABOVE) return false;
  const kind = kindAt(view, at);
  if (!isValueKind(kind) && !isValueIncrementsKind(kind)) return collectionIn(shard, slot) !== undefined;
  return (
    (isValueKind(kind) || isValueByItself(shard, slot)) && hasStampsAbove(shard, keyAt(view, table.bytesOf(slot), at))
  );
}

/** Of what was added to a value. */
function hasStampsAbove({ increments, table }: Shard, key: Key): boolean {
  if (increments.count === 0) return true;
  return increments.of(key).every((slot) => timestampAt(table.viewOf(slot), table.offsetOf(slot)) < TIMESTAMP_MAX);
}

/** True of increments of a key that shows nothing but increments, and these. */
function isValueByItself(shard: Shard, slot: number): boolean {
  const { increments, table } = shard;
  const run = increments.runIn(slot);
  const base = shard.find(KIND_PLAIN, keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot)));
  if (run === undefined || base === 0) return run !== undefined;
  const [view, at] = [table.viewOf(base), table.offsetOf(base)];
  const isOver = isGone(flagsAt(view, at));
  if (shard.isStanding(base) || (isOver && isTakenAlong(run, overAt(view, at)))) return false;
  return unseenOf(run.tally, sightAt(view, at).get(increments.originIn(slot))) !== undefined;
}

const NOTHING_ELSE: readonly number[] = [];

/** Slots of the other increments that are one number with what is in a slot. */
export function restOfNumber(shard: Shard, slot: number): readonly number[] {
  const { increments, table } = shard;
  if (increments.count === 0) return NOTHING_ELSE;
  const added = increments.of(keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot)));
  return added.length === 0 ? NOTHING_ELSE : added.filter((each) => each !== slot && shard.isStanding(each));
}

/** The collection that has a member in a slot; undefined: what is there is no member of one, or falls. */
export function collectionIn({ containers, table }: Shard, slot: number): Container | undefined {
  const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
  const container = isCollectionKind(kindAt(view, at)) ? containers.of(view, at) : undefined;
  return container !== undefined && containers.places.isPartOf(container, slot) ? container : undefined;
}
