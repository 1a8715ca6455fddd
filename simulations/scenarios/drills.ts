/**
 * Drills: short runs of one play over and over, with hardly any noise around it. Where a rule is broken, the drill that
 * aims at it finds out within a few seeds; a scenario that does everything may need thousands.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { NEXT_TO_NO_FAULTS, NO_FAULTS } from "../faults/generator.ts";
import type { NodePlan } from "../plan.ts";
import { buildPlan, CALM_WATER, createNodes, type ScenarioProfile, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS, PLAYS, type PlayName } from "./plays.ts";
import type { Scenario } from "./scenario.ts";

const CALM: Omit<ScenarioProfile, "nodes"> = {
  replica: { ...SMALL_REPLICA, shards: 2 },
  water: { ...CALM_WATER, localMs: 8 },
  durationMs: 12_000,
  workload: {
    keys: 3,
    skew: 0,
    operationsPerSecond: 5,
    types: { put: 4, delete: 2, "put-absent": 0, update: 1, get: 2, batch: 0 },
    acks: { memory: 6, disk: 1, region: 0, quorum: 0, all: 0 },
    ttlShare: 0,
    ttlMsMax: 2000,
    valueBytesMax: 40,
  },
  sessions: { count: 1, operationsPerSecond: 3, moveChance: 0.5 },
  watches: { count: 2, meanMoveGapMs: 1500, returnShare: 0.7, slowShare: 0 },
  reads: { quorumPerSecond: 0.5, listingsPerSecond: 0.5 },
  phases: { hotKeys: 0, bursts: 0 },
  faults: { ...NEXT_TO_NO_FAULTS, longestMs: 4000 },
  plays: NO_PLAYS,
  meanGapOfPlaysMs: 800,
  settleMs: SETTLE_MS,
};

const QUIET = {
  workload: { ...CALM.workload, operationsPerSecond: 0.5 },
  sessions: { ...CALM.sessions, count: 0 },
  watches: { ...CALM.watches, count: 0 },
  reads: { quorumPerSecond: 0, listingsPerSecond: 0 },
} as const;

/** What a play needs around it that the others do not. */
const NEEDS: Partial<Record<PlayName, Partial<Omit<ScenarioProfile, "nodes">>>> = {
  // What is missing is known to be missing for a while before it is fetched.
  "late-older-write": { replica: { ...CALM.replica, settleMs: 1000 } },
  // No later push tells of the one that was lost.
  "lost-push": { ...QUIET, replica: { ...CALM.replica, antiEntropyMs: 100, settleMs: 1500 } },
  // Until the next sweep only the reader's clock tells.
  expiring: { replica: { ...CALM.replica, sweepMs: 2000 } },
  // A clock is set right, and found to be, before the next one goes wrong.
  "wrong-clocks": {
    ...QUIET,
    replica: { ...CALM.replica, antiEntropyMs: 100 },
    durationMs: 40_000,
    leastGapOfPlaysMs: 13_000,
    meanGapOfPlaysMs: 1000,
  },
  "long-delta": { ...QUIET, meanGapOfPlaysMs: 2500 },
  "overwritten-delta": { ...QUIET, durationMs: 16_000, leastGapOfPlaysMs: 6000 },
  "overwritten-before-push": { ...QUIET, durationMs: 20_000, leastGapOfPlaysMs: 1500, meanGapOfPlaysMs: 200 },
  "short-lives": { water: CALM_WATER, meanGapOfPlaysMs: 2500 },
  // Nobody restores a disk every second.
  "old-copy": { leastGapOfPlaysMs: 4000 },
  "lost-disk": { leastGapOfPlaysMs: 3000 },
  newcomer: { ...QUIET, leastGapOfPlaysMs: 4000 },
  // Large edits, and a document that rests before it is compacted.
  "snapshot-in-delta": {
    ...QUIET,
    replica: { ...CALM.replica, antiEntropyMs: 1000 },
    durationMs: 22_000,
    leastGapOfPlaysMs: 10_000,
  },
  "snapshots-of-two": { ...QUIET, durationMs: 18_000, leastGapOfPlaysMs: 6500 },
  "crash-after-snapshot": { ...QUIET, durationMs: 18_000, leastGapOfPlaysMs: 7000 },
  "snapshot-over-gap": {
    ...QUIET,
    replica: { ...CALM.replica, settleMs: 1500 },
    durationMs: 18_000,
    leastGapOfPlaysMs: 7000,
  },
  // What is missing is known to be missing for a while before it is fetched.
  "edit-before-its-base": {
    ...QUIET,
    replica: { ...CALM.replica, settleMs: 1500 },
    durationMs: 20_000,
    leastGapOfPlaysMs: 8500,
  },
  "deletion-races-edit": { ...QUIET, leastGapOfPlaysMs: 3500 },
  "lease-prolonged": { ...QUIET, durationMs: 18_000, leastGapOfPlaysMs: 5500 },
  "lease-ends": { ...QUIET, leastGapOfPlaysMs: 2500 },
  "edit-after-purge": { ...QUIET, durationMs: 18_000, leastGapOfPlaysMs: 5000 },
  "deletion-comes-late": { ...QUIET, leastGapOfPlaysMs: 2500 },
  "long-gone": { ...QUIET, durationMs: 110_000, leastGapOfPlaysMs: 110_000, meanGapOfPlaysMs: 5000 },
  "long-pause": { ...QUIET, durationMs: 60_000, leastGapOfPlaysMs: 30_000 },
  "goes-and-comes": { ...QUIET, durationMs: 100_000, leastGapOfPlaysMs: 45_000 },
  "away-too-long": {
    replica: { ...CALM.replica, retentionMs: 2500 },
    durationMs: 20_000,
    meanGapOfPlaysMs: 6000,
  },
  "crash-when-begun-anew": {
    ...QUIET,
    replica: { ...CALM.replica, shards: 8, retentionMs: 2500 },
    durationMs: 22_000,
    leastGapOfPlaysMs: 9000,
  },
};

