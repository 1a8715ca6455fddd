/**
 * What happens when in a run of real processes. The times of a schedule are real ones: this is the one place where this
 * suite lets time pass. Everything else waits for what it expects to happen, within a bound.
 */

type Act = () => void | Promise<void>;

export class Agenda {
  readonly #begunAt = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What was begun and has not ended. */
  readonly #open = new Set<Promise<void>>();
  #failures: unknown[] = [];

  /** Ms since the run began. */
  get now(): number {
    return performance.now() - this.#begunAt;
  }

  /** Does something at a time, at once where that has passed. A failure ends the run at its next `until`. */
  at(time: number, act: Act): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#begin(act);
      },
      Math.max(0, time - this.now),
    );
    this.#timers.add(timer);
  }

  /** Resolves at a time, once all that was begun by then has ended. Throws the first failure of what did. */
  async until(time: number): Promise<void> {
    await new Promise<void>((resolve) => this.at(time, resolve));
    await this.settled();
  }

  /** Resolves when nothing is under way. Throws the first failure. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure;
  }

  /** Forgets all that was still to come. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #begin(act: Act): void {
    const done = Promise.resolve()
      .then(act)
      .catch((error: unknown) => {
        this.#failures.push(error);
      })
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
  }
}
