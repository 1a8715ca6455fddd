/**
 * The drill of policies: a keyspace whose policy is another one again and again, so that shards move all the time, while
 * clients write, delete and read everywhere. Whoever holds something has held it before and let go of it, more than once,
 * and what was told in one view is still remembered in the next but two. Around the changes members are cut off, crash, and
 * have slow disks, on which a view counts late.
 */

import { SeededRandom } from "../../src/base/random.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import { drawCut } from "../faults/cuts.ts";
import type { Fault } from "../faults/fault.ts";
import { NEXT_TO_NO_FAULTS } from "../faults/generator.ts";
import type { KeyspaceChange, NodePlan, Plan } from "../plan.ts";
import { pickWeighted, uniform } from "../simulator/draws.ts";
import { buildPlan, CALM_WATER, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";

const DURATION_MS = 25_000;
/** By then the members have found each other. */
const DEFINED_MS = 2000;
/** The first change of what was defined. */
const CHANGED_MS = 4000;
const SETTLE_MS = 60_000;

const REGIONS = ["east", "north", "west"] as const;
/** A shard has moved before the next change comes, mostly. */
const WATER = {
  ...CALM_WATER,
  roundTripsMs: { east: { north: 4, west: 6 }, north: { west: 8 } },
};

export const POLICY_DRILL: Scenario = {
  name: "drill-policies",
  summary: "has a keyspace kept by others again and again, with cuts and crashes around the changes",
  plan: (seed) => {
    const random = new SeededRandom(`drill-policies ${seed}`);
    const plan = quietPlan(random, seed);
    const keyspace = drawTurns(random.fork("policies"), plan.nodes.length);
    return { ...plan, keyspace, faults: drawFaults(random.fork("faults"), plan.nodes.length, keyspace) };
  },
};

function quietPlan(random: SeededRandom, seed: string): Plan {
  const chosen = random.fork("profile");
  return buildPlan(random, "drill-policies", seed, {
    nodes: drawNodes(chosen),
    // More shards than are written to all the time: what nobody writes to moves as well.
    replica: { ...SMALL_REPLICA, shards: 8, antiEntropyMs: 100, housekeepingMs: 50, graveMs: chosen.pick([500, 5000]) },
    water: WATER,
    durationMs: DURATION_MS,
    workload: {
      keys: chosen.pick([10, 30]),
      skew: 0,
      operationsPerSecond: chosen.pick([3, 12, 30]),
      types: { put: 5, delete: 2, "put-absent": 1, update: 1, get: 9, batch: 0 },
      acks: { memory: 4, disk: 2, region: 0, quorum: 1, all: 1 },
      ttlShare: 0,
      ttlMsMax: 2000,
      valueBytesMax: 40,
    },
    sessions: { count: 2, operationsPerSecond: 3, moveChance: 0.7 },
    watches: { count: 0, meanMoveGapMs: 4000, returnShare: 0, slowShare: 0 },
    reads: { quorumPerSecond: 1, listingsPerSecond: 0 },
    phases: { hotKeys: 0, bursts: 0 },
    faults: NEXT_TO_NO_FAULTS,
    plays: NO_PLAYS,
    meanGapOfPlaysMs: 1000,
    settleMs: SETTLE_MS,
  });
}

function drawNodes(random: SeededRandom): NodePlan[] {
  return Array.from({ length: random.between(3, 5) }, (_, i) => ({
    region: REGIONS[i % REGIONS.length] as string,
    durable: true,
    clockOffsetMs: Math.round(uniform(random, -100, 100)),
    diskMeanMs: uniform(random, 0.5, 4),
    startAt: 0,
  }));
}

// --- Policies -------------------------------------------------------------------------------------------------------

/** A few policies, each in its turn, over and over; now and then the one before comes back at once. */
function drawTurns(random: SeededRandom, nodes: number): KeyspaceChange[] {
  const turns = random.pick([roundTheRegions, upAndDown, upAndDown])(random);
  const gapMs = random.pick([500, 1000, 2500]);
  const changes: KeyspaceChange[] = [];
  let turn = 0;
  for (let at = DEFINED_MS; at < DURATION_MS - 1000; ) {
    changes.push({ at, node: random.below(nodes), settings: turns[turn % turns.length] as KeyspaceSettings });
    turn += random.chance(0.15) ? turns.length - 1 : 1;
    at = Math.max(CHANGED_MS, at + gapMs * uniform(random, 0.3, 1.7));
  }
  return changes;
}

/** One copy, or two, that go from region to region. */
function roundTheRegions(random: SeededRandom): KeyspaceSettings[] {
  const copies = random.pick([1, 1, 2]);
  return random.shuffle([...REGIONS]).map((region) => ({ replication: { [region]: copies } }));
}

function upAndDown(random: SeededRandom): KeyspaceSettings[] {
  const [here, there] = random.shuffle([...REGIONS]) as [string, string];
  const all: KeyspaceSettings[] = [
    { replication: 1 },
    { replication: 2 },
    { replication: 3 },
    { replication: { [here]: 1 } },
    { replication: { [there]: 1 } },
    { replication: { [here]: 1, [there]: 1 } },
    { replication: 2, regions: [here] },
  ];
  return random.shuffle(all).slice(0, random.between(2, 5));
}

// --- Faults ---------------------------------------------------------------------------------------------------------

/** Around the changes, if at all: in some seeds of each change, in others of those of the first half. */
function drawFaults(random: SeededRandom, nodes: number, changes: readonly KeyspaceChange[]): Fault[] {
  const untilMs = random.pick([0, DURATION_MS / 2, DURATION_MS, DURATION_MS]);
  const share = random.pick([0.4, 0.9]);
  const disturbed = changes.filter(({ at }) => at >= CHANGED_MS && at < untilMs && random.chance(share));
  const faults = disturbed.map(({ at }) => drawFault(random, nodes, at + uniform(random, -300, 300)));
  return faults.sort((a, b) => a.at - b.at);
}

function drawFault(random: SeededRandom, nodes: number, at: number): Fault {
  const node = random.below(nodes);
  const forMs = Math.ceil(uniform(random, 50, random.pick([300, 2000])));
  const type = pickWeighted(random, { cut: 5, crash: 4, stop: 1, "disk-slow": 2, pause: 1 });
  switch (type) {
    case "cut":
      return { at, type, ...drawCut(random, random.pick(["isolate", "pair", "halves"] as const), nodes), forMs };
    case "crash": {
      const aim = random.pick(["now", "push", "disk-write"] as const);
      return { at, type, node, aim, isPowerCut: random.chance(0.5), downMs: forMs };
    }
    case "stop":
      return { at, type, node, downMs: forMs };
    case "disk-slow":
      return { at, type, node, meanMs: uniform(random, 20, 400), forMs };
    case "pause":
      return { at, type, node, forMs };
  }
}
