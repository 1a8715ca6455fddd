/**
 * Many replicas over ten regions for ten minutes, with what production sets unless told: a steady workload, one region cut
 * off for a minute, one crash. What it costs and how fast it heals, for any number of replicas; too long for a seed of many.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import type { Fault, PathPair } from "../faults/fault.ts";
import type { NodePlan, Plan } from "../plan.ts";
import { uniform } from "../simulator/draws.ts";
import { generateOperations } from "../workload/generator.ts";
import { CALM_WATER } from "./build.ts";
import { createManyNodes, HEARTBEAT_TIMEOUT_MS, SETTLE_MS } from "./many-replicas.ts";

/** Comparisons that a replica takes part in, a second: one that it begins and, in the mean, one that it is asked for. */
const COMPARISONS_PER_SECOND = 2;

export interface ScaleOptions {
  readonly replicas: number;
  readonly durationMs: number;
  /** Over all replicas. */
  readonly operationsPerSecond: number;
  readonly keys: number;
}

export const SCALE: ScaleOptions = { replicas: 100, durationMs: 600_000, operationsPerSecond: 150, keys: 2000 };

export function scalePlan(seed: string, options: ScaleOptions = SCALE): Plan {
  const random = new SeededRandom(`scale ${seed}`);
  const nodes = createNodes(random.fork("nodes"), options.replicas);
  return {
    scenario: "scale",
    seed,
    nodes,
    replica: replicaDefaults,
    water: CALM_WATER,
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    healAt: options.durationMs,
    settleMs: SETTLE_MS + sealingMs(nodes.length),
    operations: generateOperations(random.fork("operations"), {
      nodes: nodes.length,
      keys: options.keys,
      skew: 0,
      operationsPerSecond: options.operationsPerSecond,
      fromMs: options.durationMs * 0.05,
      untilMs: options.durationMs,
      types: { put: 6, delete: 1, "put-absent": 0, update: 1, get: 2, batch: 0 },
      acks: { memory: 8, disk: 1, region: 1, quorum: 1, all: 0 },
      ttlShare: 0.05,
      ttlMsMax: 60_000,
      valueBytesMax: 200,
    }),
    faults: createFaults(nodes, options.durationMs),
  };
}

/**
 * The life that crashed is sealed, and the last tombstones go, once every two replicas have compared after the end. Drawn
 * at random, of n x n / 2 pairs the last comes up after n (2 ln n + c) / 2 comparisons of each (the coupon collector's
 * problem), give or take a c of 3 in 95 cases of 100.
 */
function sealingMs(replicas: number): number {
  return Math.ceil((replicas * (2 * Math.log(replicas) + 3) * 1000) / COMPARISONS_PER_SECOND);
}

function createNodes(random: SeededRandom, count: number): NodePlan[] {
  return createManyNodes(random, count, () => uniform(random, 0, 1000));
}

/** The region of the first replica is alone for a tenth of the time; later the last replica loses its power for a while. */
function createFaults(nodes: readonly NodePlan[], durationMs: number): Fault[] {
  const alone = nodes[0]?.region;
  const paths = nodes.flatMap(({ region }, from) =>
    nodes.flatMap((other, to): PathPair[] => ((region === alone) === (other.region === alone) ? [] : [[from, to]])),
  );
  return [
    { at: durationMs * 0.3, type: "cut", shape: "region", paths, forMs: durationMs * 0.1 },
    {
      at: durationMs * 0.6,
      type: "crash",
      node: nodes.length - 1,
      aim: "now",
      isPowerCut: true,
      downMs: durationMs * 0.05,
    },
  ];
}
