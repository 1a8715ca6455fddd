/**
 * A list: a collection whose members are named by their places (`core/list-position.ts`). To push, to insert and to take out
 * is to add and to remove members; an element keeps its place as long as it is there.
 *
 * What is written lies beyond, or between, all that is held, tombstones included: no place is given away twice while
 * anybody may still hold something there.
 */

import type { Key } from "../base/ids.ts";
import { timestampFromMs } from "../core/clock.ts";
import type { Container } from "../core/containers.ts";
import { KIND_LIST } from "../core/kind.ts";
import { positionBetween } from "../core/list-position.ts";
import type { Shard } from "../core/shard.ts";
import { memberName } from "./collection.ts";
import { isOver } from "./container.ts";

export type ListEnd = "head" | "tail";

/** Of an element at a rank, from 0 at the head on; 0: there is none. */
export function elementSlot(shard: Shard, key: Key, rank: number, nowMs: number): number {
  if (isOver(shard, KIND_LIST, key, nowMs)) return 0;
  const slot = shard.containers.find(KIND_LIST, key)?.ranked?.at(rank) ?? 0;
  return slot !== 0 && shard.isLive(slot, nowMs) ? slot : 0;
}

/** Slots of elements from a rank on, towards the tail. Nothing may be written meanwhile. */
export function* elementsFrom(shard: Shard, key: Key, rank: number, nowMs: number): Generator<number, void> {
  if (isOver(shard, KIND_LIST, key, nowMs)) return;
  const slots = shard.containers.find(KIND_LIST, key)?.ranked?.from(rank) ?? [];
  for (const slot of slots) if (shard.isLive(slot, nowMs)) yield slot;
}

/** The place of what is pushed now. Undefined: there is none left; only places that somebody made up lead there. */
export function placeAtEnd(shard: Shard, key: Key, end: ListEnd, nowMs: number): string | undefined {
  const members = shard.containers.find(KIND_LIST, key)?.members;
  const outermost = members === undefined ? 0 : members.at(end === "head" ? 0 : members.size - 1);
  const place = outermost === 0 ? undefined : memberName(shard, outermost);
  return end === "head" ? between(shard, undefined, place, nowMs) : between(shard, place, undefined, nowMs);
}

/** The place of what is inserted now, next to the element in a slot. Undefined: there is no room any more just there. */
export function placeNextTo(
  shard: Shard,
  key: Key,
  slot: number,
  side: "before" | "after",
  nowMs: number,
): string | undefined {
  const { members } = shard.containers.find(KIND_LIST, key) as Container;
  const neighbour = members.at(members.rankOf(slot) + (side === "before" ? -1 : 1));
  const [own, other] = [memberName(shard, slot), neighbour === 0 ? undefined : memberName(shard, neighbour)];
  return side === "before" ? between(shard, other, own, nowMs) : between(shard, own, other, nowMs);
}

function between(shard: Shard, left: string | undefined, right: string | undefined, nowMs: number): string | undefined {
  return positionBetween(left, right, { origin: shard.ownOrigin, stamp: timestampFromMs(nowMs) });
}
