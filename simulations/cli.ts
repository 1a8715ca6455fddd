/** `atoll simulate`: runs scenarios over seeds, on all cores, and prints what came of them. */

import { type Batch, createBatch, UnusableInput, type Wanted } from "./batch.ts";
import { checkReportFile, writeReport } from "./report/file.ts";
import { type Totals, totalsLine } from "./report.ts";
import { SCENARIOS } from "./scenarios/scenarios.ts";
import { SHRINK_TIME_MS, shrinkFailure } from "./shrink/shrink-failure.ts";
import { type Job, type Outcome, planOfJob } from "./workers/job.ts";
import type { Lane } from "./workers/lane.ts";
import { createLanes, runInOrder } from "./workers/lanes.ts";

export interface SimulationsOptions extends Wanted {
  /** A line for each run, also for those without a violation, however many there are. */
  readonly verbose?: boolean;
  /** An HTML file for the picture of a run: of the first with a violation, else of the last. */
  readonly report?: string;
  readonly list?: boolean;
  /** Makes the first run with a violation small, and saves it. */
  readonly shrink?: boolean;
  /** Real ms that this may take. */
  readonly shrinkTimeMs?: number;
  /** Where it is saved; the current folder unless told. */
  readonly folder?: string;
}

export { UnusableInput };

/** Where the results go. */
export interface Output {
  readonly print: (line: string) => void;
  /** A line that takes the place of the one before it, on a terminal. */
  readonly progress?: (line: string) => void;
  /** Ends the runs with what they came to so far. */
  readonly stop?: AbortSignal;
  /** Where runs are carried out; a worker thread for each core unless told. */
  readonly lanes?: (count: number) => readonly Lane[];
}

/** Beyond so many runs, those without a violation are counted, not shown. */
const SHOWN_RUNS_MAX = 20;
/** Several plans are tried at once, as many as there are cores. */
const SHRINK_LANES = 64;
const EXIT_VIOLATIONS = 1;
/** As shells report a process that ctrl-C ended. */
const EXIT_STOPPED = 130;

/** The run that a report is about. */
interface ShownRun {
  readonly job: Job;
  readonly outcome: Outcome;
  readonly isBad: boolean;
}

/**
 * Returns the exit code: 0 when nothing was violated, 1 when something was, 130 when stopped before anything was.
 * Throws `UnusableInput` for a scenario that does not exist and a file that is none.
 */
export async function runSimulations(options: SimulationsOptions, output: Output): Promise<number> {
  if (options.list === true) {
    for (const line of list(options.json === true)) output.print(line);
    return 0;
  }
  const batch = await createBatch(options);
  const isVerbose = options.json === true || options.verbose === true || batch.count <= SHOWN_RUNS_MAX;
  if (options.report !== undefined) await checkReportFile(options.report).catch(unwritable(options.report));
  const { totals, shown } = await runBatch(batch, isVerbose, output);
  const left = batch.count - totals.runs;
  if (options.json !== true) {
    output.print(totalsLine(totals, left > 0 ? `${batch.name}, stopped before the other ${left}` : batch.name));
  }
  if (options.report !== undefined && shown !== undefined) {
    await writeReport(shown.job, options.report).catch(unwritable(options.report));
    if (options.json !== true) output.print(reportLine(shown, options.report));
  }
  if (options.shrink === true && shown?.isBad === true && output.stop?.aborted !== true) {
    await shrink(shown, options, output);
  }
  if (totals.failed > 0) return EXIT_VIOLATIONS;
  return left > 0 ? EXIT_STOPPED : 0;
}

function list(json: boolean): string[] {
  if (json) return [JSON.stringify(SCENARIOS.map(({ name, summary }) => ({ name, summary })))];
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`);
}

async function runBatch(
  batch: Batch,
  isVerbose: boolean,
  output: Output,
): Promise<{ readonly totals: Totals; readonly shown: ShownRun | undefined }> {
  const { count } = batch;
  const pending: Job[] = [];
  let shown: ShownRun | undefined;
  const lanes = (output.lanes ?? createLanes)(count);
  const startedAt = performance.now();
  const totals: Totals = { runs: 0, failed: 0, operations: 0, simulatedMs: 0, realMs: 0 };
  const running: Totals = { ...totals };
  const finished = (outcome: Outcome): void => {
    add(running, outcome, performance.now() - startedAt);
    output.progress?.(progressLine(running, count));
  };
  try {
    for await (const outcome of runInOrder(remembered(batch.jobs, pending), lanes, { finished, ...signalOf(output) })) {
      add(totals, outcome, performance.now() - startedAt);
      const job = pending.shift();
      if (job !== undefined && shown?.isBad !== true && hasEnded(outcome))
        shown = { job, outcome, isBad: outcome.violations.length > 0 };
      if (isVerbose || outcome.violations.length > 0) for (const line of outcome.lines) output.print(line);
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
  return { totals, shown };
}

async function shrink({ job, outcome }: ShownRun, options: SimulationsOptions, output: Output): Promise<void> {
  const { shrinkTimeMs = SHRINK_TIME_MS, folder = "." } = options;
  const { progress, stop } = output;
  const lanes = (output.lanes ?? createLanes)(SHRINK_LANES);
  try {
    const lines = await shrinkFailure(planOfJob(job), outcome.violations[0]?.checker ?? "", {
      lanes,
      timeMs: shrinkTimeMs,
      folder,
      ...(progress !== undefined && { progress }),
      ...(stop !== undefined && { stop }),
    });
    if (options.json !== true) for (const line of lines) output.print(line);
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** The jobs, each also put into `pending`: outcomes come in the same order. */
function* remembered(jobs: Iterable<Job>, pending: Job[]): Generator<Job> {
  for (const job of jobs) {
    pending.push(job);
    yield job;
  }
}

/** False for a run that hung or took its thread with it: it would do so again. */
function hasEnded({ violations }: Outcome): boolean {
  return violations.every(({ checker }) => checker !== "worker");
}

function reportLine({ outcome, isBad }: ShownRun, file: string): string {
  const which = isBad ? "the first with a violation" : "the last one";
  return `report of ${outcome.scenario} seed ${outcome.seed}, ${which}: ${file}`;
}

function unwritable(file: string): (error: unknown) => never {
  return (error) => {
    throw new UnusableInput(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`);
  };
}

function signalOf({ stop }: Output): { signal?: AbortSignal } {
  return stop === undefined ? {} : { signal: stop };
}

function add(totals: Totals, outcome: Outcome, realMs: number): void {
  totals.runs++;
  totals.failed += outcome.violations.length > 0 ? 1 : 0;
  totals.operations += outcome.operations;
  totals.simulatedMs += outcome.simulatedMs;
  totals.realMs = realMs;
}

function progressLine({ runs, failed, simulatedMs, realMs }: Totals, count: number): string {
  const verdict = failed === 0 ? "no violation" : `${failed} with violations`;
  return `${runs} of ${count} runs, ${verdict}, ${(simulatedMs / Math.max(1, realMs)).toFixed(0)} simulated seconds a second`;
}
