/**
 * What of a process's memory is for registers: the bound, less something to spare, what is set aside for long values that clients
 * send and are sent, be it in use or not, and what everything else takes. That is measured while it runs,
 * since nobody can tell what a heap, a database and buffers will come to; it follows at once what grows, and slowly what
 * shrinks: a long value takes many times its length for a moment, and where there was one there will be another.
 */

/** Between two measures. */
export const MEASURE_MS = 200;
/** Registers always have this share of the bound, however much else there is. */
const LEAST_SHARE = 1 / 4;
/** Of the bound, for what comes and goes between two measures. */
const SPARE_SHARE = 0.1;
/** Of the difference, each time that what else there is has become less: half of it in 14 s. */
const SHRINK_SHARE = 0.01;

export interface Measure {
  /** Of the whole process, bytes. */
  readonly processBytes: number;
  /** Of registers and what finds them, bytes. */
  readonly registerBytes: number;
  /** Of what is set aside, in use. */
  readonly lentBytes: number;
}

export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #setAside: number;
  #otherBytes = 0;

  constructor({ bytesMax, setAside }: { readonly bytesMax: number; readonly setAside: number }) {
    this.#bytesMax = bytesMax;
    this.#setAside = setAside;
  }

  /** What registers may take from now on, bytes. */
  next({ processBytes, registerBytes, lentBytes }: Measure): number {
    const otherBytes = Math.max(0, processBytes - registerBytes - Math.min(lentBytes, this.#setAside));
    const change = otherBytes - this.#otherBytes;
    this.#otherBytes += change > 0 ? change : change * SHRINK_SHARE;
    return Math.max(
      this.#bytesMax * LEAST_SHARE,
      this.#bytesMax * (1 - SPARE_SHARE) - this.#setAside - this.#otherBytes,
    );
  }
}
