/** Random order by the numbers that a replica is given (Fisher, Yates). */

import type { Random } from "../../base/random.ts";

/** A shuffled copy. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  return sample(list, list.length, random);
}

/** So many of a list, or all, each as likely, in random order. */
export function sample<T>(list: readonly T[], count: number, random: Random): T[] {
  const rest = [...list];
  const wanted = Math.min(count, rest.length);
  for (let i = 0; i < wanted; i++) {
    const other = i + (random.uint32() % (rest.length - i));
    [rest[i], rest[other]] = [rest[other] as T, rest[i] as T];
  }
  return rest.slice(0, wanted);
}
