/** Replicas with hardly any values in memory: most reads, and all that is sent to who lacks it, are of the disk. */

import { SeededRandom } from "../../src/base/random.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import type { ReplicaSettings } from "../plan.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";

const DURATION_MS = 20_000;
const FILL_SHARE = 1e-5;

/** What is not on disk yet has room, and nothing else. */
export const SCANT_MEMORY = {
  memoryBytesMax: 64 * 1024 * 1024,
  memoryFillShare: FILL_SHARE,
} as const satisfies Partial<ReplicaSettings>;

/** For other scenarios: in some seeds. */
export function drawMemory(random: SeededRandom): Partial<ReplicaSettings> {
  return random.fork("memory").chance(0.3) ? SCANT_MEMORY : {};
}

export const SCANT_MEMORY_SCENARIO: Scenario = {
  name: "scant-memory",
  summary:
    "has hardly any values in memory: they are read from disks that are slow, full, or cannot be read for a while",
  plan: (seed) => {
    const random = new SeededRandom(`scant-memory ${seed}`);
    return buildPlan(random, "scant-memory", seed, {
      nodes: createNodes(random, 3, { durable: true }),
      replica: { ...SMALL_REPLICA, ...SCANT_MEMORY, memoryFillShare: random.pick([0, FILL_SHARE, 10 * FILL_SHARE]) },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: random.pick([4, 30]),
        skew: 1,
        operationsPerSecond: 50,
        types: { put: 10, delete: 4, "put-absent": 1, update: 2, get: 20, batch: 1 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
        ttlShare: 0.15,
        ttlMsMax: 5000,
        valueBytesMax: random.pick([200, 2000, 100_000]),
      },
      sessions: { count: 3, operationsPerSecond: 4, moveChance: 0.2 },
      watches: { count: 2, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 },
      reads: { quorumPerSecond: 1, listingsPerSecond: 0.5 },
      phases: { hotKeys: 1, bursts: 0 },
      faults: {
        meanGapMs: 1000,
        types: {
          ...NO_FAULTS,
          cut: 2,
          crash: 4,
          stop: 1,
          break: 1,
          pause: 1,
          "disk-slow": 3,
          "disk-full": 1,
          "disk-unreadable": 1,
          "disk-read-errors": 2,
        },
        cuts: { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
        longestMs: 4000,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, conflict: 1, "crash-before-sync": 1, "cut-delta": 1, "overwritten-delta": 1 },
      meanGapOfPlaysMs: 2000,
      settleMs: SETTLE_MS,
    });
  },
};
