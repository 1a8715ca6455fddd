/**
 * What may take as long as a turn of the event loop may take has turns, one after the other: several of them in one tick would
 * hold up everybody else. Who has had a turn waits until all who were refused have had theirs.
 */
export class Rota<Name extends string> {
  /** Who has had a turn since nobody was refused. */
  readonly #served = new Set<Name>();
  #isSpent = false;
  #isRefused = false;

  /** A new tick. */
  begin(): void {
    if (!this.#isRefused) this.#served.clear();
    this.#isSpent = false;
    this.#isRefused = false;
  }

  /** True where it may be done in this tick; `hasWork`: it is known that there is something to do. */
  may(name: Name, hasWork: boolean): boolean {
    if (!hasWork) return true;
    if (this.#served.has(name)) return false;
    if (this.#isSpent) this.#isRefused = true;
    return !this.#isSpent;
  }

  /** It did as much as it may in one step. */
  spent(name: Name): void {
    this.#isSpent = true;
    this.#served.add(name);
  }
}
