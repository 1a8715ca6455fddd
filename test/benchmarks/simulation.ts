/**
 * How fast virtual time passes, checkers included, in a worker thread as `atoll simulate` has it: three replicas in three
 * regions, a hundred operations a simulated second, a cut and a crash. By the clock, and by the time that the process had a
 * core to itself; an operation next to one of a replica that is alone, which says the same on any machine. Ten of a
 * scenario's short runs tell what a fresh cluster each time costs.
 */

import { fileURLToPath } from "node:url";
import type { Plan } from "../../simulations/plan.ts";
import { SMALL_REPLICA } from "../../simulations/scenarios/build.ts";
import { scalePlan } from "../../simulations/scenarios/scale.ts";
import { findScenario } from "../../simulations/scenarios/scenarios.ts";
import { WorkerLane } from "../../simulations/workers/lane.ts";
import type { BenchmarkReport } from "./report.ts";

const SECONDS = 1200;
const SHORT_RUNS = 10;
const RUN_MS_MAX = 30 * 60_000;

interface Speed {
  readonly simulatedMs: number;
  readonly realMs: number;
  readonly cpuMs: number;
  readonly operations: number;
}

async function measure(lane: WorkerLane, plans: readonly Plan[], isDrawn = false): Promise<Speed> {
  const before = process.cpuUsage();
  let [simulatedMs, realMs, operations] = [0, 0, 0];
  for (const plan of plans) {
    const outcome = await lane.run({ run: { plan }, json: isDrawn });
    if (outcome.violations.length > 0) throw new Error(outcome.violations[0]?.message);
    simulatedMs += outcome.simulatedMs;
    realMs += outcome.realMs;
    operations += outcome.operations;
  }
  const { user, system } = process.cpuUsage(before);
  return { simulatedMs, realMs, cpuMs: (user + system) / 1000, operations };
}

function steadyPlan(replicas: number, seconds = SECONDS): Plan {
  const options = { replicas, durationMs: seconds * 1000, operationsPerSecond: 100, keys: 100 };
  return { ...scalePlan("1", options), replica: SMALL_REPLICA };
}

export async function run(): Promise<BenchmarkReport> {
  const lane = new WorkerLane(fileURLToPath(new URL("./simulation-worker.mjs", import.meta.url)), RUN_MS_MAX);
  try {
    return await reportOf(lane);
  } finally {
    await lane.close();
  }
}

async function reportOf(lane: WorkerLane): Promise<BenchmarkReport> {
  await measure(lane, [steadyPlan(3, 60)]);
  const steady = await measure(lane, [steadyPlan(3)]);
  const lone = await measure(lane, [steadyPlan(1)]);
  const watched = await measure(lane, [steadyPlan(3)], true);
  const short = await measure(
    lane,
    Array.from({ length: SHORT_RUNS }, (_, i) => planOf("swarm", String(i))),
  );
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
        value: eachUs(steady),
        unit: "µs",
        against: "one replica alone",
        ratio: eachUs(steady) / eachUs(lone),
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

function eachUs({ cpuMs, operations }: Speed): number {
  return (cpuMs * 1000) / operations;
}

function planOf(name: string, seed: string): Plan {
  const scenario = findScenario(name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario.plan(seed);
}
