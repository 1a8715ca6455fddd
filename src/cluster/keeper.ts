/**
 * The *keeper* of a shard: the one of its owners that are there whose word on what goes for good counts. The first in the order
 * of preference; one that has a disk before those that have none, as it has more room, and remembers.
 */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import type { Surroundings } from "./surroundings.ts";

/** Undefined: no owner is there. This replica counts where it is one. */
export function keeperOf(
  around: Pick<Surroundings, "ownership" | "members" | "isLinked">,
  shard: ShardId,
): ReplicaId | undefined {
  const { ownership, members } = around;
  const isThere = (id: ReplicaId) => around.isLinked(id);
  const hasDisk = (id: ReplicaId) => members.get(id)?.ephemeral !== true;
  const there = ownership.ownersOf(shard).filter((id) => id === ownership.self || isThere(id));
  return there.find(hasDisk) ?? there[0];
}

/** True of the keeper: what one owner is enough to do is for it to do. */
export function isKeeper(around: Parameters<typeof keeperOf>[0], shard: ShardId): boolean {
  return keeperOf(around, shard) === around.ownership.self;
}
