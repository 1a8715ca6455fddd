/**
 * What ends work that Lua's own hook cannot interrupt, since it is one call: every so many steps, whoever limits the script is
 * asked, and throws where it is over.
 */

/** A few tens of microseconds of the cheapest steps. */
const STEPS_PER_LOOK = 4096;
/** Bytes that are copied or compared in the time of a step. */
const BYTES_PER_STEP = 32;

export class Steps {
  #left = STEPS_PER_LOOK;
  readonly #look: () => void;

  constructor(look: () => void) {
    this.#look = look;
  }

  take(count: number): void {
    this.#left -= count;
    if (this.#left > 0) return;
    this.#left = STEPS_PER_LOOK;
    this.#look();
  }

  takeBytes(count: number): void {
    this.take(1 + count / BYTES_PER_STEP);
  }
}
