/**
 * Commands by their names as one client writes them: most write each in one way, and few of them. Those are known by their bytes, in
 * one place for each, where the next takes it over: nothing is made of such a name, neither a view nor text.
 */

import { isSameBytes, latin1FromBytes } from "../../base/bytes.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import type { KnownNames } from "./whole-commands.ts";

const NAME_BYTES_MAX = 64;
const PLACES = 64;

interface Known {
  readonly word: Uint8Array;
  readonly facts: CommandFacts;
}

export class CommandNames implements KnownNames {
  readonly #table: ReadonlyMap<string, CommandFacts>;
  readonly #known = new Array<Known | undefined>(PLACES).fill(undefined);

  constructor(table: ReadonlyMap<string, CommandFacts>) {
    this.#table = table;
  }

  wordOf(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const word = this.#known[placeOf(bytes, start, end)]?.word;
    if (word === undefined || word.length !== end - start) return undefined;
    for (let i = 0; i < word.length; i++) if (word[i] !== bytes[start + i]) return undefined;
    return word;
  }

  /** Undefined: there is no such command. */
  factsOf(words: CommandWords): CommandFacts | undefined {
    const word = words[0] as Uint8Array;
    if (word.length > NAME_BYTES_MAX) return undefined;
    const place = placeOf(word, 0, word.length);
    const known = this.#known[place];
    if (known !== undefined && (known.word === word || isSameBytes(known.word, word))) return known.facts;
    const facts = this.#table.get(latin1FromBytes(word).toLowerCase());
    if (facts !== undefined) this.#known[place] = { word: word.slice(), facts };
    return facts;
  }
}

function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] as number;
  const last = bytes[end - 1] as number;
  return (first + 5 * last + 11 * (end - start)) % PLACES;
}
