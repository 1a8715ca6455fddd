/** Room for a part of what is added to collections and counters: what is wanted least goes, as wholes. */

import { SeededRandom } from "../../src/base/random.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import { drawMemory } from "./scant-memory.ts";
import type { Scenario } from "./scenario.ts";
import { NOBODY_BESIDE } from "./usual.ts";

const DURATION_MS = 20_000;
const OF_DISKS = { crash: 2, stop: 1, "disk-slow": 1 };

export const SCANT_COLLECTIONS: Scenario = {
  name: "scant-collections",
  summary:
    "has room for a part of what is added to collections and counters: replicas evict wholes while they are cut off",
  plan: (seed) => {
    const random = new SeededRandom(`scant-collections ${seed}`);
    const durable = random.chance(0.4);
    const room = durable
      ? { ...drawMemory(random), dataBytesMax: random.pick([12_000, 20_000]) }
      : { memoryBytesMax: random.pick([18_000, 24_000]) };
    return buildPlan(random, "scant-collections", seed, {
      nodes: createNodes(random, random.between(2, 3), { durable }),
      replica: { ...SMALL_REPLICA, shards: random.pick([1, 4]), ...room },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: 10,
        skew: 1,
        operationsPerSecond: 4,
        types: { put: 10, delete: 2, "put-absent": 0, update: 0, get: 4, batch: 0 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
        ttlShare: 0,
        ttlMsMax: 5000,
        valueBytesMax: 1000,
      },
      commands: {
        keys: random.pick([4, 10]),
        members: random.pick([3, 10]),
        operationsPerSecond: 50,
        of: { hash: 2, set: 2, zset: 2, list: 1, counter: 5, field: 2, score: 2 },
        types: { add: 20, remove: 2, pop: 1, drop: 1, read: 4 },
      },
      ...NOBODY_BESIDE,
      faults: {
        meanGapMs: random.pick([1000, 3000]),
        types: { ...NO_FAULTS, cut: 6, break: 1, stall: 1, "late-copy": 1, pause: 1, ...(durable ? OF_DISKS : {}) },
        cuts: { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
        longestMs: 4000,
        clockJumpMs: 0,
      },
      plays: NO_PLAYS,
      meanGapOfPlaysMs: 2000,
      settleMs: SETTLE_MS,
    });
  },
};
