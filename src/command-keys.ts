/** Which words of a command are keys, as the table says. */

import { latin1FromBytes } from "./base/bytes.ts";
import type { CommandFacts, CommandWords } from "./command-store.ts";

const COUNT = /^[1-9]\d{0,8}$/;

/** Their places, ascending; of a count that is none, no keys. */
export function keyPlaces(words: CommandWords, { keys }: Pick<CommandFacts, "keys">): readonly number[] {
  const { first, last, step, counted } = keys;
  const places: number[] = [];
  const end = last < 0 ? words.length + last : Math.min(last, words.length - 1);
  if (first > 0) for (let at = first; at <= end; at += step) places.push(at);
  if (counted > 0) {
    const text = latin1FromBytes((words[counted] ?? new Uint8Array(0)).subarray(0, 10));
    const count = COUNT.test(text) ? Number(text) : 0;
    for (let at = counted + 1; at <= counted + count && at < words.length; at++) places.push(at);
  }
  return places;
}
