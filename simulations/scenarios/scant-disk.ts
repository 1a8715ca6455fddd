/**
 * Disks with room for some of what is written, and for no more, or memory where there are no disks: what is wanted least is
 * removed for good.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import { drawMemory } from "./scant-memory.ts";
import type { Scenario } from "./scenario.ts";

const DURATION_MS = 20_000;
/** What ends a process that keeps nothing on disk takes with it what it had: other scenarios are about that. */
const PLAYS_OF_DISKS = { "crash-before-sync": 1, "cut-delta": 1, "overwritten-delta": 1 };
const OF_DISKS = { crash: 3, stop: 1, "disk-slow": 2, "disk-full": 1 };

export const SCANT_DISK_SCENARIO: Scenario = {
  name: "scant-disk",
  summary:
    "has room for a part of what is written, on disk or in memory: replicas evict, while they are cut off, killed and full",
  plan: (seed) => {
    const random = new SeededRandom(`scant-disk ${seed}`);
    const nodes = random.between(2, 4);
    const durable = !random.chance(0.25);
    const room = durable
      ? { ...drawMemory(random), dataBytesMax: random.pick([12_000, 20_000, 40_000]) }
      : { memoryBytesMax: random.pick([15_000, 25_000]) };
    // What one of them has no room for, others may have.
    const budgets = random.fork("budgets");
    const mayCrash = budgets.chance(0.5);
    const memory = () =>
      durable || budgets.chance(0.4) ? {} : { memoryBytesMax: budgets.pick([15_000, 40_000, 120_000]) };
    return buildPlan(random, "scant-disk", seed, {
      nodes: createNodes(random, nodes, { durable }).map((node) => ({ ...node, ...memory() })),
      replica: { ...SMALL_REPLICA, ...room },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: 40,
        skew: 0.7,
        operationsPerSecond: 50,
        types: { put: 12, delete: 2, "put-absent": 1, update: 2, get: 15, batch: 1 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
        ttlShare: 0.1,
        ttlMsMax: 5000,
        valueBytesMax: durable ? 1000 : budgets.pick([1000, 4000]),
      },
      sessions: { count: 3, operationsPerSecond: 4, moveChance: 0.2 },
      watches: { count: 2, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 },
      reads: { quorumPerSecond: 1, listingsPerSecond: 0.5 },
      phases: { hotKeys: 1, bursts: 0 },
      faults: {
        meanGapMs: 1500,
        types: { ...NO_FAULTS, cut: 4, break: 1, pause: 1, ...(durable ? OF_DISKS : { crash: mayCrash ? 2 : 0 }) },
        cuts: { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
        longestMs: 4000,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, conflict: 1, ...(durable ? PLAYS_OF_DISKS : {}) },
      meanGapOfPlaysMs: 2000,
      settleMs: SETTLE_MS,
    });
  },
};
