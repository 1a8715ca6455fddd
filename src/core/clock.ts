/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014, section 3) in one number: milliseconds since
 * 2020 times 4096 plus a 12-bit counter. Exact in a double until 2089, compared with `<`. The counter may run over into
 * the milliseconds when more than 4,096 stamps fall into one: the clock then leads a little, which is legal.
 */

import type { Timestamp } from "../base/ids.ts";

const EPOCH_MS = 1577836800000; // 2020-01-01T00:00:00Z
const TICKS_PER_MS = 4096;
/** Readings end three days before the numbers do, in 2089: later writes of one key still have greater stamps to take. */
const READING_MAX_MS = 2 ** 41 - 2 ** 28;
/** The greatest stamp that anybody takes: half of that room above the greatest reading. No number of writes comes so far. */
export const TIMESTAMP_MAX = (READING_MAX_MS * TICKS_PER_MS + 2 ** 39) as Timestamp;

/** The first stamp of a millisecond of unix time. */
export function timestampFromMs(unixMs: number): Timestamp {
  return (Math.min(READING_MAX_MS, Math.max(0, Math.floor(unixMs - EPOCH_MS))) * TICKS_PER_MS) as Timestamp;
}

/** The unix millisecond that a stamp was made in, or claims to. */
export function msOfTimestamp(timestamp: Timestamp): number {
  return Math.floor(timestamp / TICKS_PER_MS) + EPOCH_MS;
}

export class HybridClock {
  #last = 0;
  readonly #boundTicks: number;
  /** Stamps seen that lay further ahead than the bound, and that the clock did not follow. */
  beyondBound = 0;

  constructor(boundMs: number) {
    this.#boundTicks = boundMs * TICKS_PER_MS;
  }

  /** A stamp greater than every one this clock gave out or followed. */
  next(nowMs: number): Timestamp {
    this.#last = Math.max(timestampFromMs(nowMs), this.#last + 1);
    return this.#last as Timestamp;
  }

  /** The wall clock was put back, because it was wrong: stamps follow it, but for those that a key asks for (R8). */
  putBack(nowMs: number): void {
    this.#last = Math.min(this.#last, timestampFromMs(nowMs) + this.#boundTicks);
  }

  /** A stamp below every one that this clock gives out later. */
  floor(nowMs: number): Timestamp {
    this.#last = Math.max(timestampFromMs(nowMs), this.#last);
    return this.#last as Timestamp;
  }

  /** Follows a stamp from elsewhere, so that later local writes are greater; one beyond the bound is only counted. */
  observe(timestamp: Timestamp, nowMs: number): void {
    if (timestamp <= this.#last) return;
    if (timestamp > timestampFromMs(nowMs) + this.#boundTicks) this.beyondBound++;
    else this.#last = timestamp;
  }
}
