/** One run as data: topology, settings, operations, faults. A plan replays exactly; a scenario makes one from a seed. */

import type { Fault } from "./faults/fault.ts";
import type { Operation } from "./workload/operation.ts";

export interface NodePlan {
  readonly region: string;
  /** False: keeps nothing on disk. */
  readonly durable: boolean;
  readonly clockOffsetMs: number;
  readonly diskMeanMs: number;
  /** Virtual ms of its first start. */
  readonly startAt: number;
}

/** What a replica is configured with; the rest are its defaults. */
export interface ReplicaSettings {
  readonly shards: number;
  readonly antiEntropyMs: number;
  readonly housekeepingMs: number;
  readonly sweepMs: number;
  readonly settleMs: number;
  readonly retentionMs: number;
  readonly maxClockOffsetMs: number;
}

/** Between two regions, one way; within a region the latency is `localMs`. */
export interface WaterPlan {
  readonly localMs: number;
  readonly regionMs: number;
  readonly jitterMs: number;
  readonly loss: number;
  /** Of every path; absent: no limit. */
  readonly bytesPerMs?: number;
}

export interface Plan {
  readonly scenario: string;
  readonly seed: string;
  readonly nodes: readonly NodePlan[];
  readonly replica: ReplicaSettings;
  readonly water: WaterPlan;
  readonly heartbeatTimeoutMs: number;
  /** Virtual ms at which everything heals. */
  readonly healAt: number;
  /** All replicas must be equal so many virtual ms after the healing. */
  readonly settleMs: number;
  readonly operations: readonly Operation[];
  readonly faults: readonly Fault[];
}

/** Most that two clocks of a plan are ever apart, ms. */
export function clockSpreadOf(plan: Plan): number {
  const offsets = plan.nodes.map((node) => node.clockOffsetMs);
  let spread = Math.max(...offsets, 0) - Math.min(...offsets, 0);
  for (const fault of plan.faults) {
    if (fault.type === "clock-jump") spread += Math.abs(fault.byMs);
    else if (fault.type === "clock-drift") spread += (Math.abs(fault.ppm) / 1e6) * fault.forMs;
  }
  return Math.ceil(spread) + CLOCK_SLACK_MS;
}

/** Whole milliseconds, and the time between reading a clock and using it. */
const CLOCK_SLACK_MS = 5;
