/**
 * Which values are wanted least, where some have to go for good. Those that are away stand in no queue, and to keep
 * one for them would cost memory for what nobody asks for: so a few are drawn at random, and the coldest of them is taken, as
 * Redis does (`maxmemory-samples`). With 16 looks it is, nine times in ten, among the coldest seventh.
 */

import type { Random } from "../base/random.ts";
import { timestampAt } from "./record.ts";
import { cooled, warmthOf } from "./s3-fifo.ts";
import type { Shard } from "./shard.ts";

const LOOKS = 16;
/** Of slots, most of which may be empty. */
const DRAWS_MAX = 128;
const TWO_32 = 2 ** 32;

export interface Place {
  readonly shard: Shard;
  readonly slot: number;
}

export class Coldest {
  readonly #shards: readonly Shard[];
  readonly #random: Random;
  /** Of each shard and those before it, slots. */
  readonly #ends: number[] = [];
  readonly #slots: number;

  /** Of what these shards hold; valid until one of them takes something in. */
  constructor(shards: readonly Shard[], random: Random) {
    this.#shards = shards;
    this.#random = random;
    let end = 0;
    for (const { table } of shards) {
      end += table.slotEnd - 1;
      this.#ends.push(end);
    }
    this.#slots = end;
  }

  /** Undefined: there are none, or so few that it met none. */
  take(): Place | undefined {
    if (this.#slots === 0) return undefined;
    let [coldest, warmth, timestamp]: [Place | undefined, number, number] = [undefined, Infinity, Infinity];
    for (let draws = 0, looks = 0; draws < DRAWS_MAX && looks < LOOKS; draws++) {
      const place = this.#draw();
      const { shard, slot } = place;
      if (!shard.mayBeEvicted(slot)) continue;
      looks++;
      const use = shard.table.getUse(slot);
      const stampedAt = timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
      // One for each that goes, as a clock's hand passes over it once while as many go as there are.
      if (looks === 1) shard.table.setUse(slot, cooled(use));
      if (warmthOf(use) > warmth || (warmthOf(use) === warmth && stampedAt >= timestamp)) continue;
      [coldest, warmth, timestamp] = [place, warmthOf(use), stampedAt];
    }
    return coldest;
  }

  #draw(): Place {
    const drawn = Math.floor((this.#random.uint32() / TWO_32) * this.#slots);
    let [from, to] = [0, this.#ends.length - 1];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#ends[middle] as number) > drawn) to = middle;
      else from = middle + 1;
    }
    const before = from === 0 ? 0 : (this.#ends[from - 1] as number);
    return { shard: this.#shards[from] as Shard, slot: 1 + drawn - before };
  }
}
