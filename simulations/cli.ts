/** `atoll simulate`: runs scenarios over seeds, on all cores, and prints what came of them. */

import { readFile } from "node:fs/promises";
import type { Plan } from "./plan.ts";
import { checkReportFile, writeReport } from "./report/file.ts";
import { type Totals, totalsLine } from "./report.ts";
import { decodePlan, UnreadablePlan } from "./scenario-file/scenario-file.ts";
import { findScenario, SCENARIOS, type Scenario } from "./scenarios/scenarios.ts";
import type { Job, Outcome } from "./workers/job.ts";
import type { Lane } from "./workers/lane.ts";
import { createLanes, runInOrder } from "./workers/lanes.ts";

export interface SimulationsOptions {
  /** One of `SCENARIOS`, or `all` of them, or a file that ends with `.json`; `swarm`, the mix of everything, unless told. */
  readonly scenario?: string;
  /** The first seed; a fresh one unless told. */
  readonly seed?: number;
  /** Seeds of each scenario, one after the other; 1 with a seed, 20 without. */
  readonly runs?: number;
  /** One line of JSON a run. */
  readonly json?: boolean;
  /** A line for each run, also for those without a violation, however many there are. */
  readonly verbose?: boolean;
  /** An HTML file for the picture of a run: of the first with a violation, else of the last. */
  readonly report?: string;
  readonly list?: boolean;
}

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

/** What was asked for cannot be done, in one line for people. */
export class UnusableInput extends Error {}

const ALL = "all";
const DEFAULT_SCENARIO = "swarm";
const RUNS = 20;
/** Beyond so many runs, those without a violation are counted, not shown. */
const SHOWN_RUNS_MAX = 20;
/** Fresh seeds stay short enough to be typed. */
const FRESH_SEED_MAX = 1_000_000_000;
const EXIT_VIOLATIONS = 1;
/** As shells report a process that ctrl-C ended. */
const EXIT_STOPPED = 130;

/** The run that a report is about. */
interface ShownRun {
  readonly job: Job;
  readonly outcome: Outcome;
  readonly isBad: boolean;
}

/** What there is to run. */
interface Batch {
  readonly jobs: Iterable<Job>;
  readonly count: number;
  /** In words: which seeds, or which file. */
  readonly name: string;
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
  const batch = options.scenario?.endsWith(".json") === true ? await fileBatch(options) : seedsBatch(options);
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
  if (totals.failed > 0) return EXIT_VIOLATIONS;
  return left > 0 ? EXIT_STOPPED : 0;
}

function list(json: boolean): string[] {
  if (json) return [JSON.stringify(SCENARIOS.map(({ name, summary }) => ({ name, summary })))];
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`);
}

function seedsBatch(options: SimulationsOptions): Batch {
  const scenarios = chosenScenarios(options.scenario);
  const first = options.seed ?? Math.floor(Math.random() * FRESH_SEED_MAX);
  const runs = options.runs ?? (options.seed === undefined ? RUNS : 1);
  return {
    jobs: jobsOf(scenarios, first, runs, options.json === true),
    count: runs * scenarios.length,
    name: runs === 1 ? `seed ${first}` : `seeds ${first} to ${first + runs - 1}`,
  };
}

function* jobsOf(scenarios: readonly Scenario[], first: number, runs: number, json: boolean): Generator<Job> {
  for (const { name } of scenarios) {
    for (let seed = first; seed < first + runs; seed++) yield { run: { scenario: name, seed: String(seed) }, json };
  }
}

function chosenScenarios(name = DEFAULT_SCENARIO): readonly Scenario[] {
  if (name === ALL) return SCENARIOS;
  const scenario = findScenario(name);
  if (scenario !== undefined) return [scenario];
  const names = [...SCENARIOS.map((each) => each.name), ALL].join(", ");
  throw new UnusableInput(`no scenario ${JSON.stringify(name)}: there are ${names}, and files that end with .json`);
}

async function fileBatch({ scenario: file = "", seed, runs, json = false }: SimulationsOptions): Promise<Batch> {
  if (seed !== undefined || runs !== undefined) {
    throw new UnusableInput("a scenario file has its seed in it and runs once: leave --seed and --runs out");
  }
  const replay = `npx atoll simulate ${file}`;
  return { jobs: [{ run: { plan: await readPlan(file) }, json, replay }], count: 1, name: file };
}

async function readPlan(file: string): Promise<Plan> {
  try {
    return decodePlan(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof UnreadablePlan) throw new UnusableInput(`${file} is no scenario: ${error.message}`);
    throw new UnusableInput(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
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
