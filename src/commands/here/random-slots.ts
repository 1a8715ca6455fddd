/** Slots of members by chance, each as likely as any other. */

import type { OrderedSlots } from "../../core/containers/ordered-slots.ts";
import { areFewPicked, pickDistinct } from "../members/random-picks.ts";

/** So many of them at most, each at most once. */
export function pickedSlots(members: OrderedSlots, count: number, random: () => number): Uint32Array {
  if (!areFewPicked(members.size, count)) return shuffled(members.copy(0, Infinity), count, random);
  return Uint32Array.from(pickDistinct(random, members.size, count), (rank) => members.at(rank));
}

/** So many, however few there are; of no members none. */
export function drawnSlots(members: OrderedSlots, count: number, random: () => number): Uint32Array {
  return Uint32Array.from({ length: members.size === 0 ? 0 : count }, () => members.at(random() % members.size));
}

/** So many of them, in no order. */
function shuffled(slots: Uint32Array, count: number, random: () => number): Uint32Array {
  for (let at = 0; at < count && at < slots.length; at++) {
    const other = at + (random() % (slots.length - at));
    const slot = slots[other] as number;
    slots[other] = slots[at] as number;
    slots[at] = slot;
  }
  return slots.subarray(0, count);
}
