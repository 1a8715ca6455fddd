/** What plans of many replicas have in common: ten regions, disks and clocks as they are, links that are given up as in production. */

import type { SeededRandom } from "../../src/base/random.ts";
import type { NodePlan } from "../plan.ts";
import { REGIONS } from "../regions.ts";
import { uniform } from "../simulator/draws.ts";

const REGIONS_USED = 10;
/** As production: a link is given up after so much silence. */
export const HEARTBEAT_TIMEOUT_MS = 4000;
export const SETTLE_MS = 60_000;

/** `startAt`: virtual ms of the first start of a node, by its number. */
export function createManyNodes(random: SeededRandom, count: number, startAt: (node: number) => number): NodePlan[] {
  return Array.from({ length: count }, (_, i) => ({
    region: REGIONS[i % REGIONS_USED] as string,
    durable: true,
    clockOffsetMs: Math.round(uniform(random, -50, 50)),
    diskMeanMs: uniform(random, 0.5, 5),
    startAt: startAt(i),
  }));
}
