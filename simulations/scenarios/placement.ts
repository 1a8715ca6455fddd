/**
 * A keyspace of which each member keeps a part: members that come late, go, are cut off or are restarted in turn, whole
 * regions that are lost, and other policies, while clients write everywhere.
 */

import { SeededRandom } from "../../src/base/random.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import type { Fault, PathPair } from "../faults/fault.ts";
import { type FaultProfile, NO_FAULTS } from "../faults/generator.ts";
import type { KeyspaceChange, NodePlan, Plan } from "../plan.ts";
import { REGIONS } from "../regions.ts";
import { uniform } from "../simulator/draws.ts";
import { buildPlan, CALM_WATER, SMALL_REPLICA } from "./build.ts";
import { NO_PLAYS } from "./plays.ts";
import type { Scenario } from "./scenario.ts";
import { drawTags } from "./tags.ts";

const DURATION_MS = 40_000;
/** By then the first members have found each other. */
const DEFINED_MS = 2000;
/** From when on what was defined is known to those who were there. */
const KNOWN_MS = 5000;
/** Tombstones are kept for half a minute, after which all have to have told that they may go. */
const PLACED_SETTLE_MS = 90_000;

const NOBODY_WATCHES = { count: 0, meanMoveGapMs: 4000, returnShare: 0, slowShare: 0 };

export const PLACEMENT: Scenario = {
  name: "placement",
  summary:
    "keeps each key at some members only: has members come, go and be cut off, regions be lost, and policies change",
  plan: placementPlan,
};

/** Drills of a keyspace that some members keep. */
export const PLACEMENT_DRILLS: readonly Scenario[] = [
  {
    name: "drill-requests",
    summary: "has owners answer late what they were asked for, or end before they answer",
    plan: requestsPlan,
  },
  {
    name: "drill-guests",
    summary: "has members write what they do not own while they are cut off, over and over",
    plan: guestsPlan,
  },
  {
    name: "drill-departures",
    summary: "has members leave for good, one after the other and two at once, and come back as if they were new",
    plan: departuresPlan,
  },
];

function placementPlan(seed: string): Plan {
  const random = new SeededRandom(`placement ${seed}`);
  const chosen = random.fork("profile");
  const nodes = drawNodes(chosen);
  const longestMs = chosen.pick([3000, 10_000, 20_000]);
  const sometimes = (weight: number): number => (chosen.chance(0.5) ? weight : 0);
  const plan = buildPlan(random, "placement", seed, {
    nodes,
    replica: {
      ...SMALL_REPLICA,
      shards: 8,
      antiEntropyMs: chosen.pick([300, 1000]),
      graveMs: chosen.pick([10_000, 30_000]),
      displaceMs: chosen.pick([2000, 8000, 300_000]),
    },
    water: { ...CALM_WATER, loss: chosen.pick([0, 0, 0.02]) },
    durationMs: DURATION_MS,
    workload: {
      keys: chosen.pick([4, 12, 40]),
      skew: chosen.pick([0, 1]),
      operationsPerSecond: chosen.pick([5, 20]),
      types: { put: 10, delete: 5, "put-absent": 1, update: 2, get: 8, batch: 1 },
      acks: { memory: 6, disk: 2, region: 1, quorum: 2, all: 1 },
      ttlShare: 0.15,
      ttlMsMax: 5000,
      valueBytesMax: 200,
    },
    sessions: { count: 3, operationsPerSecond: 3, moveChance: 0.4 },
    watches: { count: 2, meanMoveGapMs: 6000, returnShare: 0.5, slowShare: 0.2 },
    reads: { quorumPerSecond: 1, listingsPerSecond: 0.3 },
    phases: { hotKeys: 0, bursts: chosen.below(2) },
    ...drawTags(random.fork("tags")),
    faults: {
      meanGapMs: chosen.pick([1500, 4000, 8000]),
      types: {
        ...NO_FAULTS,
        cut: 2 + sometimes(4),
        flapping: sometimes(1),
        break: sometimes(2),
        stall: sometimes(2),
        "late-copy": sometimes(2),
        crash: sometimes(4),
        stop: sometimes(2),
        leave: sometimes(1),
        pause: sometimes(2),
        "disk-slow": sometimes(2),
      },
      cuts: { halves: 2, isolate: 3, bridge: 2, ring: 1, "one-way": 2, pair: 2 },
      longestMs,
      clockJumpMs: 0,
    },
    plays: {
      ...NO_PLAYS,
      conflict: 2,
      "late-older-write": 1,
      "slow-older-write": 1,
      "crash-before-sync": sometimes(1),
    },
    meanGapOfPlaysMs: 3000,
    settleMs: PLACED_SETTLE_MS,
  });
  const faults = [...plan.faults, ...drawUpheavals(random.fork("upheavals"), nodes)].sort((a, b) => a.at - b.at);
  return { ...plan, keyspace: drawPolicies(random.fork("policies"), nodes), faults };
}

