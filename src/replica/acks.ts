/**
 * Writes that were asked to get further than memory before they are answered: who has them, and when to stop waiting. A
 * write whose level is not reached in time stays and spreads; the answer says how far it got.
 */

import { isDue } from "../base/deadline.ts";
import type { OriginId, ReplicaId, ShardId } from "../base/ids.ts";
import type { AckLevel } from "../store.ts";

export interface Acks {
  readonly reached: number;
  readonly wanted: number;
  readonly met: boolean;
}

export interface AckWait {
  readonly shard: ShardId;
  readonly origin: OriginId;
  readonly sequence: number;
  readonly level: Exclude<AckLevel, "memory">;
  readonly dueAt: number;
  /** When the clock is put back, it is due all the same once it is this far off. */
  readonly waitMaxMs: number;
  readonly answer: (acks: Acks) => void;
}

export interface AckView {
  /** True when this replica has the dot on disk. */
  isDurable(shard: ShardId, origin: OriginId, sequence: number): boolean;
  /** This replica owns the shard: it counts. */
  counts(shard: ShardId): boolean;
  /** Other owners of the shard that have to be counted, all of them or those of this region. */
  others(shard: ShardId, level: "region" | "quorum" | "all"): readonly ReplicaId[];
  /** False where others must be there of whom this replica has not yet heard: how many a majority takes, nobody knows. */
  isMajorityKnown(): boolean;
  /** Greatest sequence of our origin that a member is known to cover. */
  covered(id: ReplicaId, shard: ShardId, origin: OriginId): number;
}

export class AckWaits {
  readonly #view: AckView;
  readonly #waitsByShard = new Map<ShardId, AckWait[]>();
  #earliest = Infinity;
  #tickedAt = -Infinity;

  constructor(view: AckView) {
    this.#view = view;
  }

  get waiting(): number {
    let count = 0;
    for (const waits of this.#waitsByShard.values()) count += waits.length;
    return count;
  }

  add(wait: AckWait): void {
    const waits = this.#waitsByShard.get(wait.shard);
    if (waits === undefined) this.#waitsByShard.set(wait.shard, [wait]);
    else waits.push(wait);
    this.#earliest = Math.min(this.#earliest, wait.dueAt);
    this.progressed(wait.shard);
  }

  /** Somebody, perhaps the disk, has more of a shard than before. */
  progressed(shard: ShardId): void {
    const waits = this.#waitsByShard.get(shard);
    if (waits === undefined) return;
    this.#keep(
      shard,
      waits.filter((wait) => {
        const acks = this.#count(wait);
        if (acks.met) wait.answer(acks);
        return !acks.met;
      }),
    );
  }

  /** Everybody may have more than before. */
  progressedEverywhere(): void {
    for (const shard of [...this.#waitsByShard.keys()]) this.progressed(shard);
  }

  /** Answers what has waited long enough. */
  tick(now: number): void {
    const wasPutBack = now < this.#tickedAt;
    this.#tickedAt = now;
    if (now < this.#earliest && !wasPutBack) return;
    this.#earliest = Infinity;
    for (const [shard, waits] of [...this.#waitsByShard]) {
      const left = waits.filter((wait) => {
        if (!isDue(wait, now)) return true;
        wait.answer(this.#count(wait));
        return false;
      });
      for (const wait of left) this.#earliest = Math.min(this.#earliest, wait.dueAt);
      this.#keep(shard, left);
    }
  }

  #keep(shard: ShardId, waits: AckWait[]): void {
    if (waits.length === 0) this.#waitsByShard.delete(shard);
    else this.#waitsByShard.set(shard, waits);
  }

  #count(wait: AckWait): Acks {
    if (wait.level === "disk") {
      const met = this.#view.isDurable(wait.shard, wait.origin, wait.sequence);
      return { reached: met ? 1 : 0, wanted: 1, met };
    }
    const others = this.#view.others(wait.shard, wait.level);
    const own = this.#view.counts(wait.shard) ? 1 : 0;
    const all = others.length + (this.#view.isMajorityKnown() ? own : own + 1);
    // Where there is none that counts, one is wanted all the same.
    const wanted = Math.max(1, wait.level === "all" ? all : Math.floor(all / 2) + 1);
    let reached = own;
    for (const id of others) {
      if (this.#view.covered(id, wait.shard, wait.origin) >= wait.sequence) reached++;
    }
    return { reached, wanted, met: reached >= wanted };
  }
}
