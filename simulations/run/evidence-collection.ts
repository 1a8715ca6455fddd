/** Gathers what the checkers are given, once a world has come to rest. */

import type { Key, SpaceId } from "../../src/base/ids.ts";
import { spaceOf } from "../../src/base/shard-id.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import { replicaNumber } from "../../src/core/origin.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import type { BackupRunner } from "../backups/backup-runner.ts";
import { DRIFT_MAX } from "../checkers/availability.ts";
import type { Evidence, NodeEvidence } from "../checkers/evidence.ts";
import type { CommandRunner } from "../commands/command-runner.ts";
import type { DocumentRunner } from "../documents/document-runner.ts";
import { calmOf, type NodeSpan, peacefulStopsOf } from "../faults/calm.ts";
import { clockSpreadOf, type Plan } from "../plan.ts";
import { companyOf } from "../sampling/company.ts";
import type { Sampler } from "../sampling/sampler.ts";
import { ClockCourse } from "../simulator/clock-course.ts";
import type { Evicted } from "../simulator/node.ts";
import type { World } from "../simulator/world.ts";
import type { TenantPlan } from "../tenants/tenant-plan.ts";
import { answerOfError } from "../workload/carry-out.ts";
import type { History, HistoryEntry, ReadPart } from "../workload/history.ts";
import { keysOf } from "../workload/operation.ts";
import type { WorkloadRunner } from "../workload/runner.ts";
import type { Stage } from "../workload/stage.ts";

/** After a disturbance: by then links that are dead are known to be, and requests that were lost are asked for anew. */
const QUIET_MS = 8000;
/** A read that is passed on may have to be asked for more than once. */
const FINAL_READ_MS = 10_000;
/** Comparisons of a replica with one of the others, after which it has hardly left one out. */
const LAG_ROUNDS = 25;

/** After a disturbance: by then who still has a link to somebody is heard by him. */
const LINKED_MS = 1000;

/** A definition has come to whoever is not cut off, and what was evicted before counts no more. */
const SHARES_MS = 5000;

/** No plan has it. */
const EVICTION_ID = -1;

/** A slow disk takes half a second in the mean. */
const DISK_READ_MS = 10_000;

interface Played {
  readonly world: World;
  /** What clients are given to do their work on. */
  readonly stage: Stage;
  readonly runner: WorkloadRunner;
  readonly documents: DocumentRunner;
  readonly commands: CommandRunner;
  readonly backups: BackupRunner;
  readonly sampler: Sampler;
}

/** Reads every key at every replica on the way, for which time goes on. */
export async function collectEvidence(
  plan: Plan,
  { world, stage, runner, documents, commands, backups, sampler }: Played,
): Promise<Evidence> {
  const keys = keysOf(plan.operations);
  const dumps = world.nodes.map((node) => node.replica?.inspect());
  const companies = world.nodes.map(({ replica }) => replica?.replica && companyOf(replica.replica));
  const finals = await readAll(world, stage, runner, keys);
  const tenants = new Set(plan.tenants?.map(({ name }) => spaceOfName(name)));
  const nodes = world.nodes.map(
    (node, i): NodeEvidence => ({
      durable: node.disk.durable,
      memoryBytesMax: plan.nodes[i]?.memoryBytesMax ?? plan.replica.memoryBytesMax ?? Infinity,
      ends: node.ends,
      diskLosses: node.disk.losses,
      judgements: node.judgements,
      putAside: node.putAside,
      evictions: node.evictions.filter(
        ({ dot, key }) => !tenants.has(spaceOf(dot.shard)) && !commands.isCommanded(key),
      ),
      lent: node.lent,
      diskBytes: node.disk.bytes,
      givenUpAt: world.givenUpAt(node.identity.id),
      givenUpBy: world.givenUpBy(node.identity.id),
      pauses: node.pauses,
      clockStops: clockStopsOf(plan, i),
      clockJumps: [...node.clock.jumps, ...node.corrections.map(({ at }) => at)],
      clock: new ClockCourse(node.clock.bends),
      time: new ClockCourse(node.clock.bends).corrected(node.corrections),
      dump: dumps[i],
      company: companies[i],
      finals: finals[i] ?? [],
      documents: documents.finals(node),
      ...commands.finals(node),
      finalWallMs: node.clockTime,
    }),
  );
  return {
    keys,
    history: withEvictions(runner.history, nodes),
    documents: documents.history,
    commands: commands.history,
    ...(plan.tenants !== undefined && {
      shares: {
        bySpace: sharesOf(plan.tenants),
        since: Math.max(...plan.tenants.map(({ definedAt }) => definedAt)) + SHARES_MS,
        losses: world.nodes.map(({ shareLosses }) => shareLosses),
      },
    }),
    ...(plan.backups !== undefined && {
      backups: { all: backups.history, peace: calmOf(plan, nodes, LINKED_MS) },
    }),
    watches: runner.watchers,
    samples: sampler.samples,
    nodes,
    healedAt: plan.healAt,
    settleMs: plan.settleMs,
    endedAt: world.now,
    ...(plan.keyspace !== undefined && {
      placement: {
        numbers: world.nodes.map(({ identity }) => replicaNumber(identity.id)),
        quiet: calmOf(plan, nodes, QUIET_MS),
        steady: calmOf({ ...plan, keyspace: [] }, nodes, QUIET_MS),
        policies: (plan.keyspace ?? []).map(({ at, settings }) => ({ at, copies: copiesOf(settings, plan) })),
        lagMs: LAG_ROUNDS * plan.replica.antiEntropyMs,
      },
    }),
    calm: calmOf(plan, nodes),
    reachable: calmOf(plan, nodes, QUIET_MS),
    peacefulStops: peacefulStopsOf(plan, nodes),
    auditRepairs: world.auditRepairs,
    memberVerdicts: world.memberVerdicts,
    retentionMs: plan.replica.retentionMs,
    diskReadMs: nodes.every(({ memoryBytesMax }) => memoryBytesMax === Infinity) ? 0 : DISK_READ_MS,
    readErrors: readErrorsOf(plan),
    dataBytesMax: plan.replica.dataBytesMax ?? Infinity,
    clockSpreadMs: clockSpreadOf(plan),
    clockDoubtMs: 0,
    clockBoundMs: plan.replica.maxClockOffsetMs,
    sweepMs: plan.replica.sweepMs,
  };
}

