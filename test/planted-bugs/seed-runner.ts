/** Runs seeds of a scenario in a worker thread, and tells of each what the simulator said. */

import { parentPort, workerData } from "node:worker_threads";
import { createProductionReplica } from "../../simulations/production-replica.ts";
import { findScenario } from "../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../simulations/simulate.ts";
import { ownThreadStart } from "../../simulations/workers/thread-time.ts";

export interface SeedOrder {
  readonly scenario: string;
  readonly seeds: readonly number[];
  /** Go on only until one of these checkers sees something; absent: run all. */
  readonly untilSeenBy?: readonly string[];
}

export interface SeedVerdict {
  readonly seed: number;
  /** Of the checkers that saw something, in the order in which they looked. */
  readonly checkers: readonly string[];
  /** What the first of them said. */
  readonly message: string;
}

async function runSeed(order: SeedOrder, seed: number): Promise<SeedVerdict> {
  const scenario = findScenario(order.scenario);
  if (scenario === undefined) throw new Error(`no scenario ${order.scenario}`);
  const { violations } = await runPlan(scenario.plan(String(seed)), { createReplica: createProductionReplica });
  const checkers = [...new Set(violations.map(({ checker }) => checker))];
  return { seed, checkers, message: violations[0]?.message ?? "" };
}

async function run(order: SeedOrder): Promise<void> {
  for (const seed of order.seeds) {
    const verdict = await runSeed(order, seed);
    parentPort?.postMessage(verdict);
    if (verdict.checkers.some((checker) => order.untilSeenBy?.includes(checker))) return;
  }
}

parentPort?.postMessage(ownThreadStart());
void run(workerData as SeedOrder);
