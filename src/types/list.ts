/**
 * A list: a collection whose members are named by their places (`core/containers/list-position.ts`). To push, to insert and to take out
 * is to add and to remove members; an element keeps its place as long as it is there, but where one place more has to be found
 * where there is none (`list-room.ts`).
 *
 * What is written lies beyond, or between, all that is held, tombstones included: no place is given away twice while
 * anybody may still hold something there.
 */

import type { Key } from "../base/ids.ts";
import { timestampFromMs } from "../core/clock.ts";
import type { Container } from "../core/containers/container.ts";
import { positionBetween } from "../core/containers/list-position.ts";
import type { OrderedSlots } from "../core/containers/ordered-slots.ts";
import { KIND_LIST } from "../core/record/kind.ts";
import type { Shard } from "../core/shard/shard.ts";
import { memberName } from "./collection.ts";

export type ListEnd = "head" | "tail";

/** The place of what is pushed now. Undefined: there is none left; only places that somebody made up lead there. */
export function placeAtEnd(shard: Shard, key: Key, end: ListEnd, nowMs: number): string | undefined {
  const container = shard.containers.find(KIND_LIST, key);
  const outermost = ({ size }: OrderedSlots): number => (end === "head" ? 0 : size - 1);
  const held = container === undefined ? [] : heldIn(shard, container, outermost).sort();
  return end === "head" ? between(shard, undefined, held[0], nowMs) : between(shard, held.at(-1), undefined, nowMs);
}

/** The place of what is inserted now, next to the element in a slot. Undefined: there is no room any more just there. */
export function placeNextTo(
  shard: Shard,
  key: Key,
  slot: number,
  side: "before" | "after",
  nowMs: number,
): string | undefined {
  const container = shard.containers.find(KIND_LIST, key) as Container;
  if (side === "after") return freshPlaceBehind(shard, key, slot, nowMs);
  const before = heldIn(shard, container, (slots) => slots.rankOf(slot) - 1).sort();
  return between(shard, before.at(-1), memberName(shard, slot), nowMs);
}

/** A place behind an element, or in front of all where `slot` is 0, and before all that is held behind that. */
export function freshPlaceBehind(shard: Shard, key: Key, slot: number, nowMs: number): string | undefined {
  const container = shard.containers.find(KIND_LIST, key) as Container;
  const behind = heldIn(shard, container, (slots) =>
    slot === 0 ? 0 : slots.rankOf(slot) + (slots === container.members ? 1 : 0),
  ).sort();
  return between(shard, slot === 0 ? undefined : memberName(shard, slot), behind[0], nowMs);
}

/** The places at certain ranks of what stands and of what remains, where something is there. */
function heldIn(shard: Shard, { members, remains }: Container, rankIn: (slots: OrderedSlots) => number): string[] {
  return [members, remains]
    .map((slots) => slots.at(rankIn(slots)))
    .filter((slot) => slot !== 0)
    .map((slot) => memberName(shard, slot));
}

function between(shard: Shard, left: string | undefined, right: string | undefined, nowMs: number): string | undefined {
  return positionBetween(left, right, { origin: shard.ownOrigin, stamp: timestampFromMs(nowMs) });
}
