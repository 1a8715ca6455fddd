/**
 * How long it takes until a write is everywhere (Jepsen's set-full: the stable latency), from its acknowledgement until
 * every node's replica covers its dot. Looked at in steps: a latency is right to within one.
 */

import type { World } from "../simulator/world.ts";
import type { History, WrittenPart } from "../workload/history.ts";

export interface StableLatency {
  /** Writes that came to be everywhere, and those that were acknowledged and had not by the end. */
  readonly stable: number;
  readonly never: number;
  /** Ms; absent where no write was ever everywhere. */
  readonly quantiles?: { readonly [quantile in "0" | "0.5" | "0.95" | "0.99" | "1"]: number };
}

const STEP_MS = 50;

interface Spreading {
  readonly part: WrittenPart;
  readonly since: number;
}

export class StabilityMeter {
  readonly #world: World;
  readonly #history: History;
  /** Entries of the history below this have been taken up, but for those in `#open`. */
  #taken = 0;
  #open: History[number][] = [];
  #spreading: Spreading[] = [];
  readonly #latencies: number[] = [];

  /** Looks from now to `until`, and once more in `finish`. */
  constructor(world: World, history: History, until: number) {
    this.#world = world;
    this.#history = history;
    this.#lookAgain(until);
  }

  finish(): StableLatency {
    this.#look();
    const sorted = Float64Array.from(this.#latencies).sort();
    const counts = { stable: sorted.length, never: this.#spreading.length };
    if (sorted.length === 0) return counts;
    const at = (quantile: number): number => sorted[Math.floor(quantile * (sorted.length - 1))] as number;
    return { ...counts, quantiles: { "0": at(0), "0.5": at(0.5), "0.95": at(0.95), "0.99": at(0.99), "1": at(1) } };
  }

  #lookAgain(until: number): void {
    const { now } = this.#world;
    if (now + STEP_MS > until) return;
    this.#world.at(now + STEP_MS, () => {
      this.#look();
      this.#lookAgain(until);
    });
  }

  #look(): void {
    for (; this.#taken < this.#history.length; this.#taken++) {
      this.#open.push(this.#history[this.#taken] as History[number]);
    }
    this.#open = this.#open.filter((entry) => !this.#take(entry));
    this.#spreading = this.#spreading.filter(({ part, since }) => {
      if (!this.#isEverywhere(part)) return true;
      this.#latencies.push(this.#world.now - since);
      return false;
    });
  }

  /** True when there is nothing more to wait for. */
  #take({ answer, answeredAt, node, life }: History[number]): boolean {
    if (answer === undefined || answeredAt === undefined) return this.#world.node(node).life?.number !== life;
    if (answer.type === "written") for (const part of answer.parts) this.#spreading.push({ part, since: answeredAt });
    return true;
  }

  #isEverywhere({ dot }: WrittenPart): boolean {
    for (const { replica } of this.#world.nodes) {
      const shard = replica?.replica?.shards[dot.shard];
      if (shard?.vector.covers(dot.origin, dot.sequence) !== true) return false;
    }
    return true;
  }
}
