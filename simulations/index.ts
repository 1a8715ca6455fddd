/**
 * Simulations for users of the package: run a scenario, or a plan of one's own, against replicas in virtual time, and
 * look at what came of it.
 */

import type { Plan } from "./plan.ts";
import { createProductionReplica } from "./production-replica.ts";
import { type RunResult, runPlan } from "./simulate.ts";

export type { Violation } from "./checkers/evidence.ts";
export type { Fault, PathPair } from "./faults/fault.ts";
export type { NodePlan, Plan, ReplicaSettings, WaterPlan } from "./plan.ts";
export { REGIONS, type RegionName, ROUND_TRIPS_MS, type RoundTrips } from "./regions.ts";
export { replayCommand, summaryLine, violationReport } from "./report.ts";
export { findScenario, SCENARIOS, type Scenario } from "./scenarios/scenarios.ts";
export type { RunResult } from "./simulate.ts";
export type { History, HistoryEntry } from "./workload/history.ts";
export type { Operation } from "./workload/operation.ts";

/** Runs a plan with the replica that production runs. Equal plans give equal results. */
export function simulate(plan: Plan, options: { readonly keepTrace?: boolean } = {}): Promise<RunResult> {
  return runPlan(plan, { createReplica: createProductionReplica, ...options });
}