/** In two or three regions; some come late. */
function drawNodes(random: SeededRandom): NodePlan[] {
  const regions = random.shuffle([...REGIONS]).slice(0, random.between(2, 3));
  return Array.from({ length: random.between(4, 8) }, (_, i) => ({
    region: regions[i % regions.length] as string,
    durable: true,
    clockOffsetMs: Math.round(uniform(random, -150, 150)),
    diskMeanMs: uniform(random, 0.5, 8),
    startAt: i > 2 && random.chance(0.25) ? uniform(random, KNOWN_MS, DURATION_MS / 2) : uniform(random, 0, 200),
  }));
}

// --- Drills ---------------------------------------------------------------------------------------------------------

/** Requests whose answers come late, or not at all, of owners that nobody else has to wait for. */
function requestsPlan(seed: string): Plan {
  return drillPlan("drill-requests", seed, {
    graveMs: 10_000,
    durationMs: 20_000,
    faults: { meanGapMs: 400, types: { ...NO_FAULTS, stall: 6, crash: 1, stop: 2 }, longestMs: 2500 },
  });
}

/** Members that are cut off again and again, write as guests meanwhile, and bring home what others have deleted since. */
function guestsPlan(seed: string): Plan {
  return drillPlan("drill-guests", seed, {
    graveMs: 500,
    durationMs: 40_000,
    faults: { meanGapMs: 5000, types: { ...NO_FAULTS, cut: 1 }, longestMs: 14_000 },
  });
}

/** Members that leave and come back, now and then another while one is at it, or one that is killed before it has left. */
function departuresPlan(seed: string): Plan {
  return drillPlan("drill-departures", seed, {
    graveMs: 2000,
    durationMs: 30_000,
    faults: { meanGapMs: 3000, types: { ...NO_FAULTS, leave: 6, crash: 1, "disk-slow": 1 }, longestMs: 9000 },
  });
}

interface Drill {
  readonly graveMs: number;
  readonly durationMs: number;
  readonly faults: Pick<FaultProfile, "meanGapMs" | "types" | "longestMs">;
}

/** Four members, of whom two keep each key, and a lot of what is asked on conditions, deleted and written anew. */
function drillPlan(name: string, seed: string, { graveMs, durationMs, faults }: Drill): Plan {
  const random = new SeededRandom(`${name} ${seed}`);
  const nodes = Array.from({ length: 4 }, () => ({
    region: "dublin",
    durable: true,
    clockOffsetMs: Math.round(uniform(random, -100, 100)),
    diskMeanMs: 1,
    startAt: 0,
  }));
  const plan = buildPlan(random, name, seed, {
    nodes,
    replica: { ...SMALL_REPLICA, graveMs },
    water: CALM_WATER,
    durationMs,
    workload: {
      keys: 30,
      skew: 0,
      operationsPerSecond: 20,
      types: { put: 3, delete: 2, "put-absent": 4, update: 2, get: 2, batch: 0 },
      acks: { memory: 3, disk: 0, region: 0, quorum: 0, all: 2 },
      ttlShare: 0,
      ttlMsMax: 2000,
      valueBytesMax: 40,
    },
    sessions: { count: 2, operationsPerSecond: 3, moveChance: 0.5 },
    watches: NOBODY_WATCHES,
    reads: { quorumPerSecond: 0, listingsPerSecond: 0 },
    phases: { hotKeys: 0, bursts: 0 },
    faults: {
      ...faults,
      cuts: { halves: 1, isolate: 2, bridge: 0, ring: 0, "one-way": 0, pair: 0 },
      clockJumpMs: 0,
    },
    plays: NO_PLAYS,
    meanGapOfPlaysMs: 1000,
    settleMs: PLACED_SETTLE_MS,
  });
  return { ...plan, keyspace: [{ at: DEFINED_MS, node: 0, settings: { replication: 2 } }] };
}

