/** The order of members that expire by themselves: by when. */

import { expiresAt } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import { OrderedSlots } from "./ordered-slots.ts";

export class EndOrder {
  readonly #table: RegisterTable;

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  inOrder(): OrderedSlots {
    return new OrderedSlots(this.#isBefore);
  }

  /** How many of `slots`, the first of them, have expired by an instant, and have not fallen yet. */
  dueBy(slots: OrderedSlots | undefined, instant: number): number {
    return slots?.rank((slot) => this.#endOf(slot) <= instant) ?? 0;
  }

  readonly #isBefore = (a: number, b: number): boolean => {
    const [endA, endB] = [this.#endOf(a), this.#endOf(b)];
    return endA === endB ? a < b : endA < endB;
  };

  #endOf(slot: number): number {
    return expiresAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }
}
