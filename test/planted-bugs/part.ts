/** Which bugs are hunted: of a long list one part at a time, so that runs which name different parts hunt all of them. */

import type { PlantedBug } from "./planted-bug.ts";

/** Each is spread over the whole list, so that every kind of bug is in each. */
const PARTS = 4;

/** `named`: `all`, or a number, which is taken modulo the number of parts; absent: the first part. */
export function partOf(bugs: readonly PlantedBug[], named = "0"): readonly PlantedBug[] {
  if (named === "all") return bugs;
  if (!/^\d+$/.test(named)) throw new Error(`a part of the bugs is "all" or a number, not ${named}`);
  return bugs.filter((_, index) => index % PARTS === Number(named) % PARTS);
}
