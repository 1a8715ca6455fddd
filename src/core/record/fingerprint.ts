/**
 * Fingerprint of a set of registers: the sum of a 64-bit element for each, in two 32-bit lanes. Independent of order,
 * updated in O(1) when a register comes, goes or changes. The element is drawn from the record's checksum (which covers
 * key, value, expiry and dot) and its stamp, so nothing is hashed anew.
 */

import { mix32 } from "../../base/hash.ts";
import { checksumAt, sequenceLowAt, timestampHighAt, timestampLowAt } from "./record.ts";

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

// Halves of the stamp as they lie in the record: to divide what 32 bits do not hold would take longer than all the rest.

export function elementLow(view: DataView, at: number): number {
  return mix32(checksumAt(view, at) ^ mix32(timestampLowAt(view, at)));
}

export function elementHigh(view: DataView, at: number): number {
  return mix32(checksumAt(view, at) + Math.imul(timestampHighAt(view, at), 0x9e3779b1) + sequenceLowAt(view, at));
}
