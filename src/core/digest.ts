/** Digests: 64 bits in two unsigned halves, and their sum over numbered parts. */

import { mix32 } from "../base/hash.ts";

export interface Digest {
  readonly high: number;
  readonly low: number;
}

export function isSameDigest(a: Digest, b: Digest): boolean {
  return a.low === b.low && a.high === b.high;
}

/** 16 hex digits, for people. */
export function digestText(digest: Digest): string {
  return digest.high.toString(16).padStart(8, "0") + digest.low.toString(16).padStart(8, "0");
}

const TWO_32 = 2 ** 32;

/** Sums digests of numbered parts: the same whatever the order, different when two parts trade places. */
export class DigestSum implements Digest {
  high = 0;
  low = 0;

  add(part: number, digest: Digest): void {
    // Numbers of parts may have more than 32 bits.
    const salt = mix32((part % TWO_32) + 0x632be59b + mix32(part / TWO_32));
    this.low = (this.low + mix32(digest.low ^ salt)) >>> 0;
    this.high = (this.high + mix32(digest.high ^ mix32(salt) ^ digest.low)) >>> 0;
  }
}
