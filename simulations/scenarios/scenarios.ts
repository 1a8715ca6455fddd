/** The scenarios by name: each makes a plan from a seed. */

import { NO_FAULTS } from "../faults/generator.ts";
import { uniform } from "../simulator/draws.ts";
import { BACKUPS_SCENARIO } from "./backups.ts";
import { CALM_WATER, createNodes, SETTLE_MS, SLOW_SETTLE_MS, SMALL_REPLICA } from "./build.ts";
import { COLLECTIONS } from "./collections.ts";
import { COUNTED_BACKUPS } from "./counted-backups.ts";
import { DEFINITION_DRILL } from "./definitions.ts";
import { DOCUMENT_FAULTS, DOCUMENT_PLAYS, DOCUMENTS, drawDocuments } from "./documents.ts";
import { DRILLS } from "./drills.ts";
import { PLACEMENT, PLACEMENT_DRILLS } from "./placement.ts";
import { NO_PLAYS } from "./plays.ts";
import { POLICY_DRILL } from "./policy-changes.ts";
import { SCANT_COLLECTIONS } from "./scant-collections.ts";
import { SCANT_DISK_SCENARIO } from "./scant-disk.ts";
import { drawMemory, SCANT_MEMORY_SCENARIO } from "./scant-memory.ts";
import type { Scenario } from "./scenario.ts";
import { SHARES_SCENARIO } from "./shares.ts";
import { drawTags, TAGS_SCENARIO } from "./tags.ts";
import { build, SESSIONS, WATCHES, WORKLOAD } from "./usual.ts";

/** Short enough for a run to see it pass several times. */
const RETENTION_MS = 6000;

const CUTS = { halves: 3, isolate: 3, bridge: 1, ring: 1, "one-way": 1, pair: 1 } as const;

const SPLIT_BRAIN: Scenario = {
  name: "split-brain",
  summary: "cuts the cluster in two again and again, in every shape, and writes on both sides",
  plan: (seed) =>
    build("split-brain", seed, (random) => ({
      nodes: createNodes(random, random.between(3, 5), { durable: true }),
      faults: {
        meanGapMs: 1500,
        types: { ...NO_FAULTS, cut: 8, flapping: 2 },
        cuts: CUTS,
        longestMs: 8000,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, conflict: 3, "slow-older-write": 1 },
    })),
};

const CRASH_RESTART: Scenario = {
  name: "crash-restart",
  summary: "kills replicas at the worst moments, with the loss of what was not yet on disk; some keep nothing on disk",
  plan: (seed) =>
    build("crash-restart", seed, (random) => ({
      nodes: createNodes(random, 3, { durable: true }).map((node, i) => ({
        ...node,
        durable: i !== 2 || !random.chance(0.3),
      })),
      faults: {
        meanGapMs: 1200,
        types: { ...NO_FAULTS, crash: 8, stop: 2, "disk-slow": 2, "disk-full": 1, break: 1, stall: 1 },
        cuts: CUTS,
        longestMs: 4000,
        clockJumpMs: 0,
      },
      plays: {
        ...NO_PLAYS,
        "crash-after-push": 3,
        "crash-before-sync": 2,
        "restarts-in-a-row": 3,
        "ghost-push": 2,
        "cut-delta": 1,
      },
    })),
};

const LOSSY_LINKS: Scenario = {
  name: "lossy-links",
  summary: "loses, delays, repeats and reorders what replicas say, breaks links, and cuts one way only",
  plan: (seed) =>
    build("lossy-links", seed, (random) => ({
      nodes: createNodes(random, random.between(3, 4), { durable: true }),
      water: { ...CALM_WATER, loss: uniform(random, 0, 0.1), jitter: uniform(random, 0.05, 1) },
      faults: {
        meanGapMs: 600,
        types: { ...NO_FAULTS, degrade: 4, break: 3, stall: 3, "late-copy": 3, datagram: 1, cut: 1, flapping: 1 },
        cuts: { halves: 0, isolate: 0, bridge: 0, ring: 0, "one-way": 4, pair: 1 },
        longestMs: 6000,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, "late-duplicate": 3, "late-older-write": 3, "slow-older-write": 3, "cut-delta": 1 },
    })),
};

const SLOW_LINKS: Scenario = {
  name: "slow-links",
  summary: "writes large values over paths of 0.4 to 1.6 Mbit/s, and has replicas catch up over them",
  plan: (seed) =>
    build("slow-links", seed, (random) => ({
      nodes: createNodes(random, random.between(2, 4), { durable: true }).map((node, i) => ({
        ...node,
        durable: i !== 1 || !random.chance(0.3),
      })),
      replica: { ...SMALL_REPLICA, shards: random.between(2, 8), antiEntropyMs: 1000 },
      water: { ...CALM_WATER, bytesPerMs: uniform(random, 50, 200) },
      workload: { ...WORKLOAD, keys: 100, skew: 0, operationsPerSecond: 10, valueBytesMax: 100_000 },
      sessions: { ...SESSIONS, operationsPerSecond: 1 },
      faults: {
        meanGapMs: 3000,
        types: { ...NO_FAULTS, cut: 2, break: 1, crash: 3, stop: 1, degrade: 1 },
        cuts: CUTS,
        longestMs: 12_000,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, "long-absence": 1 },
      meanGapOfPlaysMs: 6000,
      settleMs: SLOW_SETTLE_MS,
    })),
};

