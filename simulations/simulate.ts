/** Runs a plan: faults and operations against replicas in a world, then the healing, then the checkers. */

import type { Key, ReplicaId } from "../src/base/ids.ts";
import { isSameDigest } from "../src/core/digest.ts";
import type { ReplicaConfig } from "../src/replica/config.ts";
import type { ReplicaDump } from "../src/replica/inspect.ts";
import { checkAcknowledged } from "./checkers/acknowledged.ts";
import { checkAudit } from "./checkers/audit.ts";
import { checkAvailability, countRefusals, DRIFT_MAX } from "./checkers/availability.ts";
import { checkBounds, isLeft, mayKeepGraves } from "./checkers/bounds.ts";
import { checkCondition } from "./checkers/condition.ts";
import { checkConvergence, compareDumps, gapsOf } from "./checkers/convergence.ts";
import { coverageOf, type Verdict } from "./checkers/coverage.ts";
import { checkDigest } from "./checkers/digest.ts";
import { checkDocument } from "./checkers/document.ts";
import type { Checker, Evidence, NodeEvidence, Violation } from "./checkers/evidence.ts";
import { checkExpiry } from "./checkers/expiry.ts";
import { checkLevels } from "./checkers/levels.ts";
import { checkListing } from "./checkers/listing.ts";
import { checkLocalOrder } from "./checkers/local-order.ts";
import { checkQuorum } from "./checkers/quorum.ts";
import { checkResurrection } from "./checkers/resurrection.ts";
import { checkSession } from "./checkers/session.ts";
import { checkVectors, entriesMax } from "./checkers/vectors.ts";
import { checkWatch } from "./checkers/watch.ts";
import type { DocumentHistory } from "./documents/document-history.ts";
import { DocumentRunner } from "./documents/document-runner.ts";
import { FaultApplier } from "./faults/applier.ts";
import { calmOf } from "./faults/calm.ts";
import { clockSpreadOf, nameOf, type Plan, qualityOf, type ReplicaSettings } from "./plan.ts";
import { Sampler } from "./sampling/sampler.ts";
import { StabilityMeter, type StableLatency } from "./sampling/stability.ts";
import type { SimulatedNode } from "./simulator/node.ts";
import type { ReplicaIdentity, ReplicaPorts, SimulatedReplica } from "./simulator/replica.ts";
import type { TraceEntry } from "./simulator/trace.ts";
import { type LogLine, World } from "./simulator/world.ts";
import { TimelineRecorder } from "./timeline/recorder.ts";
import type { Timeline } from "./timeline/timeline.ts";
import type { History, ReadPart } from "./workload/history.ts";
import { keysOf, longestValue } from "./workload/operation.ts";
import { WorkloadRunner } from "./workload/runner.ts";
import type { WatchHistory } from "./workload/watch-history.ts";

/** Makes the replica of one life of a node, which takes values as long as the plan writes and, without documents, no longer. */
export type CreateReplica = (
  identity: ReplicaIdentity,
  ports: ReplicaPorts,
  settings: ReplicaSettings & Partial<Pick<ReplicaConfig, "valueBytesMax">>,
) => SimulatedReplica;

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

export interface RunOptions {
  readonly createReplica: CreateReplica;
  readonly keepTrace?: boolean;
  /** Records what a report draws. The run is the same, and takes longer. */
  readonly timeline?: boolean;
  readonly drain?: "yielding";
}

/** Time between two looks at whether all replicas are equal. */
const POLL_MS = 250;
/** After the healing: by then everybody who waits has been answered. */
const REST_MS = 6500;
/** Time between two looks at what all replicas hold. */
const SAMPLE_MS = 500;
/** Time between two equalities that count: what is equal must stay so. */
const AFTERMATH_MS = 2000;
/** Every checker by name, in the order in which what they say helps most. */
export const CHECKERS: Readonly<Record<string, Checker>> = {
  convergence: checkConvergence,
  audit: checkAudit,
  acknowledged: checkAcknowledged,
  "local-order": checkLocalOrder,
  condition: checkCondition,
  session: checkSession,
  expiry: checkExpiry,
  watch: checkWatch,
  quorum: checkQuorum,
  listing: checkListing,
  document: checkDocument,
  resurrection: checkResurrection,
  digest: checkDigest,
  vectors: checkVectors,
  bounds: checkBounds,
  availability: checkAvailability,
  levels: checkLevels,
};

