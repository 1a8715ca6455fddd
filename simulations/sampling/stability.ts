/**
 * How long it takes until a write is everywhere (Jepsen's set-full: the stable latency), from its acknowledgement until
 * the replica of every node that owns its shard covers its dot. Looked at in steps: a latency is right to within one.
 */

import type { OriginId, ShardId } from "../../src/base/ids.ts";
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

/** Writes of one origin to one shard that are not yet everywhere, one at least: who covers one covers all with a lower sequence. */
interface Spreading {
  readonly shard: ShardId;
  readonly origin: OriginId;
  writes: { readonly sequence: number; readonly since: number }[];
  /** Of `writes`. */
  lowest: number;
  /** Index of a node that did not cover the lowest at the last look: it is asked first. */
  laggard: number;
}

export class StabilityMeter {
  readonly #world: World;
  readonly #history: History;
  /** Entries of the history below this have been taken up, but for those in `#open`. */
  #taken = 0;
  #open: History[number][] = [];
  /** By shard and origin. */
  readonly #spreading = new Map<string, Spreading>();
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
    let never = 0;
    for (const { writes } of this.#spreading.values()) never += writes.length;
    const counts = { stable: sorted.length, never };
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
    for (const [name, spreading] of this.#spreading) {
      this.#settle(spreading);
      if (spreading.writes.length === 0) this.#spreading.delete(name);
    }
  }

  /** True when there is nothing more to wait for. */
  #take({ answer, answeredAt, node, life }: History[number]): boolean {
    if (answer === undefined || answeredAt === undefined) return this.#world.node(node).life?.number !== life;
    if (answer.type === "written") for (const part of answer.parts) this.#follow(part, answeredAt);
    return true;
  }

  #follow({ dot: { shard, origin, sequence } }: WrittenPart, since: number): void {
    const name = `${shard} ${origin}`;
    let spreading = this.#spreading.get(name);
    if (spreading === undefined) {
      spreading = { shard, origin, writes: [], lowest: Infinity, laggard: 0 };
      this.#spreading.set(name, spreading);
    }
    spreading.writes.push({ sequence, since });
    spreading.lowest = Math.min(spreading.lowest, sequence);
  }

  /** Lets go of the writes that are everywhere by now. */
  #settle(spreading: Spreading): void {
    const covered = this.#coveredEverywhere(spreading);
    if (covered < spreading.lowest) return;
    spreading.lowest = Infinity;
    spreading.writes = spreading.writes.filter(({ sequence, since }) => {
      if (sequence <= covered) this.#latencies.push(this.#world.now - since);
      else spreading.lowest = Math.min(spreading.lowest, sequence);
      return sequence > covered;
    });
  }

  /** The sequence up to which every node covers the origin; where that is less than the lowest, some node's. */
  #coveredEverywhere(spreading: Spreading): number {
    const { nodes } = this.#world;
    let least = Infinity;
    for (let i = 0; i < nodes.length; i++) {
      const index = (spreading.laggard + i) % nodes.length;
      const replica = nodes[index]?.replica?.replica;
      if (replica?.ownership.owns(spreading.shard) === false) continue;
      const shard = replica?.shards.get(spreading.shard);
      least = Math.min(least, shard?.vector.get(spreading.origin) ?? 0);
      if (least >= spreading.lowest) continue;
      spreading.laggard = index;
      break;
    }
    return least;
  }
}
