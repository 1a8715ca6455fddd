/** How often commands that only read found something under a key: each key in turn once for each command, as Redis counts. */

import type { Key } from "../base/ids.ts";

export class Lookups {
  hits = 0;
  misses = 0;
  #isCounted = false;
  #last: Key | undefined;

  /** Of the next command; of one that may write nothing is counted. */
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
