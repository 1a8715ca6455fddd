/** Which words of a command are keys, as the table says. */

import { latin1FromBytes } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import type { CommandFacts, CommandWords } from "../command-store.ts";

export function keysOf(words: CommandWords, { keys: { first, last, step } }: CommandFacts): readonly Key[] {
  if (first === 0) return [];
  const end = last < 0 ? words.length + last : Math.min(last, words.length - 1);
  const keys: Key[] = [];
  for (let at = first; at <= end; at += step) keys.push(latin1FromBytes(words[at] as Uint8Array) as Key);
  return keys;
}
