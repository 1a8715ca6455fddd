/**
 * Local health (Lifeguard, section IV.A): who gets no answers, not even word from those it asked for help, and who has to
 * refute, is probably itself the slow one. It gives others more time, and asks less often.
 */

export class LocalHealth {
  /** 0: as well as can be. */
  score = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Timeouts and intervals are so many times as long. */
  get multiplier(): number {
    return this.score + 1;
  }

  worsen(by: number): void {
    this.score = Math.min(this.#max, this.score + by);
  }

  improve(): void {
    this.score = Math.max(0, this.score - 1);
  }
}
