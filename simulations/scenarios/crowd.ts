/**
 * A crowd: many replicas over ten regions, with what production sets unless told. All come within a second, knowing three of
 * the others; then clients of a few of them write to a keyspace that keeps each key at three, while some of the replicas stand
 * still for a while and one loses its power.
 *
 * Nothing is deleted, and nothing expires: a tombstone goes once all have told all the same, which among a thousand that
 * compare with one another at random takes hours.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import type { Fault } from "../faults/fault.ts";
import type { NodePlan, Plan } from "../plan.ts";
import { uniform } from "../simulator/draws.ts";
import { generateOperations } from "../workload/generator.ts";
import { CALM_WATER } from "./build.ts";
import { createManyNodes, HEARTBEAT_TIMEOUT_MS, SETTLE_MS } from "./many-replicas.ts";

export interface CrowdOptions {
  readonly replicas: number;
  /** Of each space. What each knows of every other takes memory for each of them. */
  readonly shards: number;
  readonly durationMs: number;
  /** Over all clients. */
  readonly operationsPerSecond: number;
  readonly keys: number;
}

export const CROWD: CrowdOptions = {
  replicas: 1000,
  shards: 32,
  durationMs: 25_000,
  operationsPerSecond: 20,
  keys: 50,
};

const SEEDS = 3;
/** Replicas with clients, the seeds among them. */
const CLIENTS = 20;
const COPIES = 3;
/** By then all have found each other. */
const DEFINED_MS = 6000;
/** By then all know of the keyspace. */
const KNOWN_MS = 9000;
/** One replica in so many stands still. */
const PAUSED_ONE_IN = 50;
/** Less than it takes to be declared dead, and more than to be suspected. */
const PAUSE_MS = 4000;
const DOWN_MS = 3000;

export function crowdPlan(seed: string, options: CrowdOptions = CROWD): Plan {
  const random = new SeededRandom(`crowd ${seed}`);
  const nodes = createNodes(random.fork("nodes"), options.replicas);
  return {
    scenario: "crowd",
    seed,
    nodes,
    seeds: Math.min(SEEDS, nodes.length),
    replica: { ...replicaDefaults, shards: options.shards },
    water: CALM_WATER,
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    healAt: options.durationMs,
    settleMs: SETTLE_MS,
    keyspace: [{ at: DEFINED_MS, node: 0, settings: { replication: Math.min(COPIES, nodes.length) } }],
    operations: generateOperations(random.fork("operations"), {
      nodes: Math.min(CLIENTS, nodes.length),
      keys: options.keys,
      skew: 0,
      operationsPerSecond: options.operationsPerSecond,
      fromMs: KNOWN_MS,
      untilMs: options.durationMs,
      types: { put: 6, delete: 0, "put-absent": 0, update: 1, get: 3, batch: 0 },
      acks: { memory: 8, disk: 1, region: 0, quorum: 1, all: 0 },
      ttlShare: 0,
      ttlMsMax: 60_000,
      valueBytesMax: 200,
    }),
    faults: createFaults(random.fork("faults"), nodes, options.durationMs),
  };
}

function createNodes(random: SeededRandom, count: number): NodePlan[] {
  return createManyNodes(random, count, (i) => (i < SEEDS ? 0 : uniform(random, 0, 1000)));
}

/** Of those without clients some stand still, and the last one crashes. */
function createFaults(random: SeededRandom, nodes: readonly NodePlan[], durationMs: number): Fault[] {
  const pauses = nodes.flatMap((_, node): Fault[] => {
    if (node < CLIENTS || node === nodes.length - 1 || node % PAUSED_ONE_IN !== 0) return [];
    return [{ at: uniform(random, KNOWN_MS, durationMs - PAUSE_MS), type: "pause", node, forMs: PAUSE_MS }];
  });
  const crash: Fault = {
    at: durationMs * 0.6,
    type: "crash",
    node: nodes.length - 1,
    aim: "now",
    isPowerCut: true,
    downMs: DOWN_MS,
  };
  return [...pauses, crash].sort((a, b) => a.at - b.at);
}