export async function runPlan(plan: Plan, options: RunOptions): Promise<RunResult> {
  const began = process.hrtime.bigint();
  const world = createWorld(plan, options);
  const faults = new FaultApplier(world, plan.faults);
  const runner = new WorkloadRunner(world, plan.operations, plan.watches);
  const documents = new DocumentRunner(world, plan.documents ?? []);
  const recorder = options.timeline === true ? new TimelineRecorder(world, plan, runner.history) : undefined;
  const meter = new StabilityMeter(world, runner.history, plan.healAt + plan.settleMs);
  const sampler = new Sampler(world, { everyMs: SAMPLE_MS, until: plan.healAt });
  for (const [index, node] of plan.nodes.entries()) world.at(node.startAt, () => world.node(index).start());
  await world.run(plan.healAt);
  runner.close();
  faults.healAll();
  const convergedAfterMs = await converge(world, documents, plan);
  await comeToRest(world, documents, plan);
  const stableLatency = meter.finish();
  const timeline = recorder?.finish();
  const violations: Violation[] = world.breakdowns.map(({ at, node, error }) => ({
    checker: "breakdown",
    message: `at ${(at / 1000).toFixed(3)}s, replica ${node}: ${error.stack ?? error.message}`,
  }));
  const verdicts: Verdict[] = [];
  if (violations.length === 0) {
    sampler.look();
    const evidence = await collect(world, { runner, documents, sampler }, plan);
    for (const [checker, check] of Object.entries(CHECKERS)) {
      const found = check(evidence);
      violations.push(...found);
      verdicts.push({ checker, violations: found.length, checked: coverageOf(checker, evidence) });
    }
  }
  return {
    plan,
    violations,
    verdicts,
    history: runner.history,
    watches: runner.watchers,
    documents: documents.history,
    traceHash: world.trace.hash(),
    stableLatency,
    refusals: countRefusals(runner.history),
    convergedAfterMs,
    simulatedMs: world.now,
    realMs: Number(process.hrtime.bigint() - began) / 1e6,
    events: world.events,
    frames: world.network.frames,
    bytes: world.network.bytes,
    log: world.log,
    trace: world.trace.entries,
    timeline,
  };
}

function createWorld(plan: Plan, options: RunOptions): World {
  // An update of a document is a value, too.
  const hasDocuments = (plan.documents?.length ?? 0) > 0;
  const settings = {
    ...plan.replica,
    ...(hasDocuments ? {} : { valueBytesMax: longestValue(plan.operations) }),
  };
  const addresses = plan.nodes.map((_, i) => addressOf(i));
  return new World({
    seed: `${plan.scenario} ${plan.seed}`,
    nodes: plan.nodes.map((node, i) => ({
      ...node,
      identity: {
        id: nameOf(plan, i) as ReplicaId,
        region: node.region,
        address: addressOf(i),
        join: addresses.filter((address) => address !== addressOf(i)),
      },
    })),
    quality: (from, to) => qualityOf(plan, from, to),
    network: { heartbeatTimeoutMs: plan.heartbeatTimeoutMs },
    createReplica: (identity, ports) => options.createReplica(identity, ports, settings),
    keepTrace: options.keepTrace === true,
    ...(options.drain === undefined ? {} : { drain: options.drain }),
  });
}

function addressOf(index: number): string {
  return `r${index}.example:7400`;
}

/**
 * Lets the world run until all replicas are equal and, looked at again a while later, still are; or the bound is over.
 * In between they may differ for a moment: sealing reaches one before the other.
 */
async function converge(world: World, documents: DocumentRunner, plan: Plan): Promise<number | undefined> {
  const until = world.now + plan.settleMs;
  while (world.now < until && world.breakdowns.length === 0) {
    documents.openAll();
    await world.run(world.now + POLL_MS);
    if (!areEqual(world)) continue;
    const firstEqualAt = world.now;
    await world.run(world.now + AFTERMATH_MS);
    if (areEqual(world)) return firstEqualAt - plan.healAt;
  }
  return undefined;
}

/** Dumps are dear, and while vectors differ there is no need for any. */
function haveEqualVectors(world: World): boolean {
  const replicas = world.nodes.map((node) => node.replica?.replica);
  return replicas.every((replica) => {
    const first = replicas[0];
    if (replica === undefined || first === undefined) return true;
    return replica.shards.every((shard, i) => {
      const twin = first.shards[i];
      return twin === undefined || isSameDigest(shard.vector.digest(), twin.vector.digest());
    });
  });
}

