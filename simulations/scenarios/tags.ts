/** Tags that are invalidated while replicas are cut off, crash, and go by clocks that are wrong. */

import { SeededRandom } from "../../src/base/random.ts";
import { NO_FAULTS } from "../faults/generator.ts";
import type { TagsProfile } from "../workload/tag-generator.ts";
import { buildPlan, CALM_WATER, createNodes, type ScenarioProfile, SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import { drawMemory } from "./scant-memory.ts";
import type { Scenario } from "./scenario.ts";

const DURATION_MS = 20_000;

function drawProfile(random: SeededRandom): TagsProfile {
  return {
    keys: random.pick([2, 7, 20]),
    operationsPerSecond: random.pick([5, 30]),
    invalidations: random.pick([2, 10]),
    sessions: random.pick([0, 3]),
  };
}

/** For other scenarios: in some seeds. */
export function drawTags(random: SeededRandom): Pick<ScenarioProfile, "tags"> | undefined {
  return random.chance(0.4) ? { tags: drawProfile(random) } : undefined;
}

export const TAGS_SCENARIO: Scenario = {
  name: "tags",
  summary: "invalidates tags on every side of cuts, by clocks that are wrong, and puts what carries them meanwhile",
  plan: (seed) => {
    const random = new SeededRandom(`tags ${seed}`);
    return buildPlan(random, "tags", seed, {
      nodes: createNodes(random, random.between(2, 4), { durable: true }),
      replica: { ...SMALL_REPLICA, ...drawMemory(random) },
      water: CALM_WATER,
      durationMs: DURATION_MS,
      workload: {
        keys: 3,
        skew: 1,
        operationsPerSecond: 5,
        types: { put: 10, delete: 4, "put-absent": 1, update: 2, get: 6, batch: 1 },
        acks: { memory: 6, disk: 2, region: 1, quorum: 2, all: 1 },
        ttlShare: 0.1,
        ttlMsMax: 5000,
        valueBytesMax: 200,
      },
      sessions: { count: 0, operationsPerSecond: 1, moveChance: 0 },
      watches: { count: 2, meanMoveGapMs: 4000, returnShare: 0.5, slowShare: 0.3 },
      reads: { quorumPerSecond: 0, listingsPerSecond: 0.5 },
      phases: { hotKeys: 0, bursts: 0 },
      tags: drawProfile(random.fork("tagged")),
      faults: {
        meanGapMs: random.pick([800, 2000]),
        types: { ...NO_FAULTS, cut: 6, break: 1, degrade: 1, crash: 2, stop: 1, "clock-jump": 1, "clock-drift": 1 },
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
