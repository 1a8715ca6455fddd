/** Of commands that were looked at ahead the shards of their keys and the hashes there: to tell them takes as long as to find a register. */

import type { PlainWords } from "../../base/plain-words.ts";
import { LOOKAHEAD_MAX } from "../../core/shard/lookahead.ts";
import type { Shard } from "../../core/shard/shard.ts";

const NO_COMMANDS: readonly PlainWords[] = [];

/** They are carried out in their order. */
export class LookedAhead {
  #commands = NO_COMMANDS;
  #count = 0;
  #next = 0;
  readonly #shards: (Shard | undefined)[] = [];
  /** Signed: so they are never numbers on the heap. */
  readonly #hashes = new Int32Array(LOOKAHEAD_MAX);
  /** Of the command that was taken. */
  hash = 0;

  /** These come next, and nothing is told of them yet. */
  begin(commands: readonly PlainWords[]): void {
    this.#commands = commands;
    this.#count = 0;
    this.#next = 0;
  }

  /** Of the next of them; undefined: its key has no shard. More than `LOOKAHEAD_MAX` are not noted. */
  note(shard: Shard | undefined, hash: number): void {
    if (this.#count === LOOKAHEAD_MAX) return;
    this.#shards[this.#count] = shard;
    this.#hashes[this.#count++] = hash;
  }

  /** The command is carried out: the shard of its key, whose hash is in `hash` from now on. Undefined: it was not looked at. */
  take(command: PlainWords): Shard | undefined {
    const at = this.#next;
    if (at === this.#count || this.#commands[at] !== command) return undefined;
    this.#next++;
    this.hash = this.#hashes[at] as number;
    return this.#shards[at];
  }

  /** What was told need not hold any more. */
  end(): void {
    this.begin(NO_COMMANDS);
  }
}
