/** When registers of a shard expire, and how they fall once that is past: the place in the order stays, the value goes. */

import type { Digest } from "../digest.ts";
import { elementHigh, elementLow, Fingerprint } from "../record/fingerprint.ts";
import { expiresAt, FALLEN, flagsAt, isGone } from "../record/record.ts";
import type { Agenda } from "./agenda.ts";
import { ExpiryHeap } from "./expiry.ts";
import type { Holdings } from "./holdings.ts";

export class Expiries {
  readonly #heap = new ExpiryHeap();
  readonly #holdings: Holdings;
  readonly #agenda: Agenda;
  /** Unix ms until which something may not yet have expired here that has fallen: a peer with a faster clock let it. */
  fallenUntil = 0;

  constructor(holdings: Holdings, agenda: Agenda) {
    this.#holdings = holdings;
    this.#agenda = agenda;
  }

  get residentBytes(): number {
    return this.#heap.residentBytes;
  }

  /** Earliest instant at which `sweep` may find something, unix ms. */
  get earliest(): number {
    return this.#heap.earliest;
  }

  /** A register that expires has come into a slot. */
  note(instant: number, slot: number): void {
    this.noteLoaded(instant, slot);
    if (this.#heap.size <= 2 * this.#holdings.accounts.expiring + 64) return;
    this.#heap.clear();
    this.#holdings.forEachHeld((each) => {
      const [view, at] = [this.#holdings.table.viewOf(each), this.#holdings.table.offsetOf(each)];
      if ((flagsAt(view, at) & FALLEN) === 0 && expiresAt(view, at) !== Infinity)
        this.#heap.push(expiresAt(view, at), each);
    });
  }

  /** The same, while not all are there. */
  noteLoaded(instant: number, slot: number): void {
    this.#heap.push(instant, slot);
    this.#agenda.earliestExpiry = Math.min(this.#agenda.earliestExpiry, instant);
  }

  /** A register has fallen, here or elsewhere. */
  noteFallen(view: DataView, at: number): void {
    const due = expiresAt(view, at);
    if (isGone(flagsAt(view, at)) && due !== Infinity) this.fallenUntil = Math.max(this.fallenUntil, due);
  }

  /**
   * Lets registers fall whose expiry is at or before `instant`, at most `budget` of them; `fell` is told each slot while
   * its value is still there. Returns true when none is left.
   */
  sweep(instant: number, budget: number, fell: (slot: number) => void): boolean {
    const { table, writer } = this.#holdings;
    for (let left = budget; this.#heap.earliest <= instant; left--) {
      if (left === 0) return false;
      const slot = this.#heap.pop();
      if (!table.isHeld(slot) || table.isSentinel(slot)) continue;
      const view = table.viewOf(slot);
      const at = table.offsetOf(slot);
      if ((flagsAt(view, at) & FALLEN) !== 0 || expiresAt(view, at) > instant) continue;
      fell(slot);
      const length = writer.withoutValue(view, at);
      // What waits to be confirmed goes on waiting: others may cover its dot, and have never seen it.
      this.#holdings.store(slot, writer.view, writer.bytes, 0, length);
    }
    return true;
  }

  /** As `Shard.fingerprintAsOf`, of all that may expire. */
  fingerprintAsOf(instant: number, looksMax: number): Digest | undefined {
    const { table, accounts } = this.#holdings;
    if (this.fallenUntil > instant) return undefined;
    const { low, high } = accounts.fingerprint;
    if (this.earliest > instant) return { low, high };
    const due = this.dueBy(instant, looksMax);
    if (due === undefined) return undefined;
    const left = new Fingerprint();
    left.addElement(low, high);
    for (const slot of due) {
      const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
      left.removeElement(elementLow(view, at), elementHigh(view, at));
    }
    return { low: left.low, high: left.high };
  }

  /** What has expired by `instant`, and has not fallen yet; undefined where that would take more than `looksMax` looks. */
  dueBy(instant: number, looksMax: number): readonly number[] | undefined {
    if (this.earliest > instant) return [];
    const { table } = this.#holdings;
    const slots = this.#heap.dueBy(instant, looksMax);
    return (
      slots &&
      [...slots].filter((slot) => {
        if (!table.isHeld(slot) || table.isSentinel(slot)) return false;
        const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
        return (flagsAt(view, at) & FALLEN) === 0 && expiresAt(view, at) <= instant;
      })
    );
  }

  clear(): void {
    this.#heap.clear();
    this.fallenUntil = 0;
  }
}
