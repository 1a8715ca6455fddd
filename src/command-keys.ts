/** Which words of a command are keys, as the table says. */

import { latin1FromBytes } from "./base/bytes.ts";
import type { CommandFacts, CommandWords } from "./command-store.ts";

const COUNT = /^[1-9]\d{0,8}$/;

/** Their places, ascending; of a count that is none, no keys. */
export function keyPlaces(words: CommandWords, { keys }: Pick<CommandFacts, "keys">): readonly number[] {
  const { first, last, step, counted, stored = Infinity } = keys;
  const places: number[] = [];
  const end = last < 0 ? words.length + last : Math.min(last, words.length - 1);
  if (first > 0) for (let at = first; at <= end; at += step) places.push(at);
  if (counted > 0) {
    const text = latin1FromBytes((words[counted] ?? new Uint8Array(0)).subarray(0, 10));
    const count = COUNT.test(text) ? Number(text) : 0;
    for (let at = counted + 1; at <= counted + count && at < words.length; at++) places.push(at);
  }
  const storedAt = lastStored(words, stored);
  return storedAt === 0 ? places : [...places, storedAt];
}

/** Of what `STORE` and `STOREDIST` name the last, which is the one that counts; 0: they name none. */
function lastStored(words: CommandWords, from: number): number {
  let place = 0;
  for (let at = from; at + 1 < words.length; at++) {
    const option = latin1FromBytes((words[at] as Uint8Array).subarray(0, 10)).toLowerCase();
    if (option === "store" || option === "storedist") place = ++at;
  }
  return place;
}
