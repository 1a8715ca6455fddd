/** Keyspaces with shares of the memory, of which some take more than theirs, where there is no disk: who loses what. */

import { SeededRandom } from "../../src/base/random.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import { generateTenants } from "../tenants/tenant-generator.ts";
import { buildPlan, CALM_WATER, createNodes, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";

const DURATION_MS = 20_000;
/** All are there by then, and nothing is the matter yet. */
const DEFINED_MS = 1000;

export const SHARES_SCENARIO: Scenario = {
  name: "shares",
  summary: "has keyspaces with shares of too little memory: replicas evict of those that take more than theirs",
  plan: (seed) => {
    const random = new SeededRandom(`shares ${seed}`);
    const nodes = random.between(2, 3);
    const plan = buildPlan(random, "shares", seed, {
      nodes: createNodes(random, nodes, { durable: false }),
      replica: { ...SMALL_REPLICA, shards: 2, memoryBytesMax: random.pick([40_000, 80_000]) },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: random.pick([40, 200]),
        skew: 0.3,
        operationsPerSecond: 40,
        types: { put: 14, delete: 1, "put-absent": 1, update: 1, get: 6, batch: 1 },
        acks: { memory: 6, disk: 0, region: 1, quorum: 1, all: 1 },
        ttlShare: 0.05,
        ttlMsMax: 5000,
        valueBytesMax: 1500,
      },
      sessions: { count: 2, operationsPerSecond: 4, moveChance: 0.2 },
      watches: { count: 1, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 },
      reads: { quorumPerSecond: 1, listingsPerSecond: 0.5 },
      phases: { hotKeys: 0, bursts: 0 },
      faults: {
        meanGapMs: 2500,
        types: { ...NO_FAULTS, cut: 4, break: 1, pause: 1 },
        cuts: { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
        longestMs: 3000,
        clockJumpMs: 0,
      },
      plays: NO_PLAYS,
      meanGapOfPlaysMs: 2000,
      settleMs: SETTLE_MS,
    });
    const span = { nodes, definedAt: DEFINED_MS, fromMs: 2 * DEFINED_MS, untilMs: DURATION_MS };
    return { ...plan, tenants: generateTenants(random.fork("tenants"), { ...span, valueBytesMax: 1000 }) };
  },
};
