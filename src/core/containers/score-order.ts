/**
 * The order of a sorted set: by score, and members of one score by the bytes of their names. A score is a double, eight bytes,
 * big endian; it is never NaN (`record-check.ts`), and 0 and -0 are one place.
 */

import { memberStartAt, nameLengthAt, nameStartAt } from "../record/member.ts";
import type { RegisterTable } from "../table/register-table.ts";

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
  return view.getFloat64(memberStartAt(view, at));
}

export class ScoreOrder {
  readonly #table: RegisterTable;
  /** Of members that something was added to, by the slots that stand for them. */
  readonly sums = new Map<number, number>();

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  /** The one place that says by which score a member is ordered and shown. */
  scoreOf(slot: number): number {
    return this.sums.get(slot) ?? scoreAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }

  readonly isBefore = (a: number, b: number): boolean => {
    const scoreA = this.scoreOf(a);
    const scoreB = this.scoreOf(b);
    return scoreA === scoreB ? a !== b && compareNames(this.#table, a, b) < 0 : scoreA < scoreB;
  };
}

function compareNames(table: RegisterTable, a: number, b: number): number {
  const [viewA, viewB] = [table.viewOf(a), table.viewOf(b)];
  const [atA, atB] = [table.offsetOf(a), table.offsetOf(b)];
  const [lengthA, lengthB] = [nameLengthAt(viewA, atA), nameLengthAt(viewB, atB)];
  const [startA, startB] = [nameStartAt(viewA, atA), nameStartAt(viewB, atB)];
  for (let i = 0; i < lengthA && i < lengthB; i++) {
    const difference = viewA.getUint8(startA + i) - viewB.getUint8(startB + i);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}
