/** What a clock showed throughout a run: a line that is straight between its bends. */

export interface ClockBend {
  /** Virtual ms. */
  readonly at: number;
  /** By how much the clock is ahead of true time from here on, ms. */
  readonly offsetMs: number;
  /** Ms that it goes in a ms. */
  readonly rate: number;
}

/** From `at` on a clock is corrected by so much, and not by what it was before. */
export interface ClockCorrection {
  readonly at: number;
  readonly correctionMs: number;
}

export interface OffsetRange {
  readonly min: number;
  readonly max: number;
}

export class ClockCourse {
  /** In order; before the first one nothing is known. */
  readonly #bends: readonly ClockBend[];
  /** The greatest true time and offset that the clock showed before each bend. */
  readonly #greatest: readonly number[];

  constructor(bends: readonly ClockBend[]) {
    this.#bends = bends;
    this.#greatest = greatestBefore(bends);
  }

  get isKnown(): boolean {
    return this.#bends.length > 0;
  }

  /** Ms that the clock is ahead of true time. */
  offsetAt(at: number): number {
    const bend = this.#bends[this.#lastUpTo(at)];
    return bend === undefined ? 0 : offsetOn(bend, at);
  }

  /** Between two moments, both included, and with what it showed at each of them before it was put otherwise. */
  offsetsIn(from: number, to: number): OffsetRange {
    const offsets = [this.offsetAt(from), this.offsetAt(to)];
    let first = this.#lastUpTo(from) + 1;
    while (this.#bends[first - 1]?.at === from) first--;
    for (let i = first; (this.#bends[i]?.at ?? Infinity) <= to; i++) {
      const bend = this.#bends[i] as ClockBend;
      const before = this.#bends[i - 1];
      if (before !== undefined) offsets.push(offsetOn(before, bend.at));
      offsets.push(bend.offsetMs);
    }
    return { min: Math.min(...offsets), max: Math.max(...offsets) };
  }

  /** The greatest time that it had shown by then, as virtual ms of a clock that is right. */
  greatestUpTo(at: number): number {
    return Math.max(this.#greatest[this.#lastUpTo(at)] ?? -Infinity, at + this.offsetAt(at));
  }

  /** True where it went on evenly, and about as fast as time does. */
  isEven(from: number, to: number): boolean {
    const last = this.#lastUpTo(to);
    return last === this.#lastUpTo(from) && Math.abs((this.#bends[last]?.rate ?? 0) - 1) <= RATE_EVEN;
  }

  /** The course of the time that is told by this clock and its corrections. */
  corrected(corrections: readonly ClockCorrection[]): ClockCourse {
    const moments = [...this.#bends, ...corrections].map(({ at }) => at).sort((a, b) => a - b);
    const bends = [...new Set(moments)].map((at) => {
      const correctionMs = corrections.findLast((correction) => correction.at <= at)?.correctionMs ?? 0;
      return { at, offsetMs: this.offsetAt(at) + correctionMs, rate: this.#bends[this.#lastUpTo(at)]?.rate ?? 1 };
    });
    return new ClockCourse(bends);
  }

  /** Index of the last bend up to a moment; -1: there is none. */
  #lastUpTo(at: number): number {
    let low = 0;
    let high = this.#bends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bends[middle]?.at ?? Infinity) <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** A clock that is further from the rate of time measures no round trip. */
const RATE_EVEN = 0.11;

function offsetOn({ at, offsetMs, rate }: ClockBend, moment: number): number {
  return offsetMs + (moment - at) * (rate - 1);
}

function greatestBefore(bends: readonly ClockBend[]): number[] {
  let greatest = -Infinity;
  return bends.map((bend, i) => {
    const before = bends[i - 1];
    if (before !== undefined)
      greatest = Math.max(greatest, before.at + before.offsetMs, bend.at + offsetOn(before, bend.at));
    return greatest;
  });
}