const NODE_NEEDS: Partial<Record<PlayName, (node: number) => Partial<NodePlan>>> = {
  // A tie takes clocks that agree.
  tie: () => ({ clockOffsetMs: 0 }),
  newcomer: (node) => ({ durable: node !== 1 }),
};

function nodesOf(random: SeededRandom): NodePlan[] {
  const nodes = createNodes(random.fork("profile"), 3, { durable: true });
  return nodes.map((node) => ({ ...node, region: "dublin" }));
}

function drillOf(play: PlayName): Scenario {
  const name = `drill-${play}`;
  return {
    name,
    summary: `plays ${play} over and over`,
    plan: (seed) => {
      const random = new SeededRandom(`${name} ${seed}`);
      const nodes = nodesOf(random).map((node, i) => ({ ...node, ...NODE_NEEDS[play]?.(i) }));
      return buildPlan(random, name, seed, { ...CALM, ...NEEDS[play], nodes, plays: { ...NO_PLAYS, [play]: 1 } });
    },
  };
}

/** Drills without a play: clients that do much of one thing, over links that are slow, cut or broken now and then. */
const CLIENTS = {
  sessions: {
    replica: { ...CALM.replica, shards: 4 },
    workload: { ...CALM.workload, keys: 8 },
    sessions: { count: 4, operationsPerSecond: 12, moveChance: 0.7 },
    faults: { ...CALM.faults, meanGapMs: 500, types: { ...NO_FAULTS, degrade: 3, stall: 3, cut: 1 }, longestMs: 1500 },
  },
  watches: {
    workload: { ...CALM.workload, keys: 20, operationsPerSecond: 20, ttlShare: 0.5 },
    watches: { count: 5, meanMoveGapMs: 500, returnShare: 0.9, slowShare: 0.2 },
    faults: {
      ...CALM.faults,
      meanGapMs: 600,
      types: { ...NO_FAULTS, cut: 1, stop: 1, crash: 1, break: 2, "late-copy": 4 },
      longestMs: 1500,
    },
  },
  "long-history": {
    // A batch of them is more than fits one push.
    workload: {
      ...CALM.workload,
      operationsPerSecond: 20,
      types: { ...CALM.workload.types, batch: 1 },
      valueBytesMax: 80_000,
    },
    watches: { count: 4, meanMoveGapMs: 500, returnShare: 1, slowShare: 0 },
  },
  majorities: {
    workload: { ...CALM.workload, operationsPerSecond: 15, acks: { memory: 1, disk: 0, region: 0, quorum: 3, all: 1 } },
    reads: { quorumPerSecond: 12, listingsPerSecond: 0 },
    faults: {
      ...CALM.faults,
      meanGapMs: 500,
      types: { ...NO_FAULTS, cut: 3, break: 2, "late-copy": 3 },
      longestMs: 4500,
    },
  },
  levels: {
    workload: { ...CALM.workload, keys: 10, acks: { memory: 1, disk: 1, region: 2, quorum: 2, all: 2 } },
    sessions: { count: 3, operationsPerSecond: 4, moveChance: 0.7 },
    reads: { quorumPerSecond: 3, listingsPerSecond: 0 },
  },
  conditions: {
    workload: {
      ...CALM.workload,
      keys: 10,
      operationsPerSecond: 20,
      types: { put: 1, delete: 2, "put-absent": 6, update: 6, get: 2, batch: 0 },
    },
  },
  listings: {
    workload: { ...CALM.workload, keys: 60, operationsPerSecond: 20, types: { ...CALM.workload.types, delete: 1 } },
    reads: { quorumPerSecond: 0, listingsPerSecond: 4 },
  },
} as const satisfies Record<string, Partial<ScenarioProfile>>;

function drillOfClients(kind: keyof typeof CLIENTS): Scenario {
  const name = `drill-${kind}`;
  return {
    name,
    summary: `has clients busy with ${kind.replace("-", " ")}`,
    plan: (seed) => {
      const random = new SeededRandom(`${name} ${seed}`);
      return buildPlan(random, name, seed, { ...CALM, nodes: nodesOf(random), ...CLIENTS[kind] });
    },
  };
}

export const DRILLS: readonly Scenario[] = [
  ...(Object.keys(PLAYS) as PlayName[]).map(drillOf),
  ...(Object.keys(CLIENTS) as (keyof typeof CLIENTS)[]).map(drillOfClients),
];
