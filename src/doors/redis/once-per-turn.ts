/** Does something once at the end of a turn of the loop, however often it was asked for: one write for many messages. */
export class OncePerTurn {
  readonly #run: () => void;
  #isAsked = false;

  constructor(run: () => void) {
    this.#run = run;
  }

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    setImmediate(() => {
      this.#isAsked = false;
      this.#run();
    });
  }
}
