/**
 * Time as a process lives it: summed up in steps between its ticks, never read off a clock. A step that is far too long was
 * slept through, or the clock was put forward: it counts for little, and whoever waits for an answer is told.
 */

/** No step counts for more. */
export const STEP_MS_MAX = 250;
/** A longer one was slept through. */
const SLEPT_MS = 1000;

export class LivedTime {
  /** Since the first step, in ms. */
  ms = 0;
  #now: number | undefined;

  /** Goes on to `now`. True when the process slept, as far as its clock tells. */
  step(now: number): boolean {
    const stepMs = now - (this.#now ?? now);
    this.#now = now;
    this.ms += Math.min(STEP_MS_MAX, Math.max(0, stepMs));
    return stepMs > SLEPT_MS;
  }
}
