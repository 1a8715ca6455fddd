/** What a run came to. */

import type { Verdict } from "../checkers/coverage.ts";
import type { Violation } from "../checkers/evidence.ts";
import type { FalseAlarms } from "../checkers/membership.ts";
import type { DocumentHistory } from "../documents/document-history.ts";
import type { Plan } from "../plan.ts";
import type { StableLatency } from "../sampling/stability.ts";
import type { TraceEntry } from "../simulator/trace.ts";
import type { LogLine } from "../simulator/world.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { History } from "../workload/history.ts";
import type { WatchHistory } from "../workload/watch-history.ts";

export interface RunResult {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  /** Of every checker; none when the run broke down before they could look. */
  readonly verdicts: readonly Verdict[];
  readonly history: History;
  /** What the watchers of the plan came to hear of, in their order. */
  readonly watches: readonly WatchHistory[];
  /** Of what clients did with documents. */
  readonly documents: DocumentHistory;
  /** Equal for equal plans and code. */
  readonly traceHash: string;
  /** How long it took until acknowledged writes were everywhere. */
  readonly stableLatency: StableLatency;
  /** Members that ran and were taken to be gone. */
  readonly falseAlarms: FalseAlarms;
  /** What clients were refused, by code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Virtual ms from the healing until all replicas were equal; undefined when they never were. */
  readonly convergedAfterMs: number | undefined;
  readonly simulatedMs: number;
  readonly realMs: number;
  readonly events: number;
  readonly frames: number;
  readonly bytes: number;
  /** Warnings and errors that the replicas logged last. */
  readonly log: readonly LogLine[];
  /** Empty unless the trace was asked for. */
  readonly trace: readonly TraceEntry[];
  /** Absent unless it was asked for. */
  readonly timeline: Timeline | undefined;
}
