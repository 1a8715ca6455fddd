/** `atoll simulate`: runs scenarios over seeds and prints what came of them. */

import { createProductionReplica } from "./production-replica.ts";
import { summaryLine, type Totals, toJson, totalsLine, violationReport } from "./report.ts";
import { findScenario, SCENARIOS, type Scenario } from "./scenarios/scenarios.ts";
import { runPlan } from "./simulate.ts";

export interface SimulationsOptions {
  /** One of `SCENARIOS`; all of them unless told. */
  readonly scenario?: string;
  /** The first seed; a fresh one unless told. */
  readonly seed?: number;
  /** Seeds of each scenario, one after the other; 1 with a seed, 20 without. */
  readonly runs?: number;
  /** One line of JSON a run. */
  readonly json?: boolean;
  readonly list?: boolean;
}

const RUNS = 20;
/** Fresh seeds stay short enough to be typed. */
const FRESH_SEED_MAX = 1_000_000_000;

type Print = (line: string) => void;

/** Returns the exit code: 0 when nothing was violated, 1 when something was, 2 for a scenario that does not exist. */
export async function runSimulations(options: SimulationsOptions, print: Print): Promise<number> {
  if (options.list === true) {
    for (const { name, summary } of SCENARIOS) print(`${name.padEnd(14)} ${summary}`);
    return 0;
  }
  const scenarios = chosenScenarios(options.scenario);
  if (scenarios === undefined) {
    const names = SCENARIOS.map(({ name }) => name).join(", ");
    print(`no scenario ${JSON.stringify(options.scenario)}: there are ${names}`);
    return 2;
  }
  const first = options.seed ?? Math.floor(Math.random() * FRESH_SEED_MAX);
  const runs = options.runs ?? (options.seed === undefined ? RUNS : 1);
  const totals: Totals = { runs: 0, failed: 0, operations: 0, simulatedMs: 0, realMs: 0 };
  for (const scenario of scenarios) await runSeeds(scenario, first, runs, totals, options.json === true, print);
  const seeds = runs === 1 ? `seed ${first}` : `seeds ${first} to ${first + runs - 1}`;
  if (options.json !== true) print(totalsLine(totals, seeds));
  return totals.failed === 0 ? 0 : 1;
}

function chosenScenarios(name: string | undefined): readonly Scenario[] | undefined {
  if (name === undefined) return SCENARIOS;
  const scenario = findScenario(name);
  return scenario === undefined ? undefined : [scenario];
}

async function runSeeds(
  scenario: Scenario,
  first: number,
  runs: number,
  totals: Totals,
  json: boolean,
  print: Print,
): Promise<void> {
  for (let seed = first; seed < first + runs; seed++) {
    const result = await runPlan(scenario.plan(String(seed)), { createReplica: createProductionReplica });
    const isBad = result.violations.length > 0;
    totals.runs++;
    totals.failed += isBad ? 1 : 0;
    totals.operations += result.history.length;
    totals.simulatedMs += result.simulatedMs;
    totals.realMs += result.realMs;
    if (json) print(JSON.stringify(toJson(result)));
    else if (isBad) for (const line of violationReport(result)) print(line);
    else print(summaryLine(result));
  }
}
