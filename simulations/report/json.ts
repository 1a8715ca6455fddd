/**
 * A run as plain data, one line of JSON for `--json`: what the tables of a report show. Fields are added, not changed;
 * times are virtual ms, bytes those of frames. What a timeline has is there when one was recorded.
 */

import { nameOf } from "../plan.ts";
import { replayCommand } from "../report.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { faultSpan } from "./fault-words.ts";

export function toJson(result: RunResult, replay = replayCommand(result)): Readonly<Record<string, unknown>> {
  const { plan, violations, verdicts, traceHash, history, convergedAfterMs, timeline } = result;
  return {
    scenario: plan.scenario,
    seed: plan.seed,
    replicas: plan.nodes.length,
    traceHash,
    operations: history.length,
    documentOperations: result.documents.length,
    faults: plan.faults.length,
    convergedAfterMs,
    stableLatency: result.stableLatency,
    refusals: result.refusals,
    falseAlarms: result.falseAlarms,
    simulatedMs: result.simulatedMs,
    realMs: Math.round(result.realMs),
    events: result.events,
    frames: result.frames,
    bytes: result.bytes,
    violations,
    verdicts,
    ...(timeline === undefined ? {} : tablesOf(result, timeline)),
    ...(violations.length === 0 ? {} : { replay }),
  };
}

function tablesOf({ plan }: RunResult, timeline: Timeline): Readonly<Record<string, unknown>> {
  return {
    conflicts: timeline.conflicts.length,
    traffic: timeline.traffic.map((each, replica) => ({
      replica,
      name: nameOf(plan, replica),
      region: plan.nodes[replica]?.region,
      ...each,
    })),
    recoveries: timeline.recoveries,
    injected: timeline.faults.flatMap(({ fault, at }) => {
      const planned = plan.faults[fault];
      if (planned === undefined) return [];
      const { kind, from, to, title } = faultSpan(planned, at, plan);
      return [{ type: planned.type, kind, from, to, title }];
    }),
  };
}
