/**
 * Writes that were asked to get further than memory before they are answered: who has them, and when to stop waiting. A
 * write whose level is not reached in time stays and spreads; the answer says how far it got.
 */

import { isDue } from "../base/deadline.ts";
import type { OriginId, ReplicaId, ShardId } from "../base/ids.ts";
import type { AckLevel, Acks, Dot } from "../store.ts";

export interface AckWait {
  readonly shard: ShardId;
  readonly origin: OriginId;
  readonly sequence: number;
  /** Other writes that count with it: who has all of them has it. Of other levels than `disk`. */
  readonly beside?: readonly Dot[] | undefined;
  readonly level: Exclude<AckLevel, "memory">;
  /** So many are enough, this replica included, whatever the level asks for. */
  readonly enough?: number | undefined;
  readonly dueAt: number;
  /** When the clock is put back, it is due all the same once it is this far off. */
  readonly waitMaxMs: number;
  readonly answer: (acks: Acks) => void;
}

/** A write that others have not acknowledged for so long is shown to those who lack it, and again as often, ms. */
const LATE_MS = 500;
const LATE_WAIT_MS_MAX = 2 * LATE_MS;

/** A wait, and when those who lack the write are shown it. */
interface Waiting extends AckWait {
  readonly dots: readonly Dot[];
  offerDueAt: number;
  /** Answered, or given up. */
  isDone: boolean;
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
  /** Shows a member what there is of shards of which it lacks something, and asks what it has. */
  offer(id: ReplicaId, shards: ReadonlySet<ShardId>, now: number): void;
}

export class AckWaits {
  readonly #view: AckView;
  readonly #waitsByShard = new Map<ShardId, Waiting[]>();
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

  /** Gives it up, unanswered, once what is returned is called. */
  add(wait: AckWait, now: number): () => void {
    const waiting: Waiting = {
      ...wait,
      dots: [wait, ...(wait.beside ?? [])],
      offerDueAt: now + LATE_MS,
      isDone: false,
    };
    const acks = this.#count(waiting);
    if (acks.met) {
      wait.answer(acks);
      return () => {};
    }
    for (const { shard } of waiting.dots) {
      const waits = this.#waitsByShard.get(shard);
      if (waits === undefined) this.#waitsByShard.set(shard, [waiting]);
      else waits.push(waiting);
    }
    this.#earliest = Math.min(this.#earliest, wait.dueAt);
    return () => this.#giveUp(waiting);
  }

  #giveUp(wait: Waiting): void {
    if (wait.isDone) return;
    wait.isDone = true;
    for (const { shard } of wait.dots) this.#keep(shard, this.#waitsByShard.get(shard) ?? []);
  }

  /** Somebody, perhaps the disk, has more of a shard than before. */
  progressed(shard: ShardId): void {
    const waits = this.#waitsByShard.get(shard);
    if (waits === undefined) return;
    for (const wait of waits) {
      if (wait.isDone) continue;
      const acks = this.#count(wait);
      if (!acks.met) continue;
      wait.isDone = true;
      wait.answer(acks);
    }
    this.#keep(shard, waits);
  }

  /** Everybody may have more than before. */
  progressedEverywhere(): void {
    for (const shard of [...this.#waitsByShard.keys()]) this.progressed(shard);
  }

  /** Answers what has waited long enough, and does something about what is late. */
  tick(now: number): void {
    this.#answerDue(now);
    this.#offerLate(now);
  }

  #answerDue(now: number): void {
    const wasPutBack = now < this.#tickedAt;
    this.#tickedAt = now;
    if (now < this.#earliest && !wasPutBack) return;
    this.#earliest = Infinity;
    for (const [shard, waits] of [...this.#waitsByShard]) {
      for (const wait of waits) {
        if (wait.isDone) continue;
        if (isDue(wait, now)) {
          wait.isDone = true;
          wait.answer(this.#count(wait));
        } else this.#earliest = Math.min(this.#earliest, wait.dueAt);
      }
      this.#keep(shard, waits);
    }
  }

  /** What is late may have gone with a link, or with whoever was to pass it on. */
  #offerLate(now: number): void {
    const lackedById = new Map<ReplicaId, Set<ShardId>>();
    for (const wait of [...this.#waitsByShard.values()].flat()) {
      if (wait.isDone || !isDue({ dueAt: wait.offerDueAt, waitMaxMs: LATE_WAIT_MS_MAX }, now)) continue;
      wait.offerDueAt = now + LATE_MS;
      for (const id of this.#lacking(wait)) {
        const lacked = lackedById.get(id) ?? new Set<ShardId>();
        for (const dot of wait.dots) if (!this.#has(id, dot)) lacked.add(dot.shard);
        lackedById.set(id, lacked);
      }
    }
    for (const [id, shards] of lackedById) this.#view.offer(id, shards, now);
  }

  #lacking({ shard, dots, level }: Waiting): readonly ReplicaId[] {
    if (level === "disk") return [];
    return this.#view.others(shard, level).filter((id) => !dots.every((dot) => this.#has(id, dot)));
  }

  #has(id: ReplicaId, { shard, origin, sequence }: Dot): boolean {
    return this.#view.covered(id, shard, origin) >= sequence;
  }

  /** Those that are not done. */
  #keep(shard: ShardId, waits: readonly Waiting[]): void {
    const left = waits.filter(({ isDone }) => !isDone);
    if (left.length === 0) this.#waitsByShard.delete(shard);
    else this.#waitsByShard.set(shard, left);
  }

  #count(wait: Waiting): Acks {
    if (wait.level === "disk") {
      const met = this.#view.isDurable(wait.shard, wait.origin, wait.sequence);
      return { reached: met ? 1 : 0, wanted: 1, met };
    }
    const { shard, level } = wait;
    const others = this.#view.others(shard, level);
    const own = this.#view.counts(shard) ? 1 : 0;
    const all = others.length + (this.#view.isMajorityKnown() ? own : own + 1);
    // Where there is none that counts, one is wanted all the same.
    const wanted = wait.enough ?? Math.max(1, level === "all" ? all : Math.floor(all / 2) + 1);
    const reached = own + others.length - this.#lacking(wait).length;
    return { reached, wanted, met: reached >= wanted };
  }
}
