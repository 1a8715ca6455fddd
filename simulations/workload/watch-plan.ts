/** Watchers, as data: what each follows, where, when it goes elsewhere, and how slowly it reads. */

import type { SeededRandom } from "../../src/base/random.ts";
import { exponential, uniform } from "../simulator/draws.ts";
import { keyOf } from "./generator.ts";

export interface WatchPlan {
  /** Unique among the watches of a plan. */
  readonly id: number;
  readonly prefix: string;
  /** Virtual ms at which it connects first, and where. */
  readonly at: number;
  readonly node: number;
  /** When it breaks its connection off and comes back, to this node. */
  readonly moves: readonly { readonly at: number; readonly node: number }[];
  /** From the end of a connection to the next attempt; where nobody is, that goes to the next node. */
  readonly reconnectMs: number;
  /** It takes so long over each event; 0: none waits. */
  readonly handlingMs: number;
  /** With more events waiting it is cut off, as the doors do at a bound of bytes. */
  readonly waitingMax: number;
}

export interface WatchesProfile {
  readonly count: number;
  /** Mean time between two moves of one watcher; Infinity: it stays. */
  readonly meanMoveGapMs: number;
  /** Of the moves, those that come back to the node that they leave: there the token is good. */
  readonly returnShare: number;
  /** Of the watchers. */
  readonly slowShare: number;
}

export interface WatchesSpan {
  readonly nodes: number;
  readonly keys: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Most follow everything, some one prefix. */
export function generateWatches(random: SeededRandom, profile: WatchesProfile, span: WatchesSpan): WatchPlan[] {
  return Array.from({ length: profile.count }, (_, id) => drawWatch(random.fork(`watch ${id}`), id, profile, span));
}

function drawWatch(random: SeededRandom, id: number, profile: WatchesProfile, span: WatchesSpan): WatchPlan {
  const at = uniform(random, 0, 2 * span.fromMs);
  const node = random.below(span.nodes);
  const isSlow = random.chance(profile.slowShare);
  return {
    id,
    prefix: random.chance(0.7) ? "" : random.pick(["k", "k1", keyOf(random.below(span.keys))]),
    at,
    node,
    moves: drawMoves(random, profile, span, { at, node }),
    reconnectMs: uniform(random, 1, 500),
    handlingMs: isSlow ? uniform(random, 1, 40) : 0,
    waitingMax: isSlow ? random.between(2, 200) : 10_000,
  };
}

function drawMoves(
  random: SeededRandom,
  { meanMoveGapMs, returnShare }: WatchesProfile,
  { nodes, untilMs }: WatchesSpan,
  from: { readonly at: number; readonly node: number },
): WatchPlan["moves"] {
  const moves: { at: number; node: number }[] = [];
  let { at, node } = from;
  for (at += exponential(random, meanMoveGapMs); at < untilMs; at += exponential(random, meanMoveGapMs)) {
    if (!random.chance(returnShare)) node = random.below(nodes);
    moves.push({ at, node });
  }
  return moves;
}
