/**
 * The natural logarithm, of operations that IEEE 754 defines to the last bit: replicas on different processors get the
 * same number from it, which nobody promises of `Math.log`.
 */

import { assert } from "./assert.ts";

const ODD_FRACTIONS = [1, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15, 1 / 17];

/**
 * ln of a positive finite number, to about 14 digits; meant for numbers not far from 1: it takes a step a power of two.
 */
export function naturalLog(value: number): number {
  assert(value > 0 && value < Infinity, "logarithm of a number that has none");
  let rest = value;
  let powers = 0;
  // Halving and doubling are exact.
  for (; rest > Math.SQRT2; rest /= 2) powers++;
  for (; rest < Math.SQRT2 / 2; rest *= 2) powers--;
  // ln x = 2 artanh((x - 1) / (x + 1)); the argument is at most 0.172.
  const ratio = (rest - 1) / (rest + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let term = ODD_FRACTIONS.length - 1; term >= 0; term--) sum = sum * square + (ODD_FRACTIONS[term] as number);
  return powers * Math.LN2 + 2 * ratio * sum;
}
