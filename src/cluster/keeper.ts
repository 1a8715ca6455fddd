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
  return among(around, shard, (id) => id === around.ownership.self || around.isLinked(id));
}

function among(
  { ownership, members }: Parameters<typeof keeperOf>[0],
  shard: ShardId,
  isThere: (id: ReplicaId) => boolean,
): ReplicaId | undefined {
  const there = ownership.ownersOf(shard).filter(isThere);
  return there.find((id) => members.get(id)?.ephemeral !== true) ?? there[0];
}

/** Who would be the keeper without this replica. */
export function heirOf(around: Parameters<typeof keeperOf>[0], shard: ShardId): ReplicaId | undefined {
  return among(around, shard, (id) => id !== around.ownership.self && around.isLinked(id));
}

/** True of the keeper: what one owner is enough to do is for it to do. */
export function isKeeper(around: Parameters<typeof keeperOf>[0], shard: ShardId): boolean {
  return keeperOf(around, shard) === around.ownership.self;
}
