/**
 * Which members a collection had at one instant, in an order, to be read little by little while others write. It holds their
 * slots, four bytes each; nothing is kept from being written for it.
 *
 *  S1. A member that was there then and still is when it is come to is read once, in its place, as it is by now.
 *  S2. One that has gone by then is left out. So is what came later, unless it was given the slot of one that had gone for so
 *      long that it was purged.
 */

import type { Container } from "../core/containers/container.ts";
import type { Shard } from "../core/shard/shard.ts";

export interface Enough {
  /** Of members, those that have gone included. */
  readonly countMax: number;
  /** The last may exceed it. */
  readonly bytesMax: number;
  bytesOf(slot: number): number;
}

export interface Page {
  readonly slots: readonly number[];
  /** Of all of them. */
  readonly bytes: number;
  readonly end: number;
}

export class Snapshot {
  readonly shard: Shard;
  readonly #container: Container | undefined;
  readonly #slots: Uint32Array;
  readonly #nowMs: number;
  readonly #changes: number;
  #at = 0;

  /** What has not expired at `nowMs` is there, however long it takes. */
  constructor(
    shard: Shard,
    container: Container | undefined,
    slots: Uint32Array,
    nowMs: number,
    changes = container?.changes ?? 0,
  ) {
    this.shard = shard;
    this.#container = container;
    this.#slots = slots;
    this.#nowMs = nowMs;
    this.#changes = changes;
  }

  /** The next members, until they are enough; valid until something is written. It goes on with `skipTo`. */
  peek({ countMax, bytesMax, bytesOf }: Enough): Page {
    const slots: number[] = [];
    let bytes = 0;
    let at = this.#at;
    const isUnchanged = this.#container?.changes === this.#changes;
    const end = this.#isGone ? this.#slots.length : Math.min(this.#slots.length, at + countMax);
    if (this.#isGone) return { slots, bytes, end };
    for (; at < end && bytes < bytesMax; at++) {
      const slot = this.#presentSlot(this.#slots[at] as number, isUnchanged);
      if (slot === 0) continue;
      bytes += bytesOf(slot);
      slots.push(slot);
    }
    return { slots, bytes, end: at };
  }

  /** Slots of the next members, of so many at most, those that have gone included; it goes on behind them. Undefined: nothing is left. */
  next(countMax: number): readonly number[] | undefined {
    if (this.isDone) return undefined;
    const { slots, end } = this.peek({ countMax, bytesMax: Infinity, bytesOf: () => 0 });
    this.skipTo(end);
    return slots;
  }

  /** As `next`, with the place of each among all that were there at that instant, from 0 on. */
  nextPlaced(countMax: number): readonly { readonly slot: number; readonly place: number }[] | undefined {
    if (this.isDone) return undefined;
    const placed: { slot: number; place: number }[] = [];
    const { isUnchanged } = this;
    const end = this.#isGone ? this.size : Math.min(this.size, this.#at + countMax);
    for (let place = this.#at; place < end && !this.#isGone; place++) {
      const slot = this.#presentSlot(this.#slots[place] as number, isUnchanged);
      if (slot !== 0) placed.push({ slot, place });
    }
    this.skipTo(end);
    return placed;
  }

  /** Where it goes on: the place of the next. */
  get at(): number {
    return this.#at;
  }

  /** How many there were. */
  get size(): number {
    return this.#slots.length;
  }

  get kind(): number {
    return this.#container?.kind ?? 0;
  }

  get isDone(): boolean {
    return this.#at >= this.#slots.length;
  }

  /** Nothing of the collection was written since. */
  get isUnchanged(): boolean {
    return !this.#isGone && this.#container?.changes === this.#changes;
  }

  /** The same, of some of the slots. */
  of(slots: readonly number[]): Snapshot {
    const { shard } = this;
    return new Snapshot(shard, this.#container, Uint32Array.from(slots), this.#nowMs, this.#changes);
  }

  /** From the last on, in place of this one, whose slots it turns round. */
  reversed(): Snapshot {
    return new Snapshot(this.shard, this.#container, this.#slots.reverse(), this.#nowMs, this.#changes);
  }

  /** All of it once more. */
  again(): Snapshot {
    return new Snapshot(this.shard, this.#container, this.#slots, this.#nowMs, this.#changes);
  }

  /** True: there are more. */
  skipTo(end: number): boolean {
    this.#at = end;
    return end < this.#slots.length;
  }

  get #isGone(): boolean {
    const container = this.#container;
    return container === undefined || this.shard.containers.find(container.kind, container.key) !== container;
  }

  /** That which stands for the same member by now; 0: it is not there any more. */
  #presentSlot(slot: number, isUnchanged: boolean): number {
    const { table, containers } = this.shard;
    if (!isUnchanged && (!table.isHeld(slot) || table.isSentinel(slot))) return 0;
    const present = isUnchanged ? slot : containers.places.presentSlot(this.#container as Container, slot);
    return present !== 0 && this.shard.isLive(present, this.#nowMs) ? present : 0;
  }
}
