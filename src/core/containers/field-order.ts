/**
 * The order of a container's members, and of increments that stand for one: by a public hash of their fields, those of one hash by their bytes, as keys are listed
 * (`key-order.ts`); in a list by their bytes alone. It is the same at every replica and after every start, so that a cursor is
 * good at each of them.
 */

import { orderOf } from "../key-order.ts";
import { memberFieldLengthAt } from "../record/member.ts";
import { fieldLengthAt, identityEndAt } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";

export class FieldOrder {
  readonly #table: RegisterTable;
  #compared = 0;
  #comparedOrder = 0;

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  /** The slot that comparisons from now on are with, mostly: its hash is taken once. */
  compared(slot: number): void {
    this.#compared = 0;
    this.#comparedOrder = this.orderOf(slot);
    this.#compared = slot;
  }

  /** The place of the field in a slot: 0 to `ORDER_MAX` of `key-order.ts`. */
  orderOf(slot: number): number {
    if (slot === this.#compared) return this.#comparedOrder;
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    const start = identityEndAt(view, at) - fieldLengthAt(view, at);
    return orderOf(view, start, start + memberFieldLengthAt(view, at));
  }

  readonly isBefore = (a: number, b: number): boolean => {
    const orderA = this.orderOf(a);
    const orderB = this.orderOf(b);
    return orderA === orderB ? a !== b && compareFields(this.#table, a, b) < 0 : orderA < orderB;
  };

  /** Of a list, whose members' fields are their places in it (`list-position.ts`). */
  readonly isBeforeInList = (a: number, b: number): boolean => a !== b && compareFields(this.#table, a, b) < 0;
}

/** Of the fields in two slots, as bytes: below 0 where the first comes first. */
export function compareFields(table: RegisterTable, a: number, b: number): number {
  const [viewA, viewB] = [table.viewOf(a), table.viewOf(b)];
  const [atA, atB] = [table.offsetOf(a), table.offsetOf(b)];
  const [lengthA, lengthB] = [memberFieldLengthAt(viewA, atA), memberFieldLengthAt(viewB, atB)];
  const startA = identityEndAt(viewA, atA) - fieldLengthAt(viewA, atA);
  const startB = identityEndAt(viewB, atB) - fieldLengthAt(viewB, atB);
  for (let i = 0; i < lengthA && i < lengthB; i++) {
    const difference = viewA.getUint8(startA + i) - viewB.getUint8(startB + i);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}
