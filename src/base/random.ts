/**
 * Repeatable random numbers: sfc32 (Chris Doty-Humphrey, PractRand), seeded by text. For simulations, tests and
 * jitter; not for secrets.
 */

import { assert } from "./assert.ts";
import { hashText } from "./hash.ts";

const TWO_32 = 4294967296;

/** Uniform 32-bit numbers: all that the replica asks of chance. */
export interface Random {
  uint32(): number;
}

/** One stream of numbers. Equal seeds give equal streams; the seeds `7` and `"7"` are the same. */
export class SeededRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    const text = encodeURIComponent(this.#seed);
    this.#a = hashText(text, 1);
    this.#b = hashText(text, 2);
    this.#c = hashText(text, 3);
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** A whole number from 0 to `n` - 1, each as likely; `n` from 1 to 2^53. */
  below(n: number): number {
    assert(n >= 1 && n <= 2 ** 53, `below(${n})`);
    const span = n <= TWO_32 ? TWO_32 : 2 ** 53;
    // What lies past the last whole multiple of n would favour small numbers.
    const fair = span - (span % n);
    for (;;) {
      const drawn = n <= TWO_32 ? this.uint32() : (this.uint32() >>> 11) * TWO_32 + this.uint32();
      if (drawn < fair) return drawn % n;
    }
  }

  /** True with probability `p`: never at 0, always at 1. */
  chance(p: number): boolean {
    return this.uint32() < p * TWO_32;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Puts a list in random order, in place (Fisher, Yates), and returns it. */
  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const other = this.below(i + 1);
      const moved = list[i] as T;
      list[i] = list[other] as T;
      list[other] = moved;
    }
    return list;
  }

  /**
   * A stream that depends on this one's seed and the label alone, not on what was drawn so far: a part that begins to
   * draw more does not disturb the others. The same label gives the same stream.
   */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`);
  }
}