/** Lets everybody who waits be answered, slow disks end what they had begun, ended lives be sealed, and tombstones go; up to the bound. */
async function comeToRest(world: World, documents: DocumentRunner, plan: Plan): Promise<void> {
  if (world.breakdowns.length > 0) return;
  await world.run(Math.max(world.now, plan.healAt + REST_MS));
  while (
    world.now < plan.healAt + plan.settleMs &&
    world.breakdowns.length === 0 &&
    !(isAtRest(world) && documents.areCompact && areEqual(world))
  ) {
    documents.openAll();
    await world.run(world.now + POLL_MS);
  }
}

function givenUpAt({ givenUp }: World, { identity }: SimulatedNode): number[] {
  return givenUp.flatMap(({ id, at }) => (id === identity.id ? [at] : []));
}

function isAtRest(world: World): boolean {
  const nodes = world.nodes.map((node) => ({
    durable: node.disk.durable,
    ends: node.ends,
    givenUpAt: givenUpAt(world, node),
  }));
  const most = entriesMax(nodes);
  const gravesMax = mayKeepGraves(nodes) ? Infinity : 0;
  return world.nodes.every(({ replica }) => {
    const shards = replica?.replica?.shards ?? [];
    const isTidy = shards.every(({ vector, graves }) => vector.size <= most && graves <= gravesMax);
    return isTidy && !(replica?.holdings?.() ?? []).some(isLeft);
  });
}

function areEqual(world: World): boolean {
  if (!haveEqualVectors(world)) return false;
  const dumps: ReplicaDump[] = [];
  for (const node of world.nodes) {
    if (node.replica === undefined) return false;
    dumps.push(node.replica.inspect());
  }
  const [first, ...others] = dumps;
  if (first === undefined) return true;
  const wallMs = world.node(0).clock.now();
  for (const other of others) {
    for (const _ of compareDumps(first, other, ["", ""], wallMs)) return false;
  }
  for (const dump of dumps) for (const _ of gapsOf(dump, "")) return false;
  return true;
}

/** For how long faults keep a node's clock from telling how much time has gone by. */
function clockStopsOf({ faults }: Plan, node: number): { readonly from: number; readonly to: number }[] {
  return faults.flatMap((fault) => {
    if (fault.type !== "clock-drift" || fault.node !== node || Math.abs(fault.ppm) <= DRIFT_MAX * 1e6) return [];
    return [{ from: fault.at, to: fault.at + fault.forMs }];
  });
}

interface Lookers {
  readonly runner: WorkloadRunner;
  readonly documents: DocumentRunner;
  readonly sampler: Sampler;
}

async function collect(world: World, { runner, documents, sampler }: Lookers, plan: Plan): Promise<Evidence> {
  const keys = keysOf(plan.operations);
  const dumps = world.nodes.map((node) => node.replica?.inspect());
  const finals = await readAll(world, runner, keys);
  const nodes = world.nodes.map(
    (node, i): NodeEvidence => ({
      durable: node.disk.durable,
      ends: node.ends,
      diskLosses: node.disk.losses,
      judgements: node.judgements,
      putAside: node.putAside,
      givenUpAt: givenUpAt(world, node),
      pauses: node.pauses,
      clockStops: clockStopsOf(plan, i),
      clockJumps: node.clock.jumps,
      dump: dumps[i],
      finals: finals[i] ?? [],
      documents: documents.finals(node),
      finalWallMs: node.clock.now(),
    }),
  );
  return {
    keys,
    history: runner.history,
    documents: documents.history,
    watches: runner.watchers,
    samples: sampler.samples,
    nodes,
    healedAt: plan.healAt,
    settleMs: plan.settleMs,
    endedAt: world.now,
    calm: calmOf(plan, nodes),
    auditRepairs: world.auditRepairs,
    retentionMs: plan.replica.retentionMs,
    clockSpreadMs: clockSpreadOf(plan),
    sweepMs: plan.replica.sweepMs,
  };
}

async function readAll(world: World, runner: WorkloadRunner, keys: readonly Key[]): Promise<ReadPart[][]> {
  const reads = world.nodes.map((node) => readKeys(node, runner, keys));
  const all = Promise.all(reads);
  let isDone = false;
  const watched = all.finally(() => {
    isDone = true;
  });
  for (let i = 0; i < 100 && !isDone; i++) await world.run(world.now + 1);
  return watched;
}

async function readKeys(node: SimulatedNode, runner: WorkloadRunner, keys: readonly Key[]): Promise<ReadPart[]> {
  const parts: ReadPart[] = [];
  for (const key of keys) {
    const part = await runner.read(node, key);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}
