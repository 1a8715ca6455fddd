/** Runs a plan on real processes: the same faults and operations, the same healing, the same checkers as in the simulator. */

import { CHECKERS } from "../../simulations/checkers/checkers.ts";
import { areEqualDumps } from "../../simulations/checkers/convergence.ts";
import type { Evidence, NodeEvidence, Violation } from "../../simulations/checkers/evidence.ts";
import { clockSpreadOf, type Plan } from "../../simulations/plan.ts";
import { repairIn } from "../../simulations/sampling/audit-repair.ts";
import { ClockCourse } from "../../simulations/simulator/clock-course.ts";
import type { History } from "../../simulations/workload/history.ts";
import { keysOf } from "../../simulations/workload/operation.ts";
import { WorkloadRunner } from "../../simulations/workload/runner.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import type { ReplicaDump } from "../../src/replica/inspect.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { checkDisk } from "./disk-check.ts";
import { RealFaultApplier } from "./fault-applier.ts";
import { RealWatcher } from "./real-watcher.ts";
import { RealWorld, type RealWorldOptions } from "./real-world.ts";
import { Stranger } from "./stranger.ts";

/** They ask what time answers took, which a busy machine decides here, and what is held once all have come to rest. */
const SIMULATED_ONLY: ReadonlySet<string> = new Set(["availability", "bounds"]);

export interface RealRun {
  readonly violations: readonly Violation[];
  readonly history: History;
  /** Ms from the healing until all replicas were equal; undefined when they never were. */
  readonly convergedAfterMs: number | undefined;
}

/** Time between two looks at whether all replicas are equal, and between two equalities that count. */
const LOOK_EVERY_MS = 250;
const AFTERMATH_MS = 1500;
/** Time that is left to what was still on its way when its client gave it up. */
const LATE_MS = 1000;

export async function runForReal(plan: Plan, options: RealWorldOptions): Promise<RealRun> {
  const world = await RealWorld.start(plan, options);
  try {
    return await play(world, plan);
  } finally {
    await world.stop();
  }
}

async function play(world: RealWorld, plan: Plan): Promise<RealRun> {
  const faults = new RealFaultApplier(world, plan.faults);
  const runner = new WorkloadRunner(world, plan.operations);
  const watchers = follow(world, plan);
  const stranger = new Stranger(world, plan.healAt);
  await world.agenda.until(plan.healAt);
  runner.close();
  await faults.healAll();
  await untilAnswered(world, runner, plan);
  const convergedAfterMs = await converge(world, plan);
  await untilExpired(runner.history);
  const violations = breakdownsOf(world);
  if (violations.length === 0) violations.push(...(await stranger.finish()));
  if (violations.length === 0) {
    const dumps = await lastLook(world, convergedAfterMs === undefined ? 0 : plan.settleMs);
    const evidence = await collect(world, { runner, watchers, plan, dumps });
    for (const [name, check] of Object.entries(CHECKERS)) {
      if (!SIMULATED_ONLY.has(name)) violations.push(...check(evidence));
    }
    await world.kill();
    for (const [i, { dump }] of evidence.nodes.entries()) {
      const { durable = true } = plan.nodes[i] ?? {};
      if (durable && dump !== undefined) violations.push(...(await checkDisk(world.node(i).process.config, dump)));
    }
  }
  return { violations, history: runner.history, convergedAfterMs };
}

/** The watchers of a plan, which hear of the end of processes after those who wait for answers. */
function follow(world: RealWorld, plan: Plan): RealWatcher[] {
  const operationsById = new Map(plan.operations.map((operation) => [operation.id, operation]));
  const watchers = (plan.watches ?? []).map((watch) => new RealWatcher(world, watch, operationsById));
  const { onLifeEnd } = world;
  world.onLifeEnd = (node, life) => {
    onLifeEnd?.(node, life);
    for (const watcher of watchers) watcher.lifeEnded(node, life);
  };
  return watchers;
}

function breakdownsOf(world: RealWorld): Violation[] {
  const messages = world.breakdowns.map(({ node, error }) => `replica ${node}: ${String(error)}`);
  for (const node of world.nodes) if (node.hasDied) messages.push(`replica ${node.index} ended by itself`);
  return messages.map((message) => ({ checker: "breakdown", message }));
}

/** What a busy machine has not got round to is still being written: only then is everything healed. Up to the bound. */
async function untilAnswered({ agenda }: RealWorld, runner: WorkloadRunner, { settleMs }: Plan): Promise<void> {
  const until = agenda.now + settleMs;
  while (runner.isUnderWay && agenda.now < until) await agenda.until(agenda.now + LOOK_EVERY_MS);
}

