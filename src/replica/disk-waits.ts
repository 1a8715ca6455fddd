/**
 * Who waits for the disk to have what is known of members: whatever batch is made up from now on has it. One that is being
 * written may not.
 */

import { isDue } from "../base/deadline.ts";

export interface DiskWait {
  readonly dueAt: number;
  /** When the clock is put back, it is due all the same once it is this far off. */
  readonly waitMaxMs: number;
  /** False: not by then. */
  readonly answer: (isOnDisk: boolean) => void;
}

export class DiskWaits {
  #waits: { readonly wait: DiskWait; readonly after: number }[] = [];

  get waiting(): number {
    return this.#waits.length;
  }

  /** `madeUp`: batches that have been made up so far. */
  add(wait: DiskWait, madeUp: number): void {
    this.#waits.push({ wait, after: madeUp });
  }

  /** The disk has a batch, counted as it was made up. */
  persisted(batch: number): void {
    this.#settle(({ after }) => (batch > after ? true : undefined));
  }

  /** Answers what has waited long enough. */
  tick(now: number): void {
    this.#settle(({ wait }) => (isDue(wait, now) ? false : undefined));
  }

  #settle(outcomeOf: (each: { readonly wait: DiskWait; readonly after: number }) => boolean | undefined): void {
    if (this.#waits.length === 0) return;
    this.#waits = this.#waits.filter((each) => {
      const outcome = outcomeOf(each);
      if (outcome !== undefined) each.wait.answer(outcome);
      return outcome === undefined;
    });
  }
}
