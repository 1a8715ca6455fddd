/**
 * Fingerprint of a set of registers: the sum of a 64-bit element for each, in two 32-bit lanes. Independent of order,
 * updated in O(1) when a register comes, goes or changes. The element is drawn from the record's checksum (which covers
 * key, value, expiry and dot) and its stamp, so nothing is hashed anew.
 */

import { mix32 } from "../../base/hash.ts";
import { checksumAt, sequenceLowAt, timestampHighAt, timestampLowAt } from "./record.ts";

export class Fingerprint {
  /** The lanes. Signed: so they are never numbers on the heap, which is a place more to be looked at for each. */
  signedLow = 0;
  signedHigh = 0;

  get low(): number {
    return this.signedLow >>> 0;
  }

  get high(): number {
    return this.signedHigh >>> 0;
  }

  add(view: DataView, at: number): void {
    this.addElement(elementLow(view, at), elementHigh(view, at));
  }

  addElement(low: number, high: number): void {
    this.signedLow = (this.signedLow + low) | 0;
    this.signedHigh = (this.signedHigh + high) | 0;
  }

  removeElement(low: number, high: number): void {
    this.signedLow = (this.signedLow - low) | 0;
    this.signedHigh = (this.signedHigh - high) | 0;
  }

  equals(other: Fingerprint): boolean {
    return this.signedLow === other.signedLow && this.signedHigh === other.signedHigh;
  }

  clear(): void {
    this.signedLow = 0;
    this.signedHigh = 0;
  }
}

// Halves of the stamp as they lie in the record: to divide what 32 bits do not hold would take longer than all the rest.

export function elementLow(view: DataView, at: number): number {
  return mix32(checksumAt(view, at) ^ mix32(timestampLowAt(view, at)));
}

export function elementHigh(view: DataView, at: number): number {
  return mix32(checksumAt(view, at) + Math.imul(timestampHighAt(view, at), 0x9e3779b1) + sequenceLowAt(view, at));
}
