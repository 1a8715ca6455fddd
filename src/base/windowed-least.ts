/** The least of what was noted within a while: of at least one window, and at most two. */
export class WindowedLeast {
  readonly #windowMs: number;
  #before = Infinity;
  #present = Infinity;
  #since: number | undefined;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Infinity: nothing was noted. */
  get least(): number {
    return Math.min(this.#before, this.#present);
  }

  /** Returns the least. `now` may go back, too: then a window begins. */
  note(value: number, now: number): number {
    const since = this.#since ?? now;
    if (now < since || now >= since + this.#windowMs) {
      this.#before = this.#present;
      this.#present = value;
      this.#since = now;
    } else {
      this.#present = Math.min(this.#present, value);
      this.#since = since;
    }
    return this.least;
  }
}
