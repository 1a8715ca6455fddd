/**
 * A sorted set: a collection whose values are scores, and which has, besides the order of all collections, that of its scores
 * (`core/containers/score-order.ts`). Of two concurrent scores of one member the later write wins, like of any register.
 */

import { nameLengthAt, nameStartAt } from "../core/record/member.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { CollectionId } from "./collection.ts";
import { isOver } from "./container.ts";

/** Slots of members that may be shown, by score, with their ranks. Valid until something is written. */
export interface Ranked {
  readonly size: number;
  /** The slot at a rank; 0 where there is none. */
  at(rank: number): number;
  /** How many lie before a place. */
  rank(isBefore: (slot: number) => boolean): number;
  /** From a rank on, upwards. */
  from(rank: number): Iterable<number>;
  /** From one rank on to before another. */
  copy(from: number, to: number): Uint32Array;
}

/** O(1) but where some of the members may not be shown though they stand: those are left out one by one. */
export function ranked(shard: Shard, { kind, key }: CollectionId, nowMs: number): Ranked {
  const container = shard.containers.find(kind, key);
  if (container?.byScore === undefined || isOver(shard, kind, key, nowMs)) return new RankedSlots([]);
  if (shard.containers.places.ends.dueBy(container.byEnd, nowMs) === 0 && !shard.quarantined) return container.byScore;
  const slots: number[] = [];
  for (const slot of container.byScore.from(0)) if (shard.isLive(slot, nowMs)) slots.push(slot);
  return new RankedSlots(slots);
}

/** What a member is ordered by and shown with. */
export function scoreOf(shard: Shard, slot: number): number {
  return shard.containers.places.scores.scoreOf(slot);
}

/** True of members whose scores are below one, or that have it where `isThrough`. */
export function isBelowScore(shard: Shard, score: number, isThrough: boolean): (slot: number) => boolean {
  const { scores } = shard.containers.places;
  return isThrough ? (slot) => scores.scoreOf(slot) <= score : (slot) => scores.scoreOf(slot) < score;
}

/** True of members whose names come before one, as bytes, or are it where `isThrough`. */
export function isBelowName(shard: Shard, name: Uint8Array, isThrough: boolean): (slot: number) => boolean {
  return (slot) => {
    const difference = compareName(shard, slot, name);
    return isThrough ? difference <= 0 : difference < 0;
  };
}

/** True of members before that in a slot. */
export function isBeforeMember(shard: Shard, slot: number): (slot: number) => boolean {
  const { scores } = shard.containers.places;
  return (other) => scores.isBefore(other, slot);
}

function compareName(shard: Shard, slot: number, name: Uint8Array): number {
  const view = shard.table.viewOf(slot);
  const start = nameStartAt(view, shard.table.offsetOf(slot));
  const length = nameLengthAt(view, shard.table.offsetOf(slot));
  for (let i = 0; i < length && i < name.length; i++) {
    const difference = view.getUint8(start + i) - (name[i] as number);
    if (difference !== 0) return difference;
  }
  return length - name.length;
}

class RankedSlots implements Ranked {
  readonly #slots: readonly number[];

  constructor(slots: readonly number[]) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#slots.length;
  }

  at(rank: number): number {
    return this.#slots[rank] ?? 0;
  }

  rank(isBefore: (slot: number) => boolean): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#slots[middle] as number)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  from(rank: number): Iterable<number> {
    return this.#slots.slice(Math.max(0, rank));
  }

  copy(from: number, to: number): Uint32Array {
    return Uint32Array.from(this.#slots.slice(Math.max(0, from), Math.max(0, to)));
  }
}
