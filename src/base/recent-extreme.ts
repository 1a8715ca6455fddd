/** The least, or the greatest, of what was noted of late: within one window at least, and two at most. */
export class RecentExtreme {
  readonly #windowMs: number;
  readonly #pick: (...values: number[]) => number;
  #before: number;
  #present: number;
  #since: number | undefined;

  /** `pick`: `Math.min` or `Math.max`. */
  constructor(windowMs: number, pick: (...values: number[]) => number) {
    this.#windowMs = windowMs;
    this.#pick = pick;
    this.#before = pick();
    this.#present = pick();
  }

  /** What `pick` makes of nothing, where nothing was noted. */
  get value(): number {
    return this.#pick(this.#before, this.#present);
  }

  /** Returns the value. `now` may go back, too: then a window begins. */
  note(value: number, now: number): number {
    const since = this.#since ?? now;
    if (now < since || now >= since + this.#windowMs) {
      this.#before = this.#present;
      this.#present = value;
      this.#since = now;
    } else {
      this.#present = this.#pick(this.#present, value);
      this.#since = since;
    }
    return this.value;
  }
}
