/**
 * How fast virtual time passes, checkers included: three replicas in three regions, a hundred operations a simulated
 * second, a cut and a crash. By the clock, and by the time that the process had a core to itself. Ten of a scenario's
 * short runs tell what a fresh cluster each time costs.
 */

import type { Plan } from "../../simulations/plan.ts";
import { createProductionReplica } from "../../simulations/production-replica.ts";
import { SMALL_REPLICA } from "../../simulations/scenarios/build.ts";
import { scalePlan } from "../../simulations/scenarios/scale.ts";
import { findScenario } from "../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../simulations/simulate.ts";
import type { BenchmarkReport } from "./report.ts";

const SECONDS = 1200;
const SHORT_RUNS = 10;

interface Speed {
  readonly simulatedMs: number;
  readonly realMs: number;
  readonly cpuMs: number;
  readonly operations: number;
}

async function measure(plans: readonly Plan[], timeline = false): Promise<Speed> {
  const before = process.cpuUsage();
  let [simulatedMs, realMs, operations] = [0, 0, 0];
  for (const plan of plans) {
    const result = await runPlan(plan, { createReplica: createProductionReplica, timeline });
    if (result.violations.length > 0) throw new Error(result.violations[0]?.message);
    simulatedMs += result.simulatedMs;
    realMs += result.realMs;
    operations += result.history.length;
  }
  const { user, system } = process.cpuUsage(before);
  return { simulatedMs, realMs, cpuMs: (user + system) / 1000, operations };
}

function steadyPlan(seconds: number): Plan {
  const options = { replicas: 3, durationMs: seconds * 1000, operationsPerSecond: 100, keys: 100 };
  return { ...scalePlan("1", options), replica: SMALL_REPLICA };
}

export async function run(): Promise<BenchmarkReport> {
  await measure([steadyPlan(60)]);
  const steady = await measure([steadyPlan(SECONDS)]);
  const watched = await measure([steadyPlan(SECONDS)], true);
  const short = await measure(Array.from({ length: SHORT_RUNS }, (_, i) => planOf("swarm", String(i))));
  const unit = "simulated s / s";
  return {
    name: "simulation",
    rows: [
      { what: `3 replicas, 100 operations a second, ${SECONDS} s`, value: ratio(steady), unit, target: ">= 200" },
      {
        what: "the same by the time of the processor",
        value: steady.simulatedMs / steady.cpuMs,
        unit,
        target: ">= 200",
      },
      {
        what: "the same: processor time for each operation",
        value: (steady.cpuMs * 1000) / steady.operations,
        unit: "µs",
      },
      {
        what: "the same, with what a report draws",
        value: ratio(watched),
        unit,
        against: "without",
        ratio: ratio(watched) / ratio(steady),
      },
      { what: `${SHORT_RUNS} runs of swarm`, value: ratio(short), unit },
      {
        what: "10,000 runs of swarm on two cores",
        value: (short.cpuMs / SHORT_RUNS) * (10_000 / 2 / 60_000),
        unit: "min",
        target: "< 20 min",
      },
    ],
  };
}

function ratio({ simulatedMs, realMs }: Speed): number {
  return simulatedMs / realMs;
}

function planOf(name: string, seed: string): Plan {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario.plan(seed);
}
