/** What clients of a script do all the time: so many operations a second, on so many keys. */

import type { SeededRandom } from "../../src/base/random.ts";
import type { AckLevel } from "../../src/store.ts";
import { generateOperations, type WorkloadProfile } from "../workload/generator.ts";
import { holdVersions } from "../workload/held-versions.ts";
import type { Operation } from "../workload/operation.ts";
import { generateSessions } from "../workload/session-generator.ts";
import type { Cluster, Place } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";
import { ScriptError } from "./script-error.ts";

export interface Workload {
  /** Over all the replicas it is sent to. */
  readonly operationsPerSecond: number;
  /** How many different keys; 1,000 unless told. */
  readonly keys?: number;
  /** 0: every key as likely; 1 (unless told): a few are asked for most of the time (Zipf). */
  readonly skew?: number;
  /** Shares of the operations, 0 to 1: 0.8 and 0.05 unless told, and none of the last three. The others are puts. */
  readonly reads?: number;
  readonly deletes?: number;
  /** Puts on condition that the version is still there that was read before, or just now (compare and set). */
  readonly updates?: number;
  /** Puts on condition that nothing is there. */
  readonly inserts?: number;
  /** Puts and deletions of up to four keys in one call. */
  readonly batches?: number;
  /**
   * So many clients do all of it, each one thing after the other, and carry what they have seen from replica to replica.
   * `moves`: the share of its operations before which a client goes to another replica; 0.1 unless told. Absent: every
   * operation is that of another client, and owed nothing.
   */
  readonly sessions?: { readonly clients: number; readonly moves?: number };
  /** Which share of the puts expires, and after how long at most. */
  readonly expiries?: { readonly share: number; readonly within: Duration };
  /** How far a write must have got before it is answered; `memory` unless told. */
  readonly ack?: AckLevel;
  /** Values are up to so long; 200 unless told. */
  readonly valueBytes?: number;
  /** Where the clients are; everywhere unless told. */
  readonly at?: Place;
  /** When they begin and end; 2 s after the start, and with the script, unless told. */
  readonly from?: Duration;
  readonly until?: Duration;
}

const OPERATIONS_MAX = 1_000_000;
/** Of shares that are meant to add up to one. */
const ROUNDING = 1e-9;
const NO_ACKS = { memory: 0, disk: 0, region: 0, quorum: 0, all: 0 } as const satisfies Record<AckLevel, number>;

export interface WorkloadContext {
  readonly random: SeededRandom;
  readonly cluster: Cluster;
  /** When the script ends, virtual ms. */
  readonly untilMs: number;
  readonly nextId: () => number;
  readonly nextSession: () => number;
}

export function operationsOf(workload: Workload, context: WorkloadContext): Operation[] {
  const { random, cluster, nextId } = context;
  const nodes = cluster.nodesAt(workload.at ?? cluster.names, "workload.at");
  const profile = profileOf(workload, nodes.length, context.untilMs);
  const operations =
    workload.sessions === undefined
      ? generateOperations(random, profile, nextId)
      : sessionsOf(workload.sessions, profile, context);
  const placed = operations.map((operation) => ({ ...operation, node: nodes[operation.node] ?? 0 }));
  return workload.updates === undefined ? placed : holdVersions(random.fork("held versions"), placed);
}

function profileOf(workload: Workload, nodes: number, scriptEndsMs: number): WorkloadProfile {
  const { operationsPerSecond, keys = 1000, skew = 1, ack = "memory" } = workload;
  const fromMs = msOf(workload.from ?? "2s", "workload.from");
  const untilMs = workload.until === undefined ? scriptEndsMs : msOf(workload.until, "workload.until");
  check(operationsPerSecond > 0 && keys >= 1, "workload: operationsPerSecond and keys must be above 0");
  check(untilMs <= scriptEndsMs, "workload.until: is after the end of the script");
  check(
    (operationsPerSecond * (untilMs - fromMs)) / 1000 <= OPERATIONS_MAX,
    `workload: over ${OPERATIONS_MAX} operations; let fewer be done, or for a shorter time (from, until)`,
  );
  return {
    nodes,
    keys,
    skew,
    operationsPerSecond,
    fromMs,
    untilMs,
    types: sharesOf(workload),
    acks: { ...NO_ACKS, [ack]: 1 },
    ttlShare: workload.expiries?.share ?? 0,
    ttlMsMax: msOf(workload.expiries?.within ?? "1s", "workload.expiries.within"),
    valueBytesMax: workload.valueBytes ?? 200,
  };
}

function sharesOf({ reads = 0.8, deletes = 0.05, updates = 0, inserts = 0, batches = 0 }: Workload) {
  const shares = [reads, deletes, updates, inserts, batches];
  const sum = shares.reduce((all, share) => all + share, 0);
  check(
    shares.every((share) => share >= 0) && sum <= 1 + ROUNDING,
    "workload: reads, deletes, updates, inserts and batches are shares, together at most 1; reads are 0.8 unless told",
  );
  const put = Math.max(0, 1 - sum);
  return { get: reads, delete: deletes, put, "put-absent": inserts, update: updates, batch: batches };
}

function sessionsOf(
  { clients, moves = 0.1 }: NonNullable<Workload["sessions"]>,
  profile: WorkloadProfile,
  { random, nextId, nextSession }: WorkloadContext,
): Operation[] {
  check(Number.isInteger(clients) && clients >= 1, "workload.sessions: clients must be a whole number above 0");
  check(moves >= 0 && moves <= 1, "workload.sessions: moves is a share, 0 to 1");
  const operationsPerSecond = profile.operationsPerSecond / clients;
  const numbers = Array.from({ length: clients }, nextSession);
  const sessions = { count: clients, operationsPerSecond, moveChance: moves };
  return generateSessions(random, profile, sessions, nextId).map((operation) => ({
    ...operation,
    session: numbers[operation.session ?? 0] ?? 0,
  }));
}

function check(holds: boolean, complaint: string): void {
  if (!holds) throw new ScriptError(complaint);
}
