/** A node's wall clock: true time bent by an offset, a drift, jumps, and freezing. Whole ms, like `Date.now`. */

import type { Clock } from "../../src/replica/ports.ts";
import type { ClockBend } from "./clock-course.ts";

/** Unix ms at virtual time 0: 2026-01-01 UTC. */
export const EPOCH_MS = 1_767_225_600_000;

export class SimulatedClock implements Clock {
  /** When it was put forward or back, virtual ms. */
  readonly jumps: number[] = [];
  /** Everything that it showed. */
  readonly bends: ClockBend[] = [];
  readonly #time: () => number;
  /** Reading at `since`; between changes the clock is a straight line. */
  #reading: number;
  #since: number;
  #rate = 1;

  constructor(time: () => number, offsetMs: number) {
    this.#time = time;
    this.#since = time();
    this.#reading = EPOCH_MS + this.#since + offsetMs;
    this.#record();
  }

  now(): number {
    return Math.floor(this.#exact());
  }

  /** Ms that this clock is ahead of true time. */
  offset(): number {
    return this.#exact() - EPOCH_MS - this.#time();
  }

  jump(byMs: number): void {
    this.#bend(this.#rate, this.#exact() + byMs);
    this.jumps.push(this.#since);
  }

  /** Sets how fast the clock runs: parts in a million too fast. -1,000,000 freezes it. */
  drift(ppm: number): void {
    this.#bend(1 + ppm / 1e6, this.#exact());
  }

  /** Back to true time and true rate. */
  repair(): void {
    this.#bend(1, EPOCH_MS + this.#time());
    this.jumps.push(this.#since);
  }

  #exact(): number {
    return this.#reading + (this.#time() - this.#since) * this.#rate;
  }

  #bend(rate: number, reading: number): void {
    this.#reading = reading;
    this.#since = this.#time();
    this.#rate = rate;
    this.#record();
  }

  #record(): void {
    this.bends.push({ at: this.#since, offsetMs: this.offset(), rate: this.#rate });
  }
}
