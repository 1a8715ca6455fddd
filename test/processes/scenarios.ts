/** What real processes go through, each a plan from a seed: short, since its seconds are real ones. */

import { drawCut } from "../../simulations/faults/cuts.ts";
import type { Fault } from "../../simulations/faults/fault.ts";
import type { Plan } from "../../simulations/plan.ts";
import { CALM_WATER, SMALL_REPLICA } from "../../simulations/scenarios/build.ts";
import { uniform } from "../../simulations/simulator/draws.ts";
import { countFrom, generateOperations, type WorkloadProfile } from "../../simulations/workload/generator.ts";
import { generateReads } from "../../simulations/workload/read-generator.ts";
import { generateSessions } from "../../simulations/workload/session-generator.ts";
import { generateWatches } from "../../simulations/workload/watch-plan.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { RealWorldOptions } from "./real-world.ts";

export interface RealScenario {
  readonly name: string;
  readonly links: RealWorldOptions["links"];
  /** What it needs of the machine beyond Node. */
  readonly needs?: "fake-clock";
  readonly plan: (seed: string) => Plan;
}

const NODES = 3;
/** Longer than a replica waits before it takes a silent peer for dead. */
const BEYOND_HEARTBEAT_MS = 7500;
const SETTLE_MS = 40_000;

const WORKLOAD: Omit<WorkloadProfile, "untilMs"> = {
  nodes: NODES,
  keys: 40,
  skew: 1,
  operationsPerSecond: 80,
  fromMs: 200,
  types: { put: 10, delete: 3, "put-absent": 1, update: 2, get: 8, batch: 1 },
  acks: { memory: 6, disk: 3, region: 1, quorum: 3, all: 1 },
  ttlShare: 0.1,
  ttlMsMax: 3000,
  valueBytesMax: 300,
};

/** Clients that follow changes, and now and then go elsewhere. */
const WATCHES = { count: 4, meanMoveGapMs: 3000, returnShare: 0.5, slowShare: 0 };
/** Clients that move from replica to replica with what they have seen. */
const SESSIONS = { count: 4, operationsPerSecond: 10, moveChance: 0.3 };

const READS = { quorumPerSecond: 4, listingsPerSecond: 0.7 };

interface Script {
  readonly durationMs: number;
  readonly faults: readonly Fault[];
  readonly workload?: Partial<WorkloadProfile>;
  readonly water?: Partial<Plan["water"]>;
  /** The node that keeps nothing on disk. */
  readonly forgetful?: number | undefined;
}

type Draw = (random: SeededRandom) => Script;

/** Both sides write on while they cannot hear each other: shortly, and until they give each other up. */
const splitBrain: Draw = (random) => {
  const long = random.pick(["halves", "isolate", "bridge", "one-way"] as const);
  const short = random.pick(["ring", "pair", "one-way", "halves"] as const);
  return {
    durationMs: 12_500,
    faults: [
      { at: 1000, type: "cut", ...drawCut(random, short, NODES), forMs: uniform(random, 500, 2000) },
      { at: 3500, type: "cut", ...drawCut(random, long, NODES), forMs: BEYOND_HEARTBEAT_MS },
      { at: uniform(random, 4000, 12_000), type: "break", nodes: [0, 1], lateMs: uniform(random, 0, 2000) },
    ],
  };
};

/** Links are reset and refused again and again, faster than replicas dial. */
const flapping: Draw = (random) => {
  const faults: Fault[] = [];
  for (let at = 500; at < 9000; at += uniform(random, 50, 700)) {
    const forMs = uniform(random, 10, 500);
    faults.push({ at, type: "cut", ...drawCut(random, random.pick(["pair", "isolate", "one-way"]), NODES), forMs });
    at += forMs;
  }
  return { durationMs: 10_000, faults };
};

/** SIGKILL under load, one replica after the other, at times before the last is back. */
const rollingKill: Draw = (random) => {
  const faults: Fault[] = [];
  for (const node of random.shuffle([0, 1, 2, 0, 1, 2])) {
    faults.push({
      at: 800 + faults.length * uniform(random, 1100, 1500),
      type: "crash",
      node,
      aim: "now",
      isPowerCut: random.chance(0.5),
      downMs: uniform(random, 50, 1500),
    });
  }
  // At most one that keeps nothing on disk, and begins anew each time.
  const forgetful = random.chance(0.3) ? random.below(NODES) : undefined;
  return {
    durationMs: 10_500,
    faults,
    forgetful,
    workload: { acks: { memory: 2, disk: 6, region: 1, quorum: 6, all: 1 } },
  };
};

