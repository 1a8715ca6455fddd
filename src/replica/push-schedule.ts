/**
 * When pushes go out: together with all that the present turn adds to them; right after others with all that a millisecond adds,
 * since of each frame the sending costs more than the writing of what is in it. Where somebody waits they do not.
 */

import type { Cancel, Scheduler } from "./ports.ts";
import type { Replica } from "./replica.ts";

/** As long as a push waits for others. */
const PUSH_MS = 1;

export interface PushScheduleOptions {
  readonly scheduler: Scheduler;
  readonly now: () => number;
  /** Does something to the machine, then carries out what it wants. */
  readonly step: (run: () => void) => void;
  readonly isStopped: () => boolean;
}

export class PushSchedule {
  readonly #options: PushScheduleOptions;
  /** When what is pending goes out: with this turn, or in a while. */
  #due: "soon" | "later" | undefined;
  #cancel: Cancel = () => {};
  #flushedAt = -Infinity;

  constructor(options: PushScheduleOptions) {
    this.#options = options;
  }

  /** After each step: most find that something goes out already, and no more is asked then. */
  look(replica: Replica): void {
    if (this.#due === "soon" || !replica.hasPending) return;
    const { isAwaited } = replica.replication;
    if (this.#due === "later" && !isAwaited) return;
    const { scheduler, now } = this.#options;
    if (isAwaited || now() - this.#flushedAt >= PUSH_MS) {
      this.#due = "soon";
      this.#cancel();
      scheduler.soon(() => this.#flush(replica));
    } else {
      this.#due = "later";
      this.#cancel = scheduler.after(PUSH_MS, () => this.#flush(replica));
    }
  }

  #flush(replica: Replica): void {
    this.#due = undefined;
    if (this.#options.isStopped()) return;
    this.#flushedAt = this.#options.now();
    this.#options.step(() => replica.flush());
  }
}