/**
 * What clients did, and among it what replicas removed for want of room: as deletions that were asked for there and then, and
 * were acknowledged.
 */
function withEvictions(history: History, nodes: readonly NodeEvidence[]): History {
  const evicted = nodes.flatMap(({ evictions }, node) => evictions.map((each) => evictionEntry(node, each)));
  return evicted.length === 0 ? history : [...history, ...evicted].sort((a, b) => a.invokedAt - b.invokedAt);
}

function evictionEntry(node: number, { at, wallMs, life, key, version, dot }: Evicted): HistoryEntry {
  const part = { key, isDelete: true, version, dot, isAckMet: true, reached: 1, ttlMs: undefined };
  return {
    operation: { id: EVICTION_ID, at, node, type: "delete", key, ack: "memory", valueBytes: 0 },
    node,
    life,
    isEviction: true,
    invokedAt: at,
    invokedWallMs: wallMs,
    answeredAt: at,
    answeredWallMs: wallMs,
    answer: { type: "written", parts: [part] },
  };
}

function sharesOf(tenants: readonly TenantPlan[]): ReadonlyMap<SpaceId, number> {
  return new Map(
    tenants.flatMap(({ name, memoryShare }) => (memoryShare === undefined ? [] : [[spaceOfName(name), memoryShare]])),
  );
}

/** As many as a policy asks for, where there are members for them. */
function copiesOf({ replication = "all", regions }: KeyspaceSettings, { nodes }: Plan): number {
  const allowed = nodes.filter(({ region }) => regions?.includes(region) !== false);
  if (replication === "all") return allowed.length;
  if (typeof replication === "number") return Math.min(replication, allowed.length);
  const inRegions = Object.entries(replication).map(([region, copies]) =>
    Math.min(copies, allowed.filter((node) => node.region === region).length),
  );
  return inRegions.reduce((sum, copies) => sum + copies, 0);
}

/** For how long faults keep a node's clock from telling how much time has gone by. */
function clockStopsOf({ faults }: Plan, node: number): { readonly from: number; readonly to: number }[] {
  return faults.flatMap((fault) => {
    if (fault.type !== "clock-drift" || fault.node !== node || Math.abs(fault.ppm) <= DRIFT_MAX * 1e6) return [];
    return [{ from: fault.at, to: fault.at + fault.forMs }];
  });
}

/** In the order of the keys. What is not answered in time, or with an error, is left out. */
async function readAll(
  world: World,
  stage: Stage,
  runner: WorkloadRunner,
  keys: readonly Key[],
): Promise<ReadPart[][]> {
  const finals: ReadPart[][] = world.nodes.map(() => []);
  let left = world.nodes.length * keys.length;
  for (const [index, node] of stage.nodes.entries()) {
    const done = (read?: ReadPart): void => {
      left--;
      if (read !== undefined) finals[index]?.push(read);
    };
    const failed = (error: unknown): void => {
      if (answerOfError(error) === undefined) world.fail(index, error);
      done();
    };
    for (const key of keys) runner.read(node, key).then(done, failed);
  }
  for (let ms = 0; ms < FINAL_READ_MS && left > 0; ms++) await world.run(world.now + 1);
  const places = new Map(keys.map((key, i) => [key, i]));
  return finals.map((reads) => reads.sort((a, b) => (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0)));
}

function readErrorsOf({ faults }: Plan): NodeSpan[] {
  return faults.flatMap((fault) => {
    if (fault.type !== "disk-read-errors" && fault.type !== "disk-unreadable") return [];
    return [{ node: fault.node, from: fault.at, to: fault.at + fault.forMs }];
  });
}
