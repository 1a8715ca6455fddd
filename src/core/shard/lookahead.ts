/**
 * Looks at registers that are wanted next, one behind the other, before any of them is worked on. What is read and written of each,
 * of its shard and of its neighbours lies all over memory; to come from there takes what is far away some hundred nanoseconds, and
 * most of it is found only by way of something else that has to come first. So one register after the other would be waited for
 * at each of those places: of all of them together many places are waited for at once.
 *
 * A tenth of the time that `SET` of one key among 100,000 takes the processor, sixteen of them behind each other (`npm run bench -- --only redis`).
 *
 * It changes nothing, and nothing depends on what it finds.
 */

import type { Shard } from "./shard.ts";

/** More would push out of the cache again what came first. */
export const LOOKAHEAD_MAX = 16;

export class Lookahead {
  readonly #shards: (Shard | undefined)[] = [];
  readonly #slots: number[] = [];
  #count = 0;
  /** Of what is looked at: what nobody asks for would not be read. */
  #seen = 0;

  /** The register of this hash in a shard is wanted behind those that were added before; more than `LOOKAHEAD_MAX` are left out. */
  add(shard: Shard, hash: number): void {
    if (this.#count === LOOKAHEAD_MAX) return;
    this.#shards[this.#count] = shard;
    this.#slots[this.#count++] = shard.table.likelySlot(hash);
    this.#seen ^= shard.lookAt();
  }

  /** Looks at those that were added, and forgets them. */
  look(): void {
    let seen = this.#seen;
    for (let i = 0; i < this.#count; i++) {
      seen ^= (this.#shards[i] as Shard).table.lookAt(this.#slots[i] as number);
      // The last ones would be kept in memory, with all that their replica holds, for as long as the process runs.
      this.#shards[i] = undefined;
    }
    this.#seen = seen;
    this.#count = 0;
  }
}

/** One for all: what is added is looked at before anything else is. */
export const lookahead = new Lookahead();
