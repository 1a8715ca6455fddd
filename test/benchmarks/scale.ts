/**
 * What replication costs as the cluster grows: 10, 20, 50 and 100 replicas over ten regions, with production's defaults
 * and one workload for all of them, in virtual time. One region is alone for a tenth of the time, one replica loses its
 * power for a twentieth. SCALE_SECONDS: simulated seconds, 600 for the whole of it; 60 unless told.
 */

import { createProductionReplica } from "../../simulations/production-replica.ts";
import type { RunResult } from "../../simulations/run/run-result.ts";
import { SCALE, scalePlan } from "../../simulations/scenarios/scale.ts";
import { runPlan } from "../../simulations/simulate.ts";
import type { Timeline } from "../../simulations/timeline/timeline.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const SIZES = (process.env.SCALE_REPLICAS ?? "10,20,50,100").split(",").map(Number);
const SECONDS = Number(process.env.SCALE_SECONDS ?? 60);

interface Cost {
  readonly replicas: number;
  /** Until the workload begins: everybody finds everybody. */
  readonly startBytes: number;
  /** A second, before the first fault. */
  readonly steadyBytes: number;
  readonly healMs: number;
  readonly restartMs: number;
  /** Until all show the same. */
  readonly alikeMs: number;
  /** Until they claim the same, too: the life that crashed is sealed. */
  readonly equalMs: number;
  readonly realMs: number;
  readonly simulatedMs: number;
}

async function measure(replicas: number): Promise<Cost> {
  const durationMs = SECONDS * 1000;
  const plan = scalePlan("1", { ...SCALE, replicas, durationMs });
  const result = await runPlan(plan, { createReplica: createProductionReplica, timeline: true });
  if (result.violations.length > 0) throw new Error(result.violations[0]?.message);
  return costOf(result, timelineOf(result), replicas);
}

function timelineOf({ timeline }: RunResult): Timeline {
  if (timeline === undefined) throw new Error("no timeline");
  return timeline;
}

function costOf(result: RunResult, { samples, recoveries }: Timeline, replicas: number): Cost {
  const { plan } = result;
  const [cut] = plan.faults;
  const from = plan.operations[0]?.at ?? 0;
  const to = cut?.at ?? plan.healAt;
  const bytesAt = (time: number): number => samples.findLast(({ at }) => at <= time)?.bytesSent ?? 0;
  const took = (type: "network" | "restart"): number =>
    recoveries.find((recovery) => recovery.type === type)?.caughtUpAfterMs ?? Number.NaN;
  return {
    replicas,
    startBytes: bytesAt(from) / replicas,
    steadyBytes: (bytesAt(to) - bytesAt(from)) / replicas / ((to - from) / 1000),
    healMs: took("network"),
    restartMs: took("restart"),
    alikeMs:
      (samples.find(({ at, differing }) => at >= plan.healAt && differing === 0)?.at ?? Number.NaN) - plan.healAt,
    equalMs: result.convergedAfterMs ?? Number.NaN,
    realMs: result.realMs,
    simulatedMs: result.simulatedMs,
  };
}

/** Each next to the smallest cluster. */
function rowsOf(cost: Cost, first: Cost): BenchmarkRow[] {
  const row = (what: string, measure: (cost: Cost) => number, unit: string): BenchmarkRow => ({
    what: `${cost.replicas} replicas: ${what}`,
    value: measure(cost),
    unit,
    ...(cost === first ? {} : { against: `${first.replicas} replicas`, ratio: measure(cost) / measure(first) }),
  });
  return [
    row("sent by each, a second", ({ steadyBytes }) => steadyBytes, "B"),
    row("sent by each until all know each other", ({ startBytes }) => startBytes, "B"),
    row("a region is back: until all know it all", ({ healMs }) => healMs, "ms"),
    row("a replica is back: until it has caught up", ({ restartMs }) => restartMs, "ms"),
    row("the workload ends: until all show the same", ({ alikeMs }) => alikeMs, "ms"),
    row("the workload ends: until the crashed life is sealed", ({ equalMs }) => equalMs, "ms"),
    row("simulated seconds a second", ({ simulatedMs, realMs }) => simulatedMs / realMs, ""),
  ];
}

export async function run(): Promise<BenchmarkReport> {
  const costs: Cost[] = [];
  for (const size of SIZES) costs.push(await measure(size));
  const [first] = costs;
  const rows = first === undefined ? [] : costs.flatMap((cost) => rowsOf(cost, first));
  return { name: `scale: ${SECONDS} simulated seconds, ${SCALE.operationsPerSecond} operations a second`, rows };
}