// --- Policies -------------------------------------------------------------------------------------------------------

/** One at the beginning, and perhaps others later. */
function drawPolicies(random: SeededRandom, nodes: readonly NodePlan[]): KeyspaceChange[] {
  const later = Array.from({ length: random.below(3) }, () => uniform(random, KNOWN_MS, DURATION_MS * 0.8));
  return [DEFINED_MS, ...later.sort((a, b) => a - b)].map((at) => ({
    at,
    node: random.below(nodes.length),
    settings: drawSettings(random, nodes),
  }));
}

function drawSettings(random: SeededRandom, nodes: readonly NodePlan[]): KeyspaceSettings {
  const regions = [...new Set(nodes.map(({ region }) => region))];
  if (random.chance(0.7)) return { replication: random.pick([1, 2, 2, 2, 3, 3]) };
  return { replication: Object.fromEntries(regions.map((region) => [region, random.between(1, 2)])) };
}

// --- Upheavals ------------------------------------------------------------------------------------------------------

/** What concerns many members at once. */
function drawUpheavals(random: SeededRandom, nodes: readonly NodePlan[]): Fault[] {
  const kinds = [regionCutOff, regionDown, rollingRestart, flappingMember, departures];
  return Array.from({ length: random.below(3) }, () => {
    const at = uniform(random, KNOWN_MS, DURATION_MS * 0.7);
    return random.pick(kinds)(random, nodes, at);
  }).flat();
}

function membersOf(random: SeededRandom, nodes: readonly NodePlan[]): number[] {
  const region = random.pick(nodes).region;
  return nodes.flatMap((node, i) => (node.region === region ? [i] : []));
}

function regionCutOff(random: SeededRandom, nodes: readonly NodePlan[], at: number): Fault[] {
  const inside = new Set(membersOf(random, nodes));
  const isOneWay = random.chance(0.2);
  const paths = nodes.flatMap((_, from) =>
    nodes.flatMap((__, to): PathPair[] => {
      const leads = inside.has(from) && !inside.has(to);
      return leads ? [[from, to], ...(isOneWay ? [] : [[to, from] as const])] : [];
    }),
  );
  return [{ at, type: "cut", shape: "region", paths, forMs: uniform(random, 3000, 15_000) }];
}

function regionDown(random: SeededRandom, nodes: readonly NodePlan[], at: number): Fault[] {
  const downMs = uniform(random, 1000, 12_000);
  return membersOf(random, nodes).map((node) => ({
    at: at + uniform(random, 0, 50),
    type: "crash",
    node,
    aim: "now",
    isPowerCut: true,
    downMs: downMs + uniform(random, 0, 2000),
  }));
}

/** A deployment: one after the other, each for a moment. */
function rollingRestart(random: SeededRandom, nodes: readonly NodePlan[], at: number): Fault[] {
  const gapMs = uniform(random, 500, 2500);
  return nodes.map((_, node) => ({
    at: at + node * gapMs,
    type: "stop",
    node,
    downMs: uniform(random, 100, gapMs),
  }));
}

/** One or two leave for good, and come back as if they had never been there. */
function departures(random: SeededRandom, nodes: readonly NodePlan[], at: number): Fault[] {
  const going = random.shuffle(nodes.map((_, node) => node)).slice(0, random.between(1, 2));
  return going.map((node) => ({
    at: at + uniform(random, 0, 3000),
    type: "leave",
    node,
    downMs: uniform(random, 2000, 20_000),
  }));
}

function flappingMember(random: SeededRandom, nodes: readonly NodePlan[], at: number): Fault[] {
  const node = random.below(nodes.length);
  const paths = nodes.flatMap((_, other): PathPair[] =>
    other === node
      ? []
      : [
          [node, other],
          [other, node],
        ],
  );
  const stepMs = uniform(random, 1000, 4000);
  return Array.from({ length: random.between(2, 5) }, (_, i) => ({
    at: at + i * stepMs,
    type: "cut",
    shape: "member",
    paths,
    forMs: stepMs / 2,
  }));
}