/** A process that stands still for longer than the others wait, and then answers what it was asked meanwhile (etcd #20418). */
const standstill: Draw = (random) => {
  const [long = 0, short = 1] = random.shuffle([0, 1, 2]);
  return {
    durationMs: 11_500,
    faults: [
      { at: 1000, type: "pause", node: long, forMs: BEYOND_HEARTBEAT_MS },
      { at: 9300, type: "pause", node: short, forMs: uniform(random, 300, 1500) },
      { at: 10_000, type: "stop", node: long, downMs: uniform(random, 50, 800) },
    ],
    workload: { types: { ...WORKLOAD.types, get: 14 } },
  };
};

/** Paths of 256 kbit/s, and one that loses and delays what it carries on top; larger values. */
const slowLinks: Draw = (random) => {
  const [from = 0, to = 1] = random.shuffle([0, 1, 2]);
  return {
    durationMs: 10_000,
    water: { bytesPerMs: 32, jitter: 0.2 },
    workload: {
      operationsPerSecond: 30,
      valueBytesMax: 2000,
      acks: { memory: 6, disk: 2, region: 1, quorum: 2, all: 1 },
    },
    faults: [
      { at: 1000, type: "degrade", paths: [[from, to]], loss: 0.05, latencyMs: 200, jitterMs: 50, forMs: 4000 },
      { at: 3000, type: "crash", node: to, aim: "now", isPowerCut: false, downMs: 500 },
      { at: 6000, type: "cut", ...drawCut(random, "isolate", NODES), forMs: 1500 },
    ],
  };
};

/** One clock is set forward, then back beyond where it was; another one slightly. */
const clockJumps: Draw = (random) => {
  const [far = 0, near = 1] = random.shuffle([0, 1, 2]);
  return {
    durationMs: 9000,
    faults: [
      { at: 1500, type: "clock-jump", node: far, byMs: random.between(8000, 15_000) },
      { at: 2500, type: "clock-jump", node: near, byMs: random.between(-400, 400) },
      { at: 4500, type: "clock-jump", node: far, byMs: -random.between(20_000, 40_000) },
      { at: 6000, type: "crash", node: far, aim: "now", isPowerCut: false, downMs: 300 },
    ],
  };
};

/** The kernel's own: packets dropped one way, a link taken down and up, lost and rationed packets. */
const kernel: Draw = (random) => {
  const [one = 0, other = 1, third = 2] = random.shuffle([0, 1, 2]);
  return {
    durationMs: 14_000,
    water: { localMs: 0, jitter: 0 },
    faults: [
      { at: 700, type: "cut", shape: "one-way", paths: [[one, other]], forMs: BEYOND_HEARTBEAT_MS },
      { at: 3000, type: "degrade", paths: [[other, third]], loss: 0.3, forMs: 3000 },
      { at: 6500, type: "degrade", paths: [[third, one]], bytesPerMs: 32, forMs: 4000 },
      ...[0, 1, 2, 3].map((flap): Fault => {
        const at = 9000 + flap * uniform(random, 600, 900);
        return { at, type: "cut", ...drawCut(random, "isolate", NODES), forMs: uniform(random, 100, 500) };
      }),
    ],
  };
};

export const REAL_SCENARIOS: readonly RealScenario[] = [
  { name: "split-brain", links: "black-hole", plan: planner("split-brain", splitBrain) },
  { name: "flapping-links", links: "reset", plan: planner("flapping-links", flapping) },
  { name: "rolling-kill", links: "black-hole", plan: planner("rolling-kill", rollingKill) },
  { name: "standstill", links: "black-hole", plan: planner("standstill", standstill) },
  { name: "slow-links", links: "black-hole", plan: planner("slow-links", slowLinks) },
  { name: "clock-jumps", links: "black-hole", needs: "fake-clock", plan: planner("clock-jumps", clockJumps) },
  { name: "kernel-links", links: "namespaces", plan: planner("kernel-links", kernel) },
];

function planner(scenario: string, draw: Draw): RealScenario["plan"] {
  return (seed) => {
    const random = new SeededRandom(`${scenario} ${seed}`);
    const { durationMs, faults, workload, water, forgetful } = draw(random.fork("faults"));
    const nextId = countFrom(0);
    const profile = { ...WORKLOAD, untilMs: durationMs, ...workload };
    return {
      scenario,
      seed,
      nodes: Array.from({ length: NODES }, (_, node) => ({
        region: "frankfurt",
        durable: node !== forgetful,
        clockOffsetMs: 0,
        diskMeanMs: 0,
        startAt: 0,
      })),
      // Its shards are what this world takes of it; the paces are those of production.
      replica: { ...SMALL_REPLICA, shards: 8 },
      water: { ...CALM_WATER, ...water },
      heartbeatTimeoutMs: 6000,
      healAt: durationMs,
      settleMs: SETTLE_MS,
      operations: [
        ...generateOperations(random.fork("operations"), profile, nextId),
        ...generateSessions(random.fork("sessions"), profile, SESSIONS, nextId),
        ...generateReads(random.fork("reads"), profile, READS, nextId),
      ],
      watches: generateWatches(random.fork("watches"), WATCHES, profile),
      faults,
    };
  };
}
