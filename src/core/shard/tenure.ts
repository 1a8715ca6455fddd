/** Whether a shard is kept here: it comes, once it has taken over what there is, and goes, when others own it. I6 of `shard.ts` is kept here. */

import { assert } from "../../base/assert.ts";
import type { Holdings } from "./holdings.ts";
import type { Quarantine } from "./quarantine.ts";

export class Tenure {
  readonly #holdings: Holdings;
  readonly #quarantine: Quarantine;
  #isReady = false;
  #isLeaving = false;
  /** While it leaves: slots before this one are empty. */
  #leftUpTo = 1;

  constructor(holdings: Holdings, quarantine: Quarantine) {
    this.#holdings = holdings;
    this.#quarantine = quarantine;
  }

  /** It once took over all that was held elsewhere, or nobody held anything: it may be read, and be copied from. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** What it held is being let go. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** It holds what there is: a whole claim of one that was ready was taken, or nobody has anything. */
  becomeReady(): void {
    assert(!this.#isLeaving, "a shard that leaves is not ready");
    if (this.#isReady) return;
    this.#isReady = true;
    this.#holdings.unsaved.noteHead();
  }

  /** It may lack what others have: it is neither read nor copied from until it is ready again. */
  becomeUnready(): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#holdings.unsaved.noteHead();
  }

  /** Takes back from disk how far it had come. */
  restore({ isReady, isLeaving }: { readonly isReady: boolean; readonly isLeaving: boolean }): void {
    this.#isReady = isReady;
    this.#isLeaving = isLeaving;
  }

  /**
   * Lets go of everything, claims first: others have it all. `leave` is to be called until it returns true, and nothing
   * may be written or taken in before that.
   */
  beginLeaving(): void {
    this.#isLeaving = true;
    this.#leftUpTo = 1;
    this.#isReady = false;
    this.#quarantine.isOn = false;
    this.#quarantine.toRedot = [];
    this.#holdings.vector.clear();
    this.#holdings.graves.marks = undefined;
    this.#holdings.unsaved.noteHead();
  }

  /** Drops up to `budget` registers; true once nothing is left, and the shard as good as new. */
  leave(budget: number): boolean {
    assert(this.#isLeaving, "only a shard that leaves is emptied");
    const { table } = this.#holdings;
    for (let left = budget; this.#leftUpTo < table.slotEnd && left > 0; this.#leftUpTo++) {
      if (!table.isHeld(this.#leftUpTo) || table.isSentinel(this.#leftUpTo)) continue;
      this.#holdings.discard(this.#leftUpTo);
      left--;
    }
    if (table.count > 0) return false;
    this.#holdings.clear();
    this.#isLeaving = false;
    return true;
  }
}
