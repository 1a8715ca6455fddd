/** Commands by their names as one client writes them: most write each in one way. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";

const NAME_BYTES_MAX = 64;
const KNOWN_MAX = 64;

export class CommandNames {
  readonly #table: ReadonlyMap<string, CommandFacts>;
  readonly #known = new Map<string, CommandFacts>();

  constructor(table: ReadonlyMap<string, CommandFacts>) {
    this.#table = table;
  }

  /** Undefined: there is no such command. */
  factsOf(words: CommandWords): CommandFacts | undefined {
    const word = words[0] as Uint8Array;
    if (word.length > NAME_BYTES_MAX) return undefined;
    const written = latin1FromBytes(word);
    const known = this.#known.get(written);
    if (known !== undefined) return known;
    const facts = this.#table.get(written.toLowerCase());
    if (facts !== undefined && this.#known.size < KNOWN_MAX) this.#known.set(written, facts);
    return facts;
  }
}
