/** Hand-made evidence: a history and dumps in which one thing is wrong at a time. */

import type { Evidence, NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { entryOf } from "../../../simulations/checkers/survival.ts";
import { ClockCourse } from "../../../simulations/simulator/clock-course.ts";
import type { DiskLoss } from "../../../simulations/simulator/disk-damage.ts";
import type { LifeEnd } from "../../../simulations/simulator/node.ts";
import type { Answer, HistoryEntry, ReadPart } from "../../../simulations/workload/history.ts";
import type { Operation, OperationType } from "../../../simulations/workload/operation.ts";
import type { Key, OriginId, ShardId, Timestamp } from "../../../src/base/ids.ts";
import type { RegisterDump, ReplicaDump } from "../../../src/replica/inspect.ts";
import type { Dot } from "../../../src/store.ts";

export const KEY = "k" as Key;
const WALL = 1_000_000;

export function version(timestamp: number, origin = 1): string {
  return `${timestamp.toString(16)}-${origin.toString(16)}`;
}

/** An operation invoked at `at` and answered one ms later. */
export function entry(
  id: number,
  at: number,
  options: Partial<Operation> & {
    readonly answer?: Answer | undefined;
    readonly life?: number;
    readonly carried?: readonly Dot[];
  },
): HistoryEntry {
  const { answer, life = 1, carried, ...rest } = options;
  const operation: Operation = { id, at, node: 0, type: "put", key: KEY, ack: "memory", valueBytes: 12, ...rest };
  const isAnswered = answer !== undefined;
  return {
    operation,
    node: operation.node,
    life,
    ...(carried === undefined ? {} : { carried }),
    invokedAt: at,
    invokedWallMs: WALL + at,
    answeredAt: isAnswered ? at + 1 : undefined,
    answeredWallMs: isAnswered ? WALL + at + 1 : undefined,
    answer,
  };
}

export function written(
  timestamp: number,
  options: { type?: OperationType; met?: boolean; reached?: number; ttlMs?: number } = {},
): Answer {
  const { type = "put", met = true, reached = 1, ttlMs } = options;
  const dot = dotOf(timestamp);
  const part = {
    key: KEY,
    isDelete: type === "delete",
    version: version(timestamp),
    dot,
    isAckMet: met,
    reached,
    ttlMs,
  };
  return { type: "written", parts: [part] };
}

/** Every stamp is that of another dot. */
export function dotOf(timestamp: number): Dot {
  return { shard: 0 as ShardId, origin: 1 as OriginId, sequence: timestamp };
}

export function read(timestamp: number | undefined, author = 1, expiresAt?: number): Answer {
  return { type: "read", read: readPart(timestamp, author, expiresAt) };
}

export function readPart(timestamp: number | undefined, author = 1, expiresAt?: number): ReadPart {
  const dot = timestamp === undefined ? undefined : dotOf(timestamp);
  if (dot === undefined) return { key: KEY, version: undefined, author: undefined, expiresAt: undefined, dot };
  return { key: KEY, version: version(timestamp ?? 0), author: { id: author, part: 0 }, expiresAt, dot };
}

export function register(timestamp: number, changes: Partial<RegisterDump> = {}): RegisterDump {
  return {
    shard: 0 as ShardId,
    identity: `0:${KEY}`,
    key: KEY,
    timestamp: timestamp as Timestamp,
    origin: 1 as OriginId,
    sequence: 1,
    isDead: false,
    isGone: false,
    expiresAt: Infinity,
    checksum: "aa",
    ...changes,
  };
}

export function dump(
  registers: readonly RegisterDump[],
  options: { vector?: string; covered?: number; kept?: string } = {},
): ReplicaDump {
  const { vector = "1:9", covered = 9, kept = "f" } = options;
  const covers = (_origin: OriginId, sequence: number): boolean => sequence <= covered;
  const shard = {
    shard: 0 as ShardId,
    vector,
    entries: 1,
    isWhole: true,
    covers,
    fingerprint: { kept, recomputed: "f" },
  };
  return { registers, shards: [shard] };
}

export function node(changes: Partial<NodeEvidence> & { readonly final?: ReadPart } = {}): NodeEvidence {
  const { final, ...rest } = changes;
  return {
    durable: true,
    ends: [],
    diskLosses: [],
    judgements: [],
    putAside: [],
    memoryBytesMax: Infinity,
    lent: [],
    evictions: [],
    wholes: [],
    isFull: false,
    diskBytes: 0,
    givenUpAt: [],
    givenUpBy: [],
    pauses: [],
    clockStops: [],
    clockJumps: [],
    clock: new ClockCourse([]),
    time: new ClockCourse([]),
    dump: dump([]),
    company: undefined,
    finals: final === undefined ? [] : [final],
    documents: [],
    collections: [],
    counters: [],
    finalWallMs: WALL + 10_000,
    ...rest,
  };
}

/** A disk that lost what lay in some entries: those of the key, unless told. */
export function diskLoss(from: number, to: number, ...entries: readonly string[]): DiskLoss {
  return { from, to, entries: new Set(entries.length === 0 ? [entryOf({ key: KEY, shard: 0 })] : entries) };
}

export function crash(at: number, durableUpTo = 0): LifeEnd {
  return { life: 1, at, type: "crash", durableUpTo };
}

export function evidence(history: readonly HistoryEntry[], nodes: readonly NodeEvidence[]): Evidence {
  return {
    keys: [KEY],
    history,
    documents: [],
    commands: [],
    watches: [],
    samples: [],
    nodes,
    healedAt: 9000,
    settleMs: 1000,
    endedAt: 20_000,
    calm: [],
    reachable: [],
    peacefulStops: [],
    auditRepairs: [],
    memberVerdicts: [],
    dataBytesMax: Infinity,
    retentionMs: 3_600_000,
    clockSpreadMs: 10,
    clockDoubtMs: 0,
    diskReadMs: 0,
    readErrors: [],
    clockBoundMs: 500,
    sweepMs: 200,
  };
}

export { WALL };
