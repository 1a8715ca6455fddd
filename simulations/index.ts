/**
 * Simulations for users of the package: run a scenario, or a plan of one's own, against replicas in virtual time, and
 * look at what came of it.
 */

import type { Plan } from "./plan.ts";
import { createProductionReplica } from "./production-replica.ts";
import { renderReport } from "./report/page.ts";
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
export function simulate(
  plan: Plan,
  options: { readonly keepTrace?: boolean; readonly timeline?: boolean } = {},
): Promise<RunResult> {
  return runPlan(plan, { createReplica: createProductionReplica, ...options });
}

/**
 * A self-contained HTML page that draws a run. Of a result without a timeline the run is carried out once more, which
 * gives the same.
 */
export async function report(result: RunResult): Promise<string> {
  return renderReport(result.timeline === undefined ? await simulate(result.plan, { timeline: true }) : result);
}
