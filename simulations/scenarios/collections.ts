/** Collections and counters that are added to, taken from and deleted on every side of cuts, and of replicas that crash. */

import { SeededRandom } from "../../src/base/random.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";
import { NOBODY_BESIDE } from "./usual.ts";

const DURATION_MS = 20_000;

export const COLLECTIONS: Scenario = {
  name: "collections",
  summary: "adds to hashes, sets, sorted sets and lists, takes from them and deletes them on every side of cuts",
  plan: (seed) => {
    const random = new SeededRandom(`collections ${seed}`);
    return buildPlan(random, "collections", seed, {
      nodes: createNodes(random, random.between(2, 4), { durable: true }),
      replica: { ...SMALL_REPLICA, shards: random.pick([1, 4]) },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: 2,
        skew: 1,
        operationsPerSecond: 2,
        types: { put: 10, delete: 4, "put-absent": 0, update: 0, get: 6, batch: 0 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
        ttlShare: 0.1,
        ttlMsMax: 5000,
        valueBytesMax: 200,
      },
      commands: {
        keys: random.pick([1, 2]),
        members: random.pick([1, 3, 10]),
        operationsPerSecond: random.pick([10, 40]),
        of: { hash: 2, set: 2, zset: 2, list: 2, counter: 3, field: 2, score: 2 },
        types: { add: 12, remove: 4, pop: random.pick([0, 3]), drop: random.pick([0, 1, 3]), read: 4 },
      },
      ...NOBODY_BESIDE,
      faults: {
        meanGapMs: random.pick([800, 2000]),
        types: {
          ...NO_FAULTS,
          cut: 6,
          flapping: 1,
          break: 1,
          stall: 1,
          "late-copy": 1,
          crash: 3,
          stop: 1,
          pause: 1,
          "clock-jump": 1,
        },
        cuts: { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
        longestMs: 6000,
        clockJumpMs: random.pick([300, 5000]),
      },
      plays: NO_PLAYS,
      meanGapOfPlaysMs: 2000,
      settleMs: SETTLE_MS,
    });
  },
};
