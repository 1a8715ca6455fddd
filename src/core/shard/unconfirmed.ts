/** What is held of a shard and waits to be confirmed, as `quarantine.ts` tells: marks in the table, and how many there are. */

import type { RegisterTable } from "../table/register-table.ts";
import { IN_THE_WAY, UNCONFIRMED } from "../table/slot-marks.ts";

export class Unconfirmed {
  readonly #table: RegisterTable;
  count = 0;
  /** Those in the way of what came meanwhile. */
  inTheWay = 0;
  /** What was in the way has left, and what came meanwhile is not here. */
  isTorn = false;

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  has(slot: number): boolean {
    return (this.#table.getMark(slot) & UNCONFIRMED) !== 0;
  }

  isInTheWay(slot: number): boolean {
    return (this.#table.getMark(slot) & IN_THE_WAY) !== 0;
  }

  add(slot: number): void {
    if ((this.#table.getMark(slot) & UNCONFIRMED) === 0) this.count++;
    this.#table.setMark(slot, UNCONFIRMED);
  }

  /** What came was not taken in because of the register in a slot, which is unconfirmed. */
  standInTheWay(slot: number): void {
    if ((this.#table.getMark(slot) & IN_THE_WAY) === 0) this.inTheWay++;
    this.#table.setMark(slot, IN_THE_WAY);
  }

  /** Counts a register as confirmed, or as gone. */
  confirm(slot: number): void {
    if (this.count === 0) return;
    const mark = this.#table.getMark(slot);
    if ((mark & UNCONFIRMED) === 0) return;
    if ((mark & IN_THE_WAY) !== 0) this.inTheWay--;
    this.#table.clearMark(slot, UNCONFIRMED | IN_THE_WAY);
    this.count--;
  }
}
