/** Backups that are made, and come back, while replicas are written to, cut off and killed. */

import { SeededRandom } from "../../src/base/random.ts";
import { generateBackups } from "../backups/backup-generator.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import { drawMemory } from "./scant-memory.ts";
import type { Scenario } from "./scenario.ts";

const DURATION_MS = 20_000;
const WARM_UP_MS = 3000;

export const BACKUPS_SCENARIO: Scenario = {
  name: "backups",
  summary: "makes backups and restores them, by stamps and over what is there, while replicas are cut off and killed",
  plan: (seed) => {
    const random = new SeededRandom(`backups ${seed}`);
    const nodes = random.between(2, 4);
    // Of long values a shard takes more than a page.
    const hasLong = random.chance(0.2);
    const plan = buildPlan(random, "backups", seed, {
      nodes: createNodes(random, nodes, { durable: true }),
      // Deletions are purged before what they removed comes back.
      replica: {
        ...SMALL_REPLICA,
        ...drawMemory(random),
        graveMs: random.pick([500, 30_000]),
        ...(hasLong && { shards: 1 }),
      },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: random.pick([8, 40]),
        skew: 0.5,
        operationsPerSecond: hasLong ? 10 : random.pick([10, 40]),
        types: { put: 10, delete: 8, "put-absent": 1, update: 2, get: 8, batch: 1 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
        ttlShare: 0.1,
        ttlMsMax: 5000,
        valueBytesMax: hasLong ? 80_000 : 200,
      },
      sessions: { count: 2, operationsPerSecond: 4, moveChance: 0.2 },
      watches: { count: 2, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 },
      reads: { quorumPerSecond: 1, listingsPerSecond: 0.5 },
      phases: { hotKeys: 0, bursts: 0 },
      faults: {
        meanGapMs: random.pick([1500, 6000]),
        types: { ...NO_FAULTS, cut: 6, break: 1, crash: 3, stop: 1, pause: 1, "disk-slow": 1 },
        cuts: { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
        longestMs: 4000,
        clockJumpMs: 0,
      },
      plays: NO_PLAYS,
      meanGapOfPlaysMs: 2000,
      settleMs: SETTLE_MS,
    });
    const backups = generateBackups(
      random.fork("backups"),
      {
        count: random.between(1, 3),
        restoresMax: 2,
        overwriteShare: 0.4,
        restoreAfterMsMax: 10_000,
        chunkRecords: random.pick([2, 8]),
        gapMsMax: random.pick([0, 300]),
        interruptedShare: 0.4,
      },
      { nodes, fromMs: WARM_UP_MS, untilMs: DURATION_MS },
    );
    return { ...plan, backups };
  },
};
