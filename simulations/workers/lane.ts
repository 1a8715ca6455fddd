/**
 * Where runs are carried out, one at a time. A worker thread that dies, or does not end its run within the bound, costs
 * that run only: it is reported as a violation of the seed, and the next run gets a new thread.
 */

import { Worker } from "node:worker_threads";
import { replayCommand } from "../report.ts";
import { type Job, type Outcome, runJob } from "./job.ts";
import { hasSpent, type ThreadStart, threadTimeOf } from "./thread-time.ts";

export interface Lane {
  /** Never rejects; never resolves once closed. */
  run(job: Job): Promise<Outcome>;
  close(): Promise<void>;
}

/** A run counts as hung once it has computed for so long, or had nothing to do: many times what a run of the scenarios takes. */
export const RUN_MS_MAX = 120_000;
/** Between two looks at that. */
const LOOK_MS = 1000;

/** A simulation makes much garbage that dies young: with room for it, collecting takes half the time. */
const YOUNG_MB = 96;

/** Runs in this thread: nothing helps against a run that hangs. */
export function createLocalLane(): Lane {
  let isClosed = false;
  return {
    async run(job) {
      const outcome = await runJob(job).catch((error: unknown) => failedOutcome(job, describeError(error)));
      return isClosed ? new Promise<never>(() => {}) : outcome;
    },
    async close() {
      isClosed = true;
    },
  };
}

export class WorkerLane implements Lane {
  readonly #file: string;
  readonly #runMsMax: number;
  #worker: Worker | undefined;
  #start: ThreadStart | undefined;
  /** Takes the outcome of the run that goes on, or the reason why there is none. */
  #end: ((outcome: Outcome | string) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `file`: the compiled `worker.ts`. */
  constructor(file: string, runMsMax = RUN_MS_MAX) {
    this.#file = file;
    this.#runMsMax = runMsMax;
  }

  run(job: Job): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#worker ??= this.#begin();
      const worker = this.#worker;
      const since = threadTimeOf(worker, this.#start);
      this.#timer = setInterval(() => {
        if (!hasSpent(this.#runMsMax, since, threadTimeOf(worker, this.#start))) return;
        this.#fail(worker, `the run did not end within ${this.#runMsMax / 1000} s`);
      }, LOOK_MS);
      this.#end = (outcome) => {
        this.#end = undefined;
        clearInterval(this.#timer);
        resolve(typeof outcome === "string" ? failedOutcome(job, outcome) : outcome);
      };
      worker.postMessage(job);
    });
  }

  async close(): Promise<void> {
    this.#end = undefined;
    clearInterval(this.#timer);
    await this.#worker?.terminate();
  }

  #begin(): Worker {
    this.#start = undefined;
    const worker = new Worker(this.#file, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    worker.on("message", (said: ThreadStart | Outcome) => {
      if (!("timeFile" in said)) this.#end?.(said);
      else if (worker === this.#worker) this.#start = said;
    });
    worker.on("error", (error) => this.#fail(worker, `the worker thread died: ${describeError(error)}`));
    worker.on("exit", (code) => this.#fail(worker, `the worker thread ended with code ${code}`));
    return worker;
  }

  /** Gives a thread up. What an earlier one still says while it ends has been reported. */
  #fail(worker: Worker | undefined, reason: string): void {
    if (worker === undefined || worker !== this.#worker) return;
    this.#worker = undefined;
    void worker.terminate();
    this.#end?.(reason);
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function failedOutcome(job: Job, message: string): Outcome {
  const { scenario, seed } = "plan" in job.run ? job.run.plan : job.run;
  const violations = [{ checker: "worker", message }];
  const { replay = replayCommand({ plan: { scenario, seed } }) } = job;
  const words = [`VIOLATION in ${scenario} seed ${seed}`, `  worker: ${message}`, `  replay: ${replay}`];
  const json = JSON.stringify({ scenario, seed, violations, replay });
  return { scenario, seed, violations, operations: 0, simulatedMs: 0, realMs: 0, lines: job.json ? [json] : words };
}
