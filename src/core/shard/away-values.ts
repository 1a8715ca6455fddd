/** Values of a shard that are not in memory, and those that may go (E1 to E3 of `residency.ts`). */

import { checksumAt, flagsAt, isAway, recordLength, sequenceAt, valueLengthAt, wholeLength } from "../record/record.ts";
import { compareRecords } from "../record/record-order.ts";
import { EMPTY, FREE_TO_GO, HELD_BACK, type Hold, usedOnceMore } from "../table/s3-fifo.ts";
import { DIRTY, UNCONFIRMED } from "../table/slot-marks.ts";
import { AWAY_BYTES_MIN, mayBeAway } from "./accounts.ts";
import type { Holdings } from "./holdings.ts";
import type { Shard } from "./shard.ts";

export class AwayValues {
  readonly #shard: Shard;
  readonly #holdings: Holdings;

  constructor(shard: Shard, holdings: Holdings) {
    this.#shard = shard;
    this.#holdings = holdings;
  }

  /** What of a slot is held, by what it holds that may be away. */
  holdOf(slot: number): Hold {
    const { table } = this.#holdings;
    if (!table.isHeld(slot) || table.isSentinel(slot)) return EMPTY;
    if (!mayBeAway(table.viewOf(slot), table.offsetOf(slot))) return EMPTY;
    return (table.getMark(slot) & (DIRTY | UNCONFIRMED)) !== 0 || this.#shard.isLeaving ? HELD_BACK : FREE_TO_GO;
  }

  /** True of a register whose value is away, or may be. */
  mayBeLent(slot: number): boolean {
    const { table } = this.#holdings;
    if (!table.isHeld(slot) || table.isSentinel(slot)) return false;
    const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
    return isAway(flagsAt(view, at)) || mayBeAway(view, at);
  }

  /** Of the record in a slot, in bytes, with its value wherever that is. */
  wholeLengthOf(slot: number): number {
    const { table } = this.#holdings;
    return wholeLength(table.viewOf(slot), table.offsetOf(slot));
  }

  /** Of what of it stays in memory when its value goes, in bytes; short values stay. */
  keptLengthOf(slot: number): number {
    const { table } = this.#holdings;
    const valueLength = valueLengthAt(table.viewOf(slot), table.offsetOf(slot));
    return this.wholeLengthOf(slot) - (valueLength < AWAY_BYTES_MIN ? 0 : valueLength);
  }

  /** Of the record as it is held, in bytes. */
  lengthOf(slot: number): number {
    const { table } = this.#holdings;
    return recordLength(table.viewOf(slot), table.offsetOf(slot));
  }

  /** A client asked for the value in a slot. */
  used(slot: number): void {
    const { table } = this.#holdings;
    table.setUse(slot, usedOnceMore(table.getUse(slot)));
  }

  /** The disk alone has the value from now on, or where there is none a peer. */
  letGo(slot: number): void {
    const { accounts, table, writer } = this.#holdings;
    accounts.enterValue(valueLengthAt(table.viewOf(slot), table.offsetOf(slot)), false);
    const length = writer.withValueAway(table.viewOf(slot), table.offsetOf(slot));
    table.replace(slot, writer.bytes, 0, length);
  }

  /** The record of a slot whose value is away, whole. False for any other record. Throws `MEMORY_FULL`. */
  takeBack(slot: number, view: DataView, bytes: Uint8Array, at: number, length: number): boolean {
    const { accounts, residency, table } = this.#holdings;
    const [ownView, ownAt] = [table.viewOf(slot), table.offsetOf(slot)];
    const isSame =
      compareRecords(view, at, ownView, ownAt) === 0 &&
      sequenceAt(view, at) === sequenceAt(ownView, ownAt) &&
      checksumAt(view, at) === checksumAt(ownView, ownAt);
    if (!isSame) return false;
    table.replace(slot, bytes, at, length);
    accounts.enterValue(valueLengthAt(view, at), true);
    residency?.came(this.#shard, slot);
    return true;
  }

  /** Slots from `from` on whose values are away, at most `max` of them and after `looksMax` looks; and where to go on. */
  nextAway(from: number, max: number, looksMax: number): { readonly slots: readonly number[]; readonly next: number } {
    const { table } = this.#holdings;
    const slots: number[] = [];
    const end = Math.min(table.slotEnd, from + looksMax);
    let next = from;
    for (; next < end && slots.length < max; next++) {
      if (table.isHeld(next) && !table.isSentinel(next) && this.#shard.isAway(next)) slots.push(next);
    }
    return { slots, next };
  }

  /** Drops every register whose value is away, as if it had never been here: for a shard that is to claim nothing. */
  discard(): void {
    this.#holdings.forEachHeld((slot) => {
      if (this.#shard.isAway(slot)) this.#holdings.discard(slot);
    });
  }

  /** Slots that wait to be confirmed and whose values are away, at most so many. */
  unconfirmed(max: number): number[] {
    const { table, unconfirmed } = this.#holdings;
    const slots: number[] = [];
    for (let slot = 1; slot < table.slotEnd && slots.length < max; slot++) {
      if (!unconfirmed.has(slot) || !table.isHeld(slot)) continue;
      if (!table.isSentinel(slot) && this.#shard.isAway(slot)) slots.push(slot);
    }
    return slots;
  }
}