const BAD_DISKS: Scenario = {
  name: "bad-disks",
  summary: "damages disks, with and without a word, wipes them, puts old copies back, and lets reads and writes fail",
  plan: (seed) =>
    build("bad-disks", seed, (random) => ({
      nodes: createNodes(random, random.between(3, 5), { durable: true }),
      faults: {
        meanGapMs: random.pick([1000, 3000]),
        types: {
          ...NO_FAULTS,
          "disk-damage": 6,
          "disk-old-copy": 2,
          "disk-unreadable": 1,
          "disk-full": 1,
          "disk-slow": 1,
          crash: 3,
          cut: 3,
        },
        cuts: CUTS,
        longestMs: 5000,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, conflict: 1, "crash-after-push": 1, "crash-before-sync": 1 },
    })),
};

const RETENTION: Scenario = {
  name: "retention",
  summary:
    "keeps replicas away for longer than tombstones wait for them: they begin anew, and so do halves that gave each other up",
  plan: (seed) =>
    build("retention", seed, (random) => ({
      nodes: createNodes(random, random.between(3, 5), { durable: true }),
      replica: { ...SMALL_REPLICA, retentionMs: RETENTION_MS, ...drawMemory(random) },
      durationMs: 5 * RETENTION_MS,
      workload: { ...WORKLOAD, operationsPerSecond: 30 },
      faults: {
        meanGapMs: random.pick([1000, 2500]),
        types: { ...NO_FAULTS, cut: 8, crash: 4, stop: 1, pause: 2, flapping: 1 },
        cuts: CUTS,
        longestMs: 2 * RETENTION_MS,
        clockJumpMs: 0,
      },
      plays: { ...NO_PLAYS, conflict: 2, "long-absence": 1, "restarts-in-a-row": 1 },
      meanGapOfPlaysMs: 3000,
    })),
};

const SWARM: Scenario = {
  name: "swarm",
  summary: "a random mix of the faults of the others, disks that lose what they had aside, in clusters of every shape",
  plan: (seed) =>
    build("swarm", seed, (random) => {
      const sometimes = (weight: number): number => (random.chance(0.4) ? weight : 0);
      const keys = random.pick([1, 2, 5, 12, 50]);
      const isSlow = random.chance(0.2);
      return {
        // At most one forgets everything when it ends: two such may meet again without ever hearing of a third, purge what
        // they delete, and see the third bring it back. Nobody waits for whom he has never met.
        nodes: createNodes(random, random.between(2, 5), { durable: true }).map((node, i) => ({
          ...node,
          durable: i !== 1 || !random.chance(0.3),
        })),
        replica: {
          ...SMALL_REPLICA,
          shards: random.between(1, 8),
          antiEntropyMs: random.pick([100, 300, 1000]),
          // Long: what is missing is known to be missing for a while before it is fetched.
          settleMs: random.pick([50, 50, 1000]),
          ...drawMemory(random),
        },
        water: {
          ...CALM_WATER,
          loss: random.pick([0, 0, 0.02, 0.1]),
          jitter: random.pick([0.005, 0.1, 1]),
          ...(isSlow ? { bytesPerMs: uniform(random, 25, 500) } : {}),
        },
        settleMs: isSlow ? SLOW_SETTLE_MS : SETTLE_MS,
        workload: {
          ...WORKLOAD,
          keys,
          skew: random.pick([0, 1, 2]),
          operationsPerSecond: random.pick([5, 20, 60]),
          ttlShare: random.pick([0, 0.1, 0.5]),
          // Large ones make deltas of many chunks.
          valueBytesMax: random.pick(isSlow ? [20_000, 100_000] : [30, 200, 20_000]),
        },
        sessions: {
          count: random.pick([0, 2, 6]),
          operationsPerSecond: random.pick([2, 10]),
          moveChance: random.pick([0.05, 0.3, 1]),
        },
        watches: {
          count: random.pick([0, 1, 3]),
          meanMoveGapMs: random.pick([500, 4000, Infinity]),
          returnShare: random.pick([0.2, 0.8]),
          slowShare: random.pick([0, 0.5]),
        },
        reads: { quorumPerSecond: random.pick([0, 1, 5]), listingsPerSecond: random.pick([0, 1]) },
        phases: { hotKeys: random.below(3), bursts: isSlow ? 0 : random.below(3) },
        ...drawDocuments(random.fork("documents")),
        ...drawTags(random.fork("tags")),
        faults: {
          meanGapMs: random.pick([400, 1000, 3000]),
          types: {
            ...NO_FAULTS,
            cut: 1 + sometimes(5),
            flapping: sometimes(2),
            swizzle: sometimes(1),
            degrade: sometimes(3),
            break: sometimes(3),
            stall: sometimes(3),
            "late-copy": sometimes(3),
            datagram: sometimes(1),
            corrupt: sometimes(2),
            "slow-consumer": sometimes(1),
            crash: sometimes(4),
            stop: sometimes(2),
            pause: sometimes(2),
            "clock-jump": sometimes(2),
            "clock-drift": sometimes(2),
            "clock-strobe": sometimes(1),
            "disk-slow": sometimes(2),
            "disk-full": sometimes(1),
            "disk-unreadable": sometimes(1),
          },
          cuts: CUTS,
          longestMs: random.pick([1000, 5000, 10_000]),
          clockJumpMs: random.pick([10, 300, 5000]),
        },
        plays: {
          ...NO_PLAYS,
          "late-duplicate": 1,
          "late-older-write": 1,
          "ghost-push": sometimes(2),
          "slow-older-write": 1,
          "crash-after-push": sometimes(1),
          "crash-before-sync": sometimes(1),
          "write-after-purge": sometimes(1),
          "restarts-in-a-row": sometimes(1),
          "cut-delta": sometimes(1),
          "long-absence": sometimes(1),
          conflict: 1,
        },
      };
    }),
};

