/** One run as data: topology, settings, operations, faults. A plan replays exactly; a scenario makes one from a seed. */

import type { KeyspaceSettings } from "../src/store.ts";
import type { BackupPlan } from "./backups/backup-plan.ts";
import type { CommandOperation } from "./commands/command-operation.ts";
import type { DocumentOperation } from "./documents/document-operation.ts";
import type { Fault } from "./faults/fault.ts";
import { type RoundTrips, roundTripMs } from "./regions.ts";
import type { PathQuality } from "./simulator/paths.ts";
import type { TenantPlan } from "./tenants/tenant-plan.ts";
import type { Operation } from "./workload/operation.ts";
import type { WatchPlan } from "./workload/watch-plan.ts";

export interface NodePlan {
  /** Its replica id; r0, r1, ... unless told. */
  readonly name?: string;
  /** One of `REGIONS`, or any other whose round trips the plan gives itself. */
  readonly region: string;
  /** False: keeps nothing on disk. */
  readonly durable: boolean;
  readonly clockOffsetMs: number;
  readonly diskMeanMs: number;
  /** Virtual ms of its first start. */
  readonly startAt: number;
  /** Absent: as that of all replicas. */
  readonly memoryBytesMax?: number;
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
  /** Absent: the default. */
  readonly graveMs?: number;
  /** After so long a member that is away gives its place up. Absent: the default. */
  readonly displaceMs?: number;
  /** Absent: all values are in memory. */
  readonly memoryBytesMax?: number;
  readonly memoryFillShare?: number;
  /** Absent: what a disk takes up has no bound. */
  readonly dataBytesMax?: number;
}

/** The keyspace of a plan is defined, or given other settings. */
export interface KeyspaceChange {
  readonly at: number;
  /** Who is asked first; where that is refused, the next one is. */
  readonly node: number;
  readonly settings: KeyspaceSettings;
}

/** What the paths between nodes are like. Between two regions a frame takes half of their round trip (`regions.ts`). */
export interface WaterPlan {
  /** One way, within a region. */
  readonly localMs: number;
  /** Mean of what is added to each frame at random, as a share of the latency. */
  readonly jitter: number;
  /** Probability that a segment is lost and sent again. */
  readonly loss: number;
  /** Of every path; absent: no limit. */
  readonly bytesPerMs?: number;
  /** Round trips that were not measured, or are to be others, ms: `{ ship: { frankfurt: 600, virginia: 650 } }`. */
  readonly roundTripsMs?: RoundTrips;
}

export interface Plan {
  readonly scenario: string;
  readonly seed: string;
  readonly nodes: readonly NodePlan[];
  /** So many of the first nodes are what everybody joins by. Absent: everybody has the addresses of all. */
  readonly seeds?: number;
  readonly replica: ReplicaSettings;
  readonly water: WaterPlan;
  readonly heartbeatTimeoutMs: number;
  /** Virtual ms at which everything heals. */
  readonly healAt: number;
  /** All replicas must be equal so many virtual ms after the healing. */
  readonly settleMs: number;
  /** Absent: operations are on the default keyspace. Else all are on another one, which is defined by the first of these. */
  readonly keyspace?: readonly KeyspaceChange[];
  readonly operations: readonly Operation[];
  /** What clients do with documents. Absent: nothing. */
  readonly documents?: readonly DocumentOperation[];
  /** What clients do with collections. Absent: nothing. */
  readonly commands?: readonly CommandOperation[];
  /** Absent: none is made. */
  readonly backups?: readonly BackupPlan[];
  /** Other keyspaces that take room. Absent: there are none. */
  readonly tenants?: readonly TenantPlan[];
  /** Absent: nobody watches. */
  readonly watches?: readonly WatchPlan[];
  readonly faults: readonly Fault[];
}

/** The name of a node, as its replica and whoever reads the results know it. */
export function nameOf({ nodes }: Pick<Plan, "nodes">, node: number): string {
  return nodes[node]?.name ?? `r${node}`;
}

/** The path from one node to another as long as no fault touches it. Throws for regions that nobody has measured. */
export function qualityOf({ nodes, water }: Plan, from: number, to: number): PathQuality {
  const { localMs, jitter, loss, bytesPerMs = Infinity, roundTripsMs } = water;
  const [one, other] = [nodes[from]?.region ?? "", nodes[to]?.region ?? ""];
  const latencyMs = one === other ? localMs : roundTripMs(one, other, roundTripsMs) / 2;
  return { latencyMs, jitterMs: latencyMs * jitter, loss, bytesPerMs };
}

/** Most that two clocks of a plan are ever apart, ms. */
export function clockSpreadOf(plan: Plan): number {
  const offsets = plan.nodes.map((node) => node.clockOffsetMs);
  let spread = Math.max(...offsets, 0) - Math.min(...offsets, 0);
  for (const fault of plan.faults) {
    if (fault.type === "clock-jump") spread += Math.abs(fault.byMs);
    else if (fault.type === "clock-strobe") spread += Math.abs(fault.amplitudeMs);
    else if (fault.type === "clock-drift") spread += (Math.abs(fault.ppm) / 1e6) * fault.forMs;
  }
  return Math.ceil(spread) + CLOCK_SLACK_MS;
}

/** Whole milliseconds, and the time between reading a clock and using it. */
export const CLOCK_SLACK_MS = 5;
