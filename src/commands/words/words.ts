/** Words of a command as commands read them. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { keyPlaces } from "../../command-keys.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";

/** The word is a key; there is one, as the arity says. */
export function keyOf(words: CommandWords, at: number): Key {
  return latin1FromBytes(words[at] as Uint8Array) as Key;
}

/** In lower case, for options; empty where there is none. */
export function optionOf(words: CommandWords, at: number): string {
  const word = words[at];
  return word === undefined ? "" : latin1FromBytes(word).toLowerCase();
}

/** The word as latin1 text, as members of collections are named. */
export function textOf(words: CommandWords, at: number): string {
  return latin1FromBytes(words[at] as Uint8Array);
}

export function wordOf(words: CommandWords, at: number): Uint8Array {
  return words[at] as Uint8Array;
}

/** Those that the command table tells of. */
export function keysOf(words: CommandWords, facts: CommandFacts): readonly Key[] {
  return keyPlaces(words, facts).map((at) => keyOf(words, at));
}