const MEMBERSHIP: Scenario = {
  name: "membership",
  summary:
    "has members crash, pause, go and come back, for moments and for minutes, over links that lose and lead one way",
  plan: (seed) =>
    build("membership", seed, (random) => {
      const nodes = createNodes(random, random.between(3, 7), { durable: true });
      return {
        nodes,
        water: { ...CALM_WATER, loss: random.pick([0, 0, 0.05, 0.2]), jitter: random.pick([0.05, 1]) },
        durationMs: 150_000,
        // What is held is not the point here: nearly nothing is.
        workload: { ...WORKLOAD, keys: 3, operationsPerSecond: 0.5 },
        sessions: { ...SESSIONS, count: 0 },
        watches: { ...WATCHES, count: 0 },
        reads: { quorumPerSecond: 0.1, listingsPerSecond: 0 },
        phases: { hotKeys: 0, bursts: 0 },
        faults: {
          meanGapMs: random.pick([4000, 15_000]),
          types: {
            ...NO_FAULTS,
            pause: 5,
            crash: 2,
            stop: 2,
            cut: 3,
            flapping: 1,
            degrade: 2,
            break: 1,
            "clock-jump": 1,
            "clock-drift": 1,
            "disk-full": 1,
          },
          cuts: CUTS,
          longestMs: 30_000,
          clockJumpMs: 60_000,
        },
        plays: { ...NO_PLAYS, "long-gone": 1, "long-pause": 2, "goes-and-comes": 1 },
        meanGapOfPlaysMs: 20_000,
        leastGapOfPlaysMs: 15_000,
        settleMs: SLOW_SETTLE_MS,
      };
    }),
};

const DOCUMENTS_SCENARIO: Scenario = {
  name: "documents",
  summary:
    "edits documents on every side of every cut, deletes them, lets them expire, and has every replica compact them",
  plan: (seed) =>
    build("documents", seed, (random) => ({
      nodes: createNodes(random, random.between(2, 4), { durable: true }),
      durationMs: 25_000,
      workload: { ...WORKLOAD, keys: 3, operationsPerSecond: 3 },
      sessions: { ...SESSIONS, count: 0 },
      documents: {
        ...DOCUMENTS,
        keys: random.between(1, 4),
        clients: random.between(2, 6),
        lengthMax: random.pick([20, 200, 2000]),
      },
      faults: { ...DOCUMENT_FAULTS, meanGapMs: random.pick([800, 2000]), cuts: CUTS },
      plays: DOCUMENT_PLAYS,
      meanGapOfPlaysMs: 4000,
    })),
};

export const SCENARIOS: readonly Scenario[] = [
  SPLIT_BRAIN,
  CRASH_RESTART,
  LOSSY_LINKS,
  SLOW_LINKS,
  BAD_DISKS,
  RETENTION,
  SCANT_MEMORY_SCENARIO,
  SCANT_DISK_SCENARIO,
  MEMBERSHIP,
  DOCUMENTS_SCENARIO,
  PLACEMENT,
  TAGS_SCENARIO,
  COLLECTIONS,
  SCANT_COLLECTIONS,
  BACKUPS_SCENARIO,
  COUNTED_BACKUPS,
  SHARES_SCENARIO,
  SWARM,
];

/** A scenario, or a drill, by name. */
export function findScenario(name: string): Scenario | undefined {
  return [...SCENARIOS, ...DRILLS, ...PLACEMENT_DRILLS, POLICY_DRILL, DEFINITION_DRILL].find(
    (scenario) => scenario.name === name,
  );
}
