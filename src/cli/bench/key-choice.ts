/**
 * Which key a request is for, of `count`: each as likely, or by Zipf's law, where key k is asked for in proportion to
 * 1 / (k + 1)^0.99, as in YCSB (Cooper et al. 2010, section 4.1).
 */

import type { Random } from "../../base/random.ts";

export type Distribution = "zipf" | "uniform";

const EXPONENT = 0.99;
const TWO_32 = 4294967296;

export type KeyChoice = (random: Random) => number;

export function createKeyChoice(distribution: Distribution, count: number): KeyChoice {
  return distribution === "uniform" ? (random) => Math.floor((random.uint32() / TWO_32) * count) : zipf(count);
}

function zipf(count: number): KeyChoice {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let key = 0; key < count; key++) {
    sum += (key + 1) ** -EXPONENT;
    upTo[key] = sum;
  }
  return (random) => {
    const drawn = (random.uint32() / TWO_32) * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((upTo[middle] as number) <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
