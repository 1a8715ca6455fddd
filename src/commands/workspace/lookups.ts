/**
 * How often commands that read found something under a key that they name: each key in turn once for each command, as Redis counts.
 * A command that begins again, since what it reads had to be waited for, is counted once.
 */

import type { Key } from "../../base/ids.ts";

export class Lookups {
  hits = 0;
  misses = 0;
  #isCounted = false;
  #last: Key | undefined;
  #hitsBefore = 0;
  #missesBefore = 0;

  /** Of what ends or, by `takeBack`, counts for nothing. */
  beginTry(): void {
    this.begin(false);
    this.#hitsBefore = this.hits;
    this.#missesBefore = this.misses;
  }

  takeBack(): void {
    this.hits = this.#hitsBefore;
    this.misses = this.#missesBefore;
  }

  /** Of the next command. */
  begin(isCounted: boolean): void {
    this.#isCounted = isCounted;
    this.#last = undefined;
  }

  note(key: Key, isFound: boolean): void {
    if (!this.#isCounted || key === this.#last) return;
    this.#last = key;
    if (isFound) this.hits++;
    else this.misses++;
  }
}
