/** Names with scores, gathered in steps and put in order in steps, before they are answered or stored. */

import type { PackedItems } from "../../base/packed-items.ts";
import { sortInSteps } from "../../base/sort-in-steps.ts";

/** What a name takes that is remembered, beside its bytes: with its score, and its places in what orders it. */
const NAME_BYTES = 40;
/** Packed in one step. */
const PACK_MAX = 4096;

export class ScoredNames {
  readonly #names: string[] = [];
  readonly #scores: number[] = [];
  /** About what it takes. */
  bytes = 0;

  get count(): number {
    return this.#names.length;
  }

  /** Returns its number, from 0 on. */
  add(name: string, score: number): number {
    this.bytes += NAME_BYTES + name.length;
    this.#scores.push(score);
    return this.#names.push(name) - 1;
  }

  scoreAt(number: number): number {
    return this.#scores[number] as number;
  }

  setScore(number: number, score: number): void {
    this.#scores[number] = score;
  }

  /** Packs all of them by their scores, and of one score by their names as bytes; each step tells what it took of room. */
  *packInOrder(hasScores: boolean, into: PackedItems): Generator<number, void> {
    const numbers = new Uint32Array(this.count);
    for (let number = 0; number < numbers.length; number++) numbers[number] = number;
    const sorting = sortInSteps(numbers, (a, b) => this.#compare(a, b));
    let step = sorting.next();
    for (; step.done !== true; step = sorting.next()) yield 0;
    const order = step.value;
    for (let from = 0; from < order.length; from += PACK_MAX) {
      const { bytes } = into;
      for (const number of order.subarray(from, from + PACK_MAX)) {
        into.addText(this.#names[number] as string);
        if (hasScores) into.addDouble(this.#scores[number] as number);
      }
      yield into.bytes - bytes;
    }
  }

  #compare(a: number, b: number): number {
    const [ofA, ofB] = [this.#scores[a] as number, this.#scores[b] as number];
    if (ofA !== ofB) return ofA < ofB ? -1 : 1;
    return (this.#names[a] as string) < (this.#names[b] as string) ? -1 : 1;
  }
}
