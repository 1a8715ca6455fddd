/** Which bugs are hunted: of a list one part at a time, so that runs which name different parts hunt all of them. */

/** `all`, or a number, which names the part that it is modulo the number of parts; absent: the first. */
const NAMED = process.env.ATOLL_BUGS;

/** Each part is spread over the whole list, so that every kind of bug is in each. */
export function partOf<T>(bugs: readonly T[], parts: number, named = NAMED ?? "0"): readonly T[] {
  if (named === "all") return bugs;
  if (!/^\d+$/.test(named)) throw new Error(`a part of the bugs is "all" or a number, not ${named}`);
  return bugs.filter((_, index) => index % parts === Number(named) % parts);
}
