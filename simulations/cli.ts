/** `atoll simulate`: runs scenarios over seeds, on all cores, and prints what came of them. */

import { type Totals, totalsLine } from "./report.ts";
import { findScenario, SCENARIOS, type Scenario } from "./scenarios/scenarios.ts";
import type { Job, Outcome } from "./workers/job.ts";
import { createLanes, runInOrder } from "./workers/lanes.ts";

export interface SimulationsOptions {
  /** One of `SCENARIOS`, or `all` of them; `swarm`, the mix of everything, unless told. */
  readonly scenario?: string;
  /** The first seed; a fresh one unless told. */
  readonly seed?: number;
  /** Seeds of each scenario, one after the other; 1 with a seed, 20 without. */
  readonly runs?: number;
  /** One line of JSON a run. */
  readonly json?: boolean;
  /** A line for each run, also for those without a violation, however many there are. */
  readonly verbose?: boolean;
  readonly list?: boolean;
}

/** Where the results go. */
export interface Output {
  readonly print: (line: string) => void;
  /** A line that takes the place of the one before it, on a terminal. */
  readonly progress?: (line: string) => void;
  /** Ends the runs with what they came to so far. */
  readonly stop?: AbortSignal;
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

interface Batch {
  readonly scenarios: readonly Scenario[];
  readonly first: number;
  readonly runs: number;
  readonly json: boolean;
}

/**
 * Returns the exit code: 0 when nothing was violated, 1 when something was, 130 when stopped before anything was.
 * Throws `UnusableInput` for a scenario that does not exist.
 */
export async function runSimulations(options: SimulationsOptions, output: Output): Promise<number> {
  if (options.list === true) {
    for (const line of list(options.json === true)) output.print(line);
    return 0;
  }
  const scenarios = chosenScenarios(options.scenario);
  const first = options.seed ?? Math.floor(Math.random() * FRESH_SEED_MAX);
  const runs = options.runs ?? (options.seed === undefined ? RUNS : 1);
  const json = options.json === true;
  const isVerbose = json || options.verbose === true || runs * scenarios.length <= SHOWN_RUNS_MAX;
  const batch = { scenarios, first, runs, json };
  const totals = await runBatch(batch, isVerbose, output);
  const isStopped = totals.runs < runs * scenarios.length;
  if (!json) output.print(totalsLine(totals, seedsOf(batch, totals)));
  if (totals.failed > 0) return EXIT_VIOLATIONS;
  return isStopped ? EXIT_STOPPED : 0;
}

function list(json: boolean): string[] {
  if (json) return [JSON.stringify(SCENARIOS.map(({ name, summary }) => ({ name, summary })))];
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  return SCENARIOS.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`);
}

function chosenScenarios(name = DEFAULT_SCENARIO): readonly Scenario[] {
  if (name === ALL) return SCENARIOS;
  const scenario = findScenario(name);
  if (scenario !== undefined) return [scenario];
  const names = [...SCENARIOS.map((each) => each.name), ALL].join(", ");
  throw new UnusableInput(`no scenario ${JSON.stringify(name)}: there are ${names}`);
}

async function runBatch(batch: Batch, isVerbose: boolean, output: Output): Promise<Totals> {
  const count = batch.runs * batch.scenarios.length;
  const lanes = createLanes(count);
  const startedAt = performance.now();
  const totals: Totals = { runs: 0, failed: 0, operations: 0, simulatedMs: 0, realMs: 0 };
  const running: Totals = { ...totals };
  const finished = (outcome: Outcome): void => {
    add(running, outcome, performance.now() - startedAt);
    output.progress?.(progressLine(running, count));
  };
  try {
    for await (const outcome of runInOrder(jobsOf(batch), lanes, { finished, ...signalOf(output) })) {
      add(totals, outcome, performance.now() - startedAt);
      if (isVerbose || outcome.violations.length > 0) for (const line of outcome.lines) output.print(line);
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
  return totals;
}

function signalOf({ stop }: Output): { signal?: AbortSignal } {
  return stop === undefined ? {} : { signal: stop };
}

function* jobsOf({ scenarios, first, runs, json }: Batch): Generator<Job> {
  for (const { name } of scenarios) {
    for (let seed = first; seed < first + runs; seed++) yield { run: { scenario: name, seed: String(seed) }, json };
  }
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

function seedsOf({ first, runs, scenarios }: Batch, totals: Totals): string {
  const seeds = runs === 1 ? `seed ${first}` : `seeds ${first} to ${first + runs - 1}`;
  const count = runs * scenarios.length;
  return totals.runs < count ? `${seeds}, stopped before the other ${count - totals.runs}` : seeds;
}
