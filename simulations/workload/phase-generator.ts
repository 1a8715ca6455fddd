/** Makes what a steady stream lacks: times in which nearly everything falls on one key, and moments with too much at once. */

import type { SeededRandom } from "../../src/base/random.ts";
import { exponential, uniform } from "../simulator/draws.ts";
import { drawOperation, keyOf, type WorkloadProfile } from "./generator.ts";
import type { Operation } from "./operation.ts";

export interface PhasesProfile {
  /** Times in which one key is hot. */
  readonly hotKeys: number;
  readonly bursts: number;
}

const HOT_MS_MAX = 2000;
/** Of the operations of such a time. */
const HOT_SHARE = 0.95;
const BURST_MS = 50;
const BURST_OPERATIONS_MAX = 200;

export function generatePhases(
  random: SeededRandom,
  profile: WorkloadProfile,
  { hotKeys, bursts }: PhasesProfile,
  nextId: () => number,
): Operation[] {
  const operations: Operation[] = [];
  for (let i = 0; i < hotKeys; i++) operations.push(...drawHotKey(random.fork(`hot key ${i}`), profile, nextId));
  for (let i = 0; i < bursts; i++) operations.push(...drawBurst(random.fork(`burst ${i}`), profile, nextId));
  return operations.filter((operation) => operation.at < profile.untilMs);
}

/** Twice what there is otherwise, and nearly all of it on one key, at every node. */
function drawHotKey(random: SeededRandom, profile: WorkloadProfile, nextId: () => number): Operation[] {
  const operations: Operation[] = [];
  const key = keyOf(random.below(profile.keys));
  let at = uniform(random, profile.fromMs, profile.untilMs);
  const until = at + uniform(random, HOT_MS_MAX / 4, HOT_MS_MAX);
  for (; at < until; at += exponential(random, 500 / profile.operationsPerSecond)) {
    const operation = drawOperation(random, profile, nextId(), at);
    const isHot = random.chance(HOT_SHARE) && operation.type !== "batch";
    operations.push(isHot ? { ...operation, key } : operation);
  }
  return operations;
}

function drawBurst(random: SeededRandom, profile: WorkloadProfile, nextId: () => number): Operation[] {
  const at = uniform(random, profile.fromMs, profile.untilMs);
  const count = random.between(BURST_OPERATIONS_MAX / 4, BURST_OPERATIONS_MAX);
  return Array.from({ length: count }, () =>
    drawOperation(random, profile, nextId(), at + uniform(random, 0, BURST_MS)),
  );
}
