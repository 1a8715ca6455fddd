/** What clients of a script do all the time: so many operations a second, on so many keys. */

import type { SeededRandom } from "../../src/base/random.ts";
import type { AckLevel } from "../../src/store.ts";
import { generateOperations } from "../workload/generator.ts";
import type { Operation } from "../workload/operation.ts";
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
  /** Shares of the operations, 0 to 1: 0.8 and 0.05 unless told. The others are puts. */
  readonly reads?: number;
  readonly deletes?: number;
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
const NO_ACKS = { memory: 0, disk: 0, region: 0, quorum: 0, all: 0 } as const satisfies Record<AckLevel, number>;

export function operationsOf(
  workload: Workload,
  context: {
    readonly random: SeededRandom;
    readonly cluster: Cluster;
    readonly untilMs: number;
    readonly nextId: () => number;
  },
): Operation[] {
  const { random, cluster, nextId } = context;
  const { operationsPerSecond, keys = 1000, skew = 1, reads = 0.8, deletes = 0.05, ack = "memory" } = workload;
  const fromMs = msOf(workload.from ?? "2s", "workload.from");
  const untilMs = workload.until === undefined ? context.untilMs : msOf(workload.until, "workload.until");
  const nodes = cluster.nodesAt(workload.at ?? cluster.names, "workload.at");
  check(
    reads >= 0 && deletes >= 0 && reads + deletes <= 1,
    "workload: reads and deletes are shares, together at most 1",
  );
  check(operationsPerSecond > 0 && keys >= 1, "workload: operationsPerSecond and keys must be above 0");
  check(untilMs <= context.untilMs, "workload.until: is after the end of the script");
  check(
    (operationsPerSecond * (untilMs - fromMs)) / 1000 <= OPERATIONS_MAX,
    `workload: over ${OPERATIONS_MAX} operations; let fewer be done, or for a shorter time (from, until)`,
  );
  const operations = generateOperations(
    random,
    {
      nodes: nodes.length,
      keys,
      skew,
      operationsPerSecond,
      fromMs,
      untilMs,
      types: { get: reads, delete: deletes, put: 1 - reads - deletes, "put-absent": 0, update: 0, batch: 0 },
      acks: { ...NO_ACKS, [ack]: 1 },
      ttlShare: workload.expiries?.share ?? 0,
      ttlMsMax: msOf(workload.expiries?.within ?? "1s", "workload.expiries.within"),
      valueBytesMax: workload.valueBytes ?? 200,
    },
    nextId,
  );
  return operations.map((operation) => ({ ...operation, node: nodes[operation.node] ?? 0 }));
}

function check(holds: boolean, complaint: string): void {
  if (!holds) throw new ScriptError(complaint);
}
