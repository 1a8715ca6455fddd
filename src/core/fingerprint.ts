/**
 * Fingerprint of a set of registers: the sum of a 64-bit element for each, in two 32-bit lanes. Independent of order,
 * updated in O(1) when a register comes, goes or changes. The element is drawn from the record's checksum (which covers
 * key, value, expiry and dot) and its stamp, so nothing is hashed anew.
 */

import { mix32 } from "../base/hash.ts";
import { checksumAt, sequenceAt, timestampAt } from "./record.ts";

const TWO_32 = 4294967296;

export class Fingerprint {
  low = 0;
  high = 0;

  add(view: DataView, at: number): void {
    this.addElement(elementLow(view, at), elementHigh(view, at));
  }

  addElement(low: number, high: number): void {
    this.low = (this.low + low) >>> 0;
    this.high = (this.high + high) >>> 0;
  }

  removeElement(low: number, high: number): void {
    this.low = (this.low - low) >>> 0;
    this.high = (this.high - high) >>> 0;
  }

  equals(other: Fingerprint): boolean {
    return this.low === other.low && this.high === other.high;
  }

  clear(): void {
    this.low = 0;
    this.high = 0;
  }
}

export function elementLow(view: DataView, at: number): number {
  return mix32(checksumAt(view, at) ^ mix32(timestampAt(view, at) >>> 0));
}

export function elementHigh(view: DataView, at: number): number {
  const stamp = timestampAt(view, at);
  return mix32(checksumAt(view, at) + Math.floor(stamp / TWO_32) * 0x9e3779b1 + (sequenceAt(view, at) >>> 0));
}
