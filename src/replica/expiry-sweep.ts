/**
 * What has expired by an instant that is the same on all replicas falls; too much for one step goes on in the next. The
 * instant follows the clock also when that is put back: what fell by then stays fallen, nothing else falls early.
 */

import type { Agenda } from "../core/shard/agenda.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Shards } from "../core/shard/shards.ts";

/** Registers that fall in one step. The disk is fed in the same turn of the event loop. */
const BUDGET = 512;

export interface ExpirySweepOptions {
  /** Between two instants. */
  readonly sweepMs: number;
  /** A register fell. */
  readonly fell: (shard: Shard, slot: number, instant: number) => void;
}

export class ExpirySweep {
  readonly #shards: Shards;
  readonly #agenda: Agenda;
  readonly #options: ExpirySweepOptions;
  /** Expired registers of a shard have fallen up to here, unix ms, once its earliest expiry is later. */
  sweptTo: number;
  /** The last step left something over. */
  isUnderWay = false;
  /** Registers that fell. */
  expired = 0;

  constructor(shards: Shards, agenda: Agenda, options: ExpirySweepOptions, now: number) {
    this.#shards = shards;
    this.#agenda = agenda;
    this.#options = options;
    this.sweptTo = this.#instantOf(now);
  }

  step(now: number): void {
    this.sweptTo = this.#instantOf(now);
    this.isUnderWay = false;
    if (this.#agenda.earliestExpiry > this.sweptTo) return;
    let earliest = Infinity;
    let left = BUDGET;
    for (const shard of this.#shards) {
      if (shard.expiries.earliest <= this.sweptTo) {
        const isSwept = shard.expiries.sweep(this.sweptTo, left, (slot) => {
          left--;
          this.expired++;
          this.#options.fell(shard, slot, this.sweptTo);
        });
        this.isUnderWay = !isSwept || left === 0;
        if (this.isUnderWay) return;
      }
      earliest = Math.min(earliest, shard.expiries.earliest);
    }
    this.#agenda.earliestExpiry = earliest;
  }

  #instantOf(now: number): number {
    return Math.floor(now / this.#options.sweepMs) * this.#options.sweepMs;
  }
}
