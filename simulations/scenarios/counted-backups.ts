/** Backups of counters, which come back while the same counters are added to on every side of cuts. */

import { SeededRandom } from "../../src/base/random.ts";
import { generateBackups } from "../backups/backup-generator.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";
import { NOBODY_BESIDE } from "./usual.ts";

const DURATION_MS = 15_000;
const WARM_UP_MS = 3000;
/** Nothing but additions: all of them are there in the end, once each. */
const ADDITIONS = { add: 1, remove: 0, pop: 0, drop: 0, read: 0 };

export const COUNTED_BACKUPS: Scenario = {
  name: "counted-backups",
  summary:
    "makes backups of counters, fields and scores and restores them, while they are added to on every side of cuts",
  plan: (seed) => {
    const random = new SeededRandom(`counted-backups ${seed}`);
    const nodes = random.between(2, 3);
    const plan = buildPlan(random, "counted-backups", seed, {
      nodes: createNodes(random, nodes, { durable: true }),
      replica: { ...SMALL_REPLICA, shards: random.pick([1, 4]), graveMs: random.pick([500, 30_000]) },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: 2,
        skew: 0.5,
        operationsPerSecond: 2,
        types: { put: 10, delete: 2, "put-absent": 0, update: 0, get: 2, batch: 0 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 1, all: 1 },
        ttlShare: 0,
        ttlMsMax: 5000,
        valueBytesMax: 100,
      },
      commands: {
        keys: random.pick([1, 3]),
        members: 1,
        operationsPerSecond: random.pick([10, 30]),
        of: { hash: 0, set: 0, zset: 0, list: 0, counter: 2, field: 1, score: 1 },
        types: random.chance(0.6) ? ADDITIONS : { add: 12, remove: 1, pop: 1, drop: 1, read: 0 },
      },
      ...NOBODY_BESIDE,
      faults: {
        meanGapMs: random.pick([500, 2000]),
        types: { ...NO_FAULTS, cut: 6, break: 1, crash: 1, stop: 1, pause: 1 },
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
        count: random.between(2, 5),
        restoresMax: 3,
        overwriteShare: 0.4,
        restoreAfterMsMax: random.pick([500, 4000]),
        chunkRecords: random.pick([2, 8]),
        gapMsMax: random.pick([0, 100]),
        interruptedShare: 0.3,
      },
      { nodes, fromMs: WARM_UP_MS, untilMs: DURATION_MS },
    );
    return { ...plan, backups };
  },
};
