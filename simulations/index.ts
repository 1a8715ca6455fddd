/**
 * Simulations for users of the package: `simulate(script)` runs a cluster of one's own in virtual time, under the faults
 * that one writes down, and says what came of it. `README.md` beside this file has examples.
 */

import type { Plan } from "./plan.ts";
import { createProductionReplica } from "./production-replica.ts";
import { renderReport } from "./report/page.ts";
import type { RunResult } from "./run/run-result.ts";
import { createResult, type SimulationResult } from "./script/result.ts";
import { idsByName, planOf, type Script } from "./script/script.ts";
import { runPlan } from "./simulate.ts";

export type { Violation } from "./checkers/evidence.ts";
export type { Fault, PathPair } from "./faults/fault.ts";
export type { NodePlan, Plan, ReplicaSettings, WaterPlan } from "./plan.ts";
export { REGIONS, type RegionName, ROUND_TRIPS_MS, type RoundTrips } from "./regions.ts";
export { replayCommand, summaryLine, violationReport } from "./report.ts";
export type { RunResult } from "./run/run-result.ts";
export { decodePlan, encodePlan, UnreadablePlan } from "./scenario-file/scenario-file.ts";
export type { Scenario } from "./scenarios/scenario.ts";
export { findScenario, SCENARIOS } from "./scenarios/scenarios.ts";
export { type Act, batch, put, read, remove } from "./script/client.ts";
export type { Place } from "./script/cluster.ts";
export {
  type DocumentAct,
  type DocumentResult,
  deleteDocument,
  expireDocument,
  readDocument,
  typeIn,
} from "./script/document-act.ts";
export type { Duration } from "./script/duration.ts";
export {
  clockDrift,
  clockJump,
  crash,
  cut,
  degrade,
  fullDisk,
  isolate,
  oldDisk,
  pause,
  rawFault,
  restart,
  type ScriptFault,
  slowDisk,
} from "./script/faults.ts";
export { inWords } from "./script/in-words.ts";
export type { PolicyAt, ScriptKeyspace } from "./script/keyspace.ts";
export type { ActResult, CaughtUp, Counts, SimulationResult } from "./script/result.ts";
export { planOf, type Replicas, type Script } from "./script/script.ts";
export { ScriptError } from "./script/script-error.ts";
export type { Heard, Watching, WatchResult } from "./script/watch.ts";
export type { Workload } from "./script/workload.ts";
export type { History, HistoryEntry } from "./workload/history.ts";
export type { Operation } from "./workload/operation.ts";

export interface SimulateOptions {
  readonly keepTrace?: boolean;
  readonly timeline?: boolean;
}

/**
 * Runs a script, or a plan (of a scenario, or of a scenario file), with the replica that production runs. Equal ones give
 * equal results. Throws `ScriptError` for a script that cannot be.
 */
export function simulate(script: Script): Promise<SimulationResult>;
export function simulate(plan: Plan, options?: SimulateOptions): Promise<RunResult>;
export async function simulate(work: Script | Plan, options: SimulateOptions = {}): Promise<RunResult> {
  const createReplica = createProductionReplica;
  if (!("replicas" in work)) return runPlan(work, { createReplica, ...options });
  const run = await runPlan(planOf(work), { createReplica, timeline: true });
  const namesOf = (named: readonly { readonly name: string }[] = []): readonly string[] =>
    named.map(({ name }) => name);
  return createResult(run, {
    ids: idsByName(work),
    documents: namesOf(work.documents),
    watchers: namesOf(work.watchers),
  });
}

/**
 * A self-contained HTML page that draws a run. Of a result without a timeline the run is carried out once more, which
 * gives the same.
 */
export async function report(result: RunResult): Promise<string> {
  return renderReport(result.timeline === undefined ? await simulate(result.plan, { timeline: true }) : result);
}
