/**
 * Hunts: seeds run in worker threads, as many at a time as there are cores. A run that ends its thread, fills its memory or
 * never comes back is told as such: the simulator has not found what made it so.
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { hasSpent, type ThreadStart, threadTimeOf } from "../../simulations/workers/thread-time.ts";
import type { SeedOrder, SeedVerdict } from "./seed-runner.ts";

export interface Hunt {
  readonly verdicts: readonly SeedVerdict[];
  /** Why it ended before its time. */
  readonly failure: string | undefined;
}

/** A seed that has computed for so long, or had nothing to do, is taken to be caught in a loop; a slow one takes a tenth of it. */
const SEED_MS_MAX = 120_000;
/** Between two looks at that. */
const LOOK_MS = 1000;
const HEAP_MB_MAX = 1024;

/** Runs one script (`bundlePatched`) over the seeds of an order. */
export function hunt(script: string, order: SeedOrder): Promise<Hunt> {
  return new Promise((resolve) => {
    const verdicts: SeedVerdict[] = [];
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB_MAX };
    const worker = new Worker(script, { eval: true, workerData: order, resourceLimits });
    let start: ThreadStart | undefined;
    let since = threadTimeOf(worker, start);
    const end = (failure?: string): void => {
      clearInterval(watchdog);
      void worker.terminate();
      resolve({ verdicts, failure });
    };
    const fail = (what: string): void => end(`seed ${order.seeds[verdicts.length]} of ${order.scenario}: ${what}`);
    const watchdog = setInterval(() => {
      if (hasSpent(SEED_MS_MAX, since, threadTimeOf(worker, start))) fail("no end in sight");
    }, LOOK_MS);
    worker.on("message", (said: ThreadStart | SeedVerdict) => {
      if ("timeFile" in said) start = said;
      else verdicts.push(said);
      since = threadTimeOf(worker, start);
    });
    worker.on("error", (error) => fail(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    worker.on("exit", () => end());
  });
}

/** Carries tasks out, at most so many at a time, in their order. */
export class TaskPool {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width = availableParallelism()) {
    this.#free = width;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
