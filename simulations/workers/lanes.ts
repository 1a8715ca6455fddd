/** Spreads runs over lanes, and gives their outcomes back in order whichever was faster. */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Job, Outcome } from "./job.ts";
import { createLocalLane, type Lane, WorkerLane } from "./lane.ts";

/** Runs that may be ahead of one that takes long: their outcomes wait in memory. */
const AHEAD_MAX = 1000;

/** A worker thread for each core, at most `count`; where the worker is not compiled, one lane in this thread. */
export function createLanes(count: number): Lane[] {
  const file = fileURLToPath(new URL("./worker.js", import.meta.url));
  if (!existsSync(file)) return [createLocalLane()];
  return Array.from({ length: Math.min(count, availableParallelism()) }, () => new WorkerLane(file));
}

export interface InOrderOptions {
  /** Ends the outcomes; what is being run is given up. The lanes are to be closed by whoever made them. */
  readonly signal?: AbortSignal;
  /** Told of each outcome at once, in the order in which runs end. */
  readonly finished?: (outcome: Outcome) => void;
}

export async function* runInOrder(
  jobs: Iterable<Job>,
  lanes: readonly Lane[],
  { signal, finished }: InOrderOptions = {},
): AsyncGenerator<Outcome> {
  const queue = jobs[Symbol.iterator]();
  const started: Promise<Outcome>[] = [];
  const idle = [...lanes];
  const fill = (): void => {
    while (signal?.aborted !== true && started.length < AHEAD_MAX) {
      const lane = idle.pop();
      if (lane === undefined) return;
      const { value: job, done } = queue.next();
      if (done === true) return;
      started.push(runOn(lane, job));
    }
  };
  const runOn = async (lane: Lane, job: Job): Promise<Outcome> => {
    const outcome = await lane.run(job);
    idle.push(lane);
    finished?.(outcome);
    fill();
    return outcome;
  };
  const aborted = new Promise<undefined>((resolve) => {
    signal?.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  for (;;) {
    fill();
    const head = started.shift();
    if (head === undefined || signal?.aborted === true) return;
    const outcome = await Promise.race([head, aborted]);
    if (outcome === undefined) return;
    yield outcome;
  }
}
