/** What `atoll simulate` is to run: seeds of scenarios, or the plan of a file. */

import { readFile } from "node:fs/promises";
import type { Plan } from "./plan.ts";
import { decodePlan, UnreadablePlan } from "./scenario-file/scenario-file.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { findScenario, SCENARIOS } from "./scenarios/scenarios.ts";
import type { Job } from "./workers/job.ts";

/** What was asked for cannot be done, in one line for people. */
export class UnusableInput extends Error {}

export interface Wanted {
  /** One of `SCENARIOS`, or `all` of them, or a file that ends with `.json`; `swarm`, the mix of everything, unless told. */
  readonly scenario?: string;
  /** The first seed; a fresh one unless told. */
  readonly seed?: number;
  /** Seeds of each scenario, one after the other; 1 with a seed, 20 without. */
  readonly runs?: number;
  /** One line of JSON a run. */
  readonly json?: boolean;
}

/** What there is to run. */
export interface Batch {
  readonly jobs: Iterable<Job>;
  readonly count: number;
  /** In words: which seeds, or which file. */
  readonly name: string;
}

const ALL = "all";
const DEFAULT_SCENARIO = "swarm";
const RUNS = 20;
/** Fresh seeds stay short enough to be typed. */
const FRESH_SEED_MAX = 1_000_000_000;

/** Throws `UnusableInput` for a scenario that does not exist and a file that is none. */
export function createBatch(wanted: Wanted): Promise<Batch> | Batch {
  return wanted.scenario?.endsWith(".json") === true ? fileBatch(wanted) : seedsBatch(wanted);
}

function seedsBatch(options: Wanted): Batch {
  const scenarios = chosenScenarios(options.scenario);
  const first = options.seed ?? Math.floor(Math.random() * FRESH_SEED_MAX);
  const runs = options.runs ?? (options.seed === undefined ? RUNS : 1);
  return {
    jobs: jobsOf(scenarios, first, runs, options.json === true),
    count: runs * scenarios.length,
    name: runs === 1 ? `seed ${first}` : `seeds ${first} to ${first + runs - 1}`,
  };
}

/** A seed of each scenario in turn: whoever stops half-way has seen something of all of them. */
function* jobsOf(scenarios: readonly Scenario[], first: number, runs: number, json: boolean): Generator<Job> {
  for (let seed = first; seed < first + runs; seed++) {
    for (const { name } of scenarios) yield { run: { scenario: name, seed: String(seed) }, json };
  }
}

function chosenScenarios(name = DEFAULT_SCENARIO): readonly Scenario[] {
  if (name === ALL) return SCENARIOS;
  const scenario = findScenario(name);
  if (scenario !== undefined) return [scenario];
  const names = [...SCENARIOS.map((each) => each.name), ALL].join(", ");
  throw new UnusableInput(`no scenario ${JSON.stringify(name)}: there are ${names}, and files that end with .json`);
}

async function fileBatch({ scenario: file = "", seed, runs, json = false }: Wanted): Promise<Batch> {
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
