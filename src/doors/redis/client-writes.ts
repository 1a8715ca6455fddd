/** What one client has written, as far as it takes to say who else has it: the last write into each shard. */

import type { OriginId, ShardId } from "../../base/ids.ts";
import type { PlainWriter } from "../../command-store.ts";
import type { Dot } from "../../store.ts";

/** Of more shards it is not remembered which: all that was written in any counts then, by whomever. */
const SHARDS_MAX = 16;

export class ClientWrites implements PlainWriter {
  readonly #byShard = new Map<Dot["shard"], Dot>();
  #areTooMany = false;
  /** What was written last, in numbers: of a busy client nothing is made for it. */
  #shard = 0 as ShardId;
  #origin = 0 as OriginId;
  #sequence = 0;

  /** Undefined: nothing was written. */
  get last(): Dot | undefined {
    if (this.#sequence === 0) return undefined;
    return { shard: this.#shard, origin: this.#origin, sequence: this.#sequence };
  }

  wrote(shard: ShardId, origin: OriginId, sequence: number): void {
    this.#shard = shard;
    this.#origin = origin;
    this.#sequence = sequence;
    if (this.#areTooMany) return;
    this.#byShard.set(shard, { shard, origin, sequence });
    if (this.#byShard.size <= SHARDS_MAX) return;
    this.#areTooMany = true;
    this.#byShard.clear();
  }

  get dots(): readonly Dot[] | "all" {
    return this.#areTooMany ? "all" : [...this.#byShard.values()];
  }
}
