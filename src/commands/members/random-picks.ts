/** Ranks of members by chance. */

import type { Workspace } from "../workspace/workspace.ts";
import { expectItems } from "./member-replies.ts";

/** Up to `wanted` different numbers below `count`, ascending (Floyd's sample, in Bentley, Programming Pearls 1987). */
export function pickDistinct(random: () => number, count: number, wanted: number): readonly number[] {
  if (wanted >= count) return Array.from({ length: count }, (_, rank) => rank);
  const picked = new Set<number>();
  for (let limit = count - wanted; limit < count; limit++) {
    const rank = random() % (limit + 1);
    picked.add(picked.has(rank) ? limit : rank);
  }
  return [...picked].sort((a, b) => a - b);
}

/** Where so few of all are picked, their ranks are drawn and nothing of the others is copied. */
const FEW = 8;
/** Of a rank that was drawn, remembered so that it is drawn once. */
const RANK_BYTES = 32;

export function areFewPicked(count: number, wanted: number): boolean {
  return wanted * FEW <= count;
}

/** What it takes to pick so many different ones. */
export function pickedBytes(count: number, wanted: number): number {
  return areFewPicked(count, wanted) ? RANK_BYTES * wanted : (RANK_BYTES / FEW) * count;
}

/** As many numbers below `count`, each as likely as any other every time. */
function* pickAny(random: () => number, count: number, wanted: number): Generator<number, void> {
  for (let i = 0; i < wanted; i++) yield random() % count;
}

/** Ranks of so many members: different ones, or where `wanted` is negative as many as that, however few there are. Throws `CommandError` where that is too much for commands that run as one. */
export function picks(workspace: Workspace, count: number, wanted: number): Iterable<number> {
  if (count === 0) return [];
  const random = () => workspace.random();
  const picked = Math.min(Math.abs(wanted), wanted < 0 ? Infinity : count);
  workspace.lookAt(picked);
  expectItems(workspace, 2 * picked);
  return wanted < 0 ? pickAny(random, count, -wanted) : pickDistinct(random, count, wanted);
}
