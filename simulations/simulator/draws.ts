/**
 * Draws that networks, disks and schedules need beyond what `SeededRandom` offers, the same on any machine: of a power the
 * last bit is up to the C library, where `Math.exp` and `Math.log` are V8's own.
 */

import type { Random } from "../../src/replica/ports.ts";

const TWO_32 = 4294967296;

/** A number in [0, 1). */
export function unit(random: Random): number {
  return random.uint32() / TWO_32;
}

/** A number in [low, high), not rounded. */
export function uniform(random: Random, low: number, high: number): number {
  return low + unit(random) * (high - low);
}

/** A number in [0, 1), small ones likelier. */
export function smallUnit(random: Random): number {
  const share = unit(random);
  return share * share;
}

/** Exponential with this mean: the gap between events that have no memory. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - unit(random)) * mean;
}

/** One of the names of `weights`, in proportion to its weight. At least one weight is above 0. */
export function pickWeighted<Name extends string>(random: Random, weights: Readonly<Record<Name, number>>): Name {
  const names = (Object.keys(weights) as Name[]).filter((name) => weights[name] > 0);
  let rest = unit(random) * names.reduce((total, name) => total + weights[name], 0);
  for (const name of names) {
    rest -= weights[name];
    if (rest < 0) return name;
  }
  return names[names.length - 1] as Name;
}

/** An index in [0, count), small ones likelier: index k has weight 1 / (k + 1) ^ skew (Zipf). 0 = uniform. */
export function skewedBelow(random: Random, count: number, skew: number): number {
  const { weights, total } = zipf(count, skew);
  let rest = unit(random) * total;
  for (let k = 0; k < count - 1; k++) {
    rest -= weights[k] as number;
    if (rest < 0) return k;
  }
  return count - 1;
}

interface Zipf {
  readonly count: number;
  readonly skew: number;
  readonly weights: Float64Array;
  readonly total: number;
}

let lastZipf: Zipf = { count: 0, skew: 0, weights: new Float64Array(0), total: 0 };

/** The weights of the last call are kept: a workload draws all its keys from the same. */
function zipf(count: number, skew: number): Zipf {
  if (lastZipf.count === count && lastZipf.skew === skew) return lastZipf;
  const weights = Float64Array.from({ length: count }, (_, k) => Math.exp(-skew * Math.log(k + 1)));
  lastZipf = { count, skew, weights, total: weights.reduce((sum, weight) => sum + weight, 0) };
  return lastZipf;
}
