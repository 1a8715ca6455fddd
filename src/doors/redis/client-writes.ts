/** What one client has written, as far as it takes to say who else has it: the last write into each shard. */

import type { Dot } from "../../store.ts";

/** Of more shards it is not remembered which: all that was written in any counts then, by whomever. */
const SHARDS_MAX = 16;

export class ClientWrites {
  readonly #byShard = new Map<Dot["shard"], Dot>();
  #areTooMany = false;
  last: Dot | undefined;

  note(dot: Dot): void {
    this.last = dot;
    if (this.#areTooMany) return;
    this.#byShard.set(dot.shard, dot);
    if (this.#byShard.size <= SHARDS_MAX) return;
    this.#areTooMany = true;
    this.#byShard.clear();
  }

  get dots(): readonly Dot[] | "all" {
    return this.#areTooMany ? "all" : [...this.#byShard.values()];
  }
}
