/**
 * Registers that are held beyond a vector, of origins that cannot be heard: their life is over, or their link down. Nobody will
 * push what is missing in between, and equal vectors say nothing of them: the others tell each other what they have.
 */

import type { OriginId } from "../base/ids.ts";
import { replicaOf } from "../core/origin.ts";
import type { EarlyRegisters } from "../core/shard/origin-chains.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Surroundings } from "./surroundings.ts";

export function hasLonely(around: Surroundings, shard: Shard): boolean {
  return !shard.isWhole() && shard.early().some(({ origin }) => isLonely(around, origin));
}

/** True where a peer holds such registers, of a shard, that are not here: they travel in deltas too. */
export function lacksLonely(around: Surroundings, shard: Shard, early: readonly EarlyRegisters[]): boolean {
  const lonely = early.filter(({ origin }) => isLonely(around, origin));
  if (lonely.length === 0) return false;
  const own = new Map(shard.early().map((each) => [each.origin, each]));
  return lonely.some(
    ({ origin, held, seen }) => !shard.vector.covers(origin, seen) && (own.get(origin)?.held ?? 0) !== held,
  );
}

function isLonely(around: Surroundings, origin: OriginId): boolean {
  if (around.members.hasEnded(origin)) return true;
  const id = around.members.idOfNumber(replicaOf(origin));
  return id === undefined || !around.isLinked(id);
}
