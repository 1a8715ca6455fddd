/** What the disk lacks of a shard: identities that went, slots that changed, and whether anything besides registers did. */

import { identityEndAt } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import { DIRTY } from "../table/slot-marks.ts";
import type { Agenda } from "./agenda.ts";
import type { Shard } from "./shard.ts";

export class Unsaved {
  readonly #shard: Shard;
  readonly #table: RegisterTable;
  readonly #agenda: Agenda;
  readonly #isPersistent: boolean;
  /** Something besides registers that the disk has to learn. */
  #head = false;
  #slots: number[] = [];
  #removed: Uint8Array[] = [];

  /** `isPersistent`: there is a disk that has to learn of every change. */
  constructor(shard: Shard, table: RegisterTable, agenda: Agenda, isPersistent: boolean) {
    this.#shard = shard;
    this.#table = table;
    this.#agenda = agenda;
    this.#isPersistent = isPersistent;
  }

  get isAny(): boolean {
    return this.#head || this.#slots.length > 0 || this.#removed.length > 0;
  }

  /** The disk has not been handed the register in a slot as it is. */
  has(slot: number): boolean {
    return (this.#table.getMark(slot) & DIRTY) !== 0;
  }

  /** A register was written. */
  note(slot: number): void {
    if (!this.#isPersistent || (this.#table.getMark(slot) & DIRTY) !== 0) return;
    this.#table.setMark(slot, DIRTY);
    if (this.#slots.push(slot) === 1) this.#agenda.dirty.add(this.#shard);
  }

  /** Something besides registers has changed. */
  noteHead(): void {
    if (this.#head) return;
    this.#head = true;
    if (this.#isPersistent) this.#agenda.dirty.add(this.#shard);
  }

  /** The register at `at` of `view` is about to go. */
  noteRemoval(view: DataView, at: number): void {
    if (this.#isPersistent) this.#removed.push(identityCopy(view, at));
  }

  /** Hands over all that the disk lacks: first identities to remove, then slots to write. Clears the list. */
  take(removed: (identity: Uint8Array) => void, written: (slot: number) => void): void {
    for (const identity of this.#removed) removed(identity);
    for (const slot of this.#slots) {
      if (!this.#table.isHeld(slot) || (this.#table.getMark(slot) & DIRTY) === 0) continue;
      this.#table.clearMark(slot, DIRTY);
      written(slot);
    }
    this.#removed = [];
    this.#slots = [];
    this.#head = false;
    this.#agenda.dirty.delete(this.#shard);
  }
}

/** Header, key and field of a record, enough to name its place on disk. */
function identityCopy(view: DataView, at: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, identityEndAt(view, at) - at).slice();
}
