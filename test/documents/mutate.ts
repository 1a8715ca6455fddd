/** Small damage to bytes: what a hostile client that knows the format, or a broken one that does not, would send. */

import type { SeededRandom } from "../../src/base/random.ts";

/** A byte that means something: ends and beginnings of numbers, kinds of structs and values, counts. */
const TELLING = [0, 1, 2, 7, 10, 31, 32, 63, 64, 116, 117, 118, 119, 125, 127, 128, 129, 192, 255];

type Damage = (bytes: number[], at: number, random: SeededRandom, pool: readonly Uint8Array[]) => void;

const damages: readonly Damage[] = [
  (bytes, at, random) => bytes.splice(at, 1, (bytes[at] ?? 0) ^ (1 << random.below(8))),
  (bytes, at, random) => bytes.splice(at, 1, TELLING[random.below(TELLING.length)] as number),
  // A number one more or less: a count, a length, a clock, a kind.
  (bytes, at, random) => bytes.splice(at, 1, ((bytes[at] ?? 0) + (random.chance(0.5) ? 1 : 255)) & 255),
  (bytes, at, random) => bytes.splice(at, 1 + random.below(4)),
  (bytes, at, random) => bytes.splice(at, 0, ...Array.from({ length: 1 + random.below(4) }, () => random.below(256))),
  // A number as long as it gets.
  (bytes, at, random) => bytes.splice(at, 1, ...Array<number>(1 + random.below(8)).fill(255), random.below(128)),
  (bytes, at) => bytes.splice(at),
  (bytes, at, random, pool) => {
    const other = pool[random.below(pool.length)] as Uint8Array;
    const from = random.below(other.length);
    bytes.splice(at, random.below(8), ...other.subarray(from, from + random.below(20)));
  },
];

/** A damaged copy; `pool` is what pieces of others are taken from. */
export function mutate(original: Uint8Array, pool: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  const bytes = Array.from(original);
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) {
    const damage = damages[random.below(damages.length)] as Damage;
    damage(bytes, random.below(bytes.length + 1), random, pool);
  }
  return Uint8Array.from(bytes);
}
