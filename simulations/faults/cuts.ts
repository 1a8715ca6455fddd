/** Shapes of partitions, as the lists of paths that they close (Jepsen's nemeses; VOPR's partition modes). */

import type { SeededRandom } from "../../src/base/random.ts";
import type { PathPair } from "./fault.ts";

export type CutShape = "halves" | "isolate" | "bridge" | "ring" | "one-way" | "pair";

export interface Cut {
  readonly shape: CutShape;
  readonly paths: readonly PathPair[];
}

/** A cut of that shape among nodes drawn at random. Every shape needs at least two nodes; a bridge becomes halves at two. */
export function drawCut(random: SeededRandom, shape: CutShape, nodes: number): Cut {
  const order = random.shuffle(Array.from({ length: nodes }, (_, i) => i));
  return { shape, paths: PATHS[shape](order, random) };
}

const PATHS = {
  halves: (order, random) => {
    const size = random.between(1, Math.max(1, Math.floor(order.length / 2)));
    return bothWays(order.slice(0, size), order.slice(size));
  },
  isolate: (order) => bothWays(order.slice(0, 1), order.slice(1)),
  // One node sees both halves.
  bridge: (order) => {
    if (order.length < 3) return bothWays(order.slice(0, 1), order.slice(1));
    const middle = Math.max(1, Math.floor((order.length - 1) / 2));
    return bothWays(order.slice(1, 1 + middle), order.slice(1 + middle));
  },
  // Everybody sees a majority of neighbours on a circle, no two the same one.
  ring: (order) => {
    const reach = Math.max(1, Math.floor(order.length / 4));
    const paths: PathPair[] = [];
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries()) {
        const apart = Math.min(Math.abs(i - j), order.length - Math.abs(i - j));
        if (apart > reach || (order.length < 4 && i + j === 1)) paths.push([a, b]);
      }
    }
    return paths;
  },
  "one-way": (order, random) => {
    const size = random.between(1, Math.max(1, order.length - 1));
    return oneWay(order.slice(0, size), order.slice(size));
  },
  pair: (order) => bothWays(order.slice(0, 1), order.slice(1, 2)),
} as const satisfies Record<CutShape, (order: readonly number[], random: SeededRandom) => readonly PathPair[]>;

function oneWay(from: readonly number[], to: readonly number[]): PathPair[] {
  return from.flatMap((a) => to.map((b): PathPair => [a, b]));
}

function bothWays(one: readonly number[], other: readonly number[]): PathPair[] {
  return [...oneWay(one, other), ...oneWay(other, one)];
}
