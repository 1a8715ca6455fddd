/** Values that say which write they are of: the bytes follow from its number and its length alone. */

import { mix32 } from "../../src/base/hash.ts";
import { SeededRandom } from "../../src/base/random.ts";

export const VALUE_BYTES_MAX = 16 * 1024 * 1024;
/** Beyond the longest value: as many beginnings as there are of each length. */
const BEGINNINGS = 4 * 1024 * 1024;

const pool = randomBytes(VALUE_BYTES_MAX + BEGINNINGS);

function randomBytes(length: number): Buffer {
  const random = new SeededRandom("values");
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = random.uint32();
  return Buffer.from(words.buffer);
}

export interface Value {
  /** Of the write. */
  readonly number: number;
  readonly length: number;
}

export function bytesOf({ number, length }: Value): Uint8Array {
  const begin = mix32(number) % BEGINNINGS;
  return pool.subarray(begin, begin + length);
}

export function isValue(bytes: Uint8Array, value: Value): boolean {
  return bytes.length === value.length && Buffer.compare(bytes, bytesOf(value)) === 0;
}