/** Nothing is to expire while everything is being read. */
async function untilExpired(history: History): Promise<void> {
  const now = Date.now();
  const deaths = history.map(({ operation, answeredWallMs }) =>
    operation.ttlMs === undefined ? 0 : (answeredWallMs ?? now) + operation.ttlMs + LATE_MS,
  );
  const last = Math.max(0, ...deaths);
  await untilTrue("what was to expire has expired", () => Date.now() > last, { withinMs: last - now + 1000 });
}

/** As in the simulator: equal, and equal still a while later. */
async function converge(world: RealWorld, plan: Plan): Promise<number | undefined> {
  const { agenda } = world;
  const begunAt = agenda.now;
  while (agenda.now < begunAt + plan.settleMs && breakdownsOf(world).length === 0) {
    await agenda.until(agenda.now + LOOK_EVERY_MS);
    if (!(await areEqual(world))) continue;
    const equalAt = agenda.now;
    await agenda.until(agenda.now + AFTERMATH_MS);
    if (await areEqual(world)) return equalAt - begunAt;
  }
  return undefined;
}

async function areEqual(world: RealWorld): Promise<boolean> {
  return areEqualDumps(await inspectAll(world), Date.now());
}

/**
 * What they hold in the end. Processes are not looked at in one instant: what is sealed or purged at that moment may be so
 * at one of them only, and is looked at again, for `forMs` at most.
 */
async function lastLook(world: RealWorld, forMs: number): Promise<readonly (ReplicaDump | undefined)[]> {
  const until = world.now + forMs;
  for (;;) {
    const dumps = await inspectAll(world);
    if (areEqualDumps(dumps, Date.now()) || world.now >= until) return dumps;
    await world.agenda.until(world.now + LOOK_EVERY_MS);
  }
}

function inspectAll(world: RealWorld): Promise<(ReplicaDump | undefined)[]> {
  return Promise.all(world.nodes.map((node) => node.inspect().catch(() => undefined)));
}

interface Played {
  readonly runner: WorkloadRunner;
  readonly watchers: readonly RealWatcher[];
  readonly plan: Plan;
  readonly dumps: readonly (ReplicaDump | undefined)[];
}

async function collect(world: RealWorld, { runner, watchers, plan, dumps }: Played): Promise<Evidence> {
  const keys = keysOf(plan.operations);
  const nodes = world.nodes.map(
    async (node, i): Promise<NodeEvidence> => ({
      memoryBytesMax: Infinity,
      lent: [],
      durable: plan.nodes[i]?.durable ?? true,
      ends: node.ends,
      diskLosses: [],
      judgements: [],
      putAside: [],
      evictions: [],
      wholes: [],
      isFull: false,
      diskBytes: 0,
      givenUpAt: [],
      givenUpBy: [],
      pauses: [],
      clockStops: [],
      clockJumps: jumpsOf(plan, i),
      clock: new ClockCourse([]),
      time: new ClockCourse([]),
      dump: dumps[i],
      finalWallMs: node.clockTime,
      company: undefined,
      finals: await runner.readKeys(node, keys),
      documents: [],
      collections: [],
      counters: [],
    }),
  );
  return {
    keys,
    history: runner.history,
    documents: [],
    commands: [],
    watches: watchers,
    samples: [],
    nodes: await Promise.all(nodes),
    healedAt: plan.healAt,
    settleMs: plan.settleMs,
    endedAt: world.now,
    calm: [],
    reachable: [],
    peacefulStops: [],
    memberVerdicts: [],
    auditRepairs: world
      .logs()
      .flat()
      .filter(({ event }) => event === "divergence-repaired")
      .map(({ fields }) => repairIn(fields)),
    retentionMs: plan.replica.retentionMs,
    clockSpreadMs: clockSpreadOf(plan),
    // What a process corrects its clock by is not seen from outside.
    clockDoubtMs: clockSpreadOf(plan),
    diskReadMs: 0,
    dataBytesMax: Infinity,
    readErrors: [],
    clockBoundMs: plan.replica.maxClockOffsetMs,
    sweepMs: replicaDefaults.sweepMs,
  };
}

/** When the plan puts a clock forward or back, and when the healing sets it right. */
function jumpsOf({ faults, healAt }: Plan, node: number): number[] {
  const jumps = faults.flatMap((fault) => (fault.type === "clock-jump" && fault.node === node ? [fault.at] : []));
  return jumps.length === 0 ? [] : [...jumps, healAt];
}
