/**
 * How long clients' updates may keep a document busy. What a single update may cost is bounded before it is applied; this is
 * for many that each cost much, such as insertions at a place where others have put ever more. Each connection has an amount
 * that it may use at once, and that grows back in a window of time; so has the document, for all of them together, since
 * whoever is cut off may come again. What is applied without delay to others is free.
 */

import { AtollError } from "../base/errors.ts";
import type { WorkLimits } from "./document-limits.ts";
import type { Stopwatch } from "./surroundings.ts";

/** An amount of work that was done, and has been forgotten in part since. */
class Tally {
  readonly #max: number;
  readonly #windowMs: number;
  #spentMs = 0;
  #since = 0;

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  isSpent(now: number): boolean {
    return this.#spentAt(now) >= this.#max;
  }

  spend(ms: number, now: number): void {
    this.#spentMs = this.#spentAt(now) + ms;
    this.#since = now;
  }

  #spentAt(now: number): number {
    return Math.max(0, this.#spentMs - ((now - this.#since) * this.#max) / this.#windowMs);
  }
}

export class WorkBudget {
  readonly #limits: WorkLimits;
  readonly #stopwatch: Stopwatch;
  readonly #all: Tally;
  readonly #byOrigin = new WeakMap<object, Tally>();

  constructor(limits: WorkLimits, stopwatch: Stopwatch) {
    this.#limits = limits;
    this.#stopwatch = stopwatch;
    this.#all = new Tally(limits.documentWorkMsMax, limits.workWindowMs);
  }

  /** Runs what applies an update of `origin`. Throws `TOO_MANY_REQUESTS` instead where too much was used before. */
  measure<T>(origin: unknown, run: () => T): T {
    this.#assertLeft(origin, this.#stopwatch.elapsedMs());
    const from = this.#stopwatch.processorMs();
    try {
      return run();
    } finally {
      const ms = this.#stopwatch.processorMs() - from - this.#limits.workMsFree;
      if (ms > 0) this.#spend(origin, ms, this.#stopwatch.elapsedMs());
    }
  }

  #assertLeft(origin: unknown, now: number): void {
    if (isObject(origin) && this.#byOrigin.get(origin)?.isSpent(now) === true) {
      throw new AtollError("TOO_MANY_REQUESTS", "the updates of this connection take too long to apply");
    }
    if (this.#all.isSpent(now)) {
      throw new AtollError("TOO_MANY_REQUESTS", "the updates of this document take too long to apply");
    }
  }

  #spend(origin: unknown, ms: number, now: number): void {
    this.#all.spend(ms, now);
    if (!isObject(origin)) return;
    const { connectionWorkMsMax, workWindowMs } = this.#limits;
    const tally = this.#byOrigin.get(origin) ?? new Tally(connectionWorkMsMax, workWindowMs);
    tally.spend(ms, now);
    this.#byOrigin.set(origin, tally);
  }
}

function isObject(origin: unknown): origin is object {
  return typeof origin === "object" && origin !== null;
}
