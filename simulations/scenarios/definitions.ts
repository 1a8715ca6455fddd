/**
 * The drill of definitions: a keyspace is defined while clients write and read everywhere, and the disks of some members are so
 * slow that these have long heard of it before they may know who keeps it. Nothing else happens: whatever a client is
 * shown then is shown for want of that alone.
 */

import { SeededRandom } from "../../src/base/random.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import { NEXT_TO_NO_FAULTS } from "../faults/generator.ts";
import type { NodePlan } from "../plan.ts";
import { uniform } from "../simulator/draws.ts";
import { buildPlan, CALM_WATER, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";

/** By then all have found each other, and nothing of that disturbs any more. */
const DEFINED_MS = 9000;
const DURATION_MS = 13_000;
const REGIONS = ["east", "north", "west"] as const;

export const DEFINITION_DRILL: Scenario = {
  name: "drill-definitions",
  summary: "defines a keyspace while clients use it, where some disks are slow to learn of it",
  plan: (seed) => {
    const random = new SeededRandom(`drill-definitions ${seed}`);
    const chosen = random.fork("profile");
    const nodes = drawNodes(chosen);
    const plan = buildPlan(random, "drill-definitions", seed, {
      nodes,
      replica: { ...SMALL_REPLICA, shards: 8, antiEntropyMs: 15, housekeepingMs: 50, graveMs: 500 },
      water: { ...CALM_WATER, roundTripsMs: { east: { north: 4, west: 6 }, north: { west: 8 } } },
      durationMs: DURATION_MS,
      workload: {
        keys: 8,
        skew: 0,
        operationsPerSecond: 60,
        types: { put: 4, delete: 0, "put-absent": 1, update: 1, get: 12, batch: 1 },
        acks: { memory: 4, disk: 1, region: 0, quorum: 0, all: 1 },
        ttlShare: 0,
        ttlMsMax: 2000,
        valueBytesMax: 40,
      },
      sessions: { count: 2, operationsPerSecond: 5, moveChance: 0.7 },
      watches: { count: 1, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0 },
      reads: { quorumPerSecond: 2, listingsPerSecond: 2 },
      phases: { hotKeys: 0, bursts: 0 },
      faults: NEXT_TO_NO_FAULTS,
      plays: NO_PLAYS,
      meanGapOfPlaysMs: 1000,
      settleMs: 60_000,
    });
    const at = DEFINED_MS + uniform(chosen, 0, 1000);
    const keyspace = [{ at, node: chosen.below(nodes.length), settings: drawSettings(chosen) }];
    return { ...plan, keyspace, faults: [] };
  },
};

/** One disk in three takes its time. */
function drawNodes(random: SeededRandom): NodePlan[] {
  return Array.from({ length: random.between(3, 5) }, (_, i) => ({
    region: REGIONS[i % REGIONS.length] as string,
    durable: true,
    clockOffsetMs: Math.round(uniform(random, -50, 50)),
    diskMeanMs: random.chance(1 / 3) ? uniform(random, 300, 600) : uniform(random, 0.5, 4),
    startAt: 0,
  }));
}

function drawSettings(random: SeededRandom): KeyspaceSettings {
  const region = random.pick(REGIONS);
  return random.pick<KeyspaceSettings>([
    { replication: 1 },
    { replication: 2 },
    { replication: { [region]: 1 } },
    { replication: 1, regions: [region] },
  ]);
}
