/**
 * The order of a sorted set: by score, and members of one score by the bytes of their names. A score is a double, eight bytes,
 * big endian; it is never NaN (`record-check.ts`), and 0 and -0 are one place.
 */

import { compareFields } from "./field-order.ts";
import { valueStartAt } from "./record.ts";
import type { RegisterTable } from "./register-table.ts";

export const SCORE_BYTES = 8;

export function encodeScore(score: number): Uint8Array {
  const bytes = new Uint8Array(SCORE_BYTES);
  new DataView(bytes.buffer).setFloat64(0, score);
  return bytes;
}

export function decodeScore(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
}

/** Of the record of a member of a sorted set that stands. */
export function scoreAt(view: DataView, at: number): number {
  return view.getFloat64(valueStartAt(view, at));
}

export class ScoreOrder {
  readonly #table: RegisterTable;

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  /** The one place that says by which score a member is ordered and shown. */
  scoreOf(slot: number): number {
    return scoreAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }

  readonly isBefore = (a: number, b: number): boolean => {
    const scoreA = this.scoreOf(a);
    const scoreB = this.scoreOf(b);
    return scoreA === scoreB ? a !== b && compareFields(this.#table, a, b) < 0 : scoreA < scoreB;
  };
}
