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
  const there = ownership.ownersOf(shard).filter((id) => id === ownership.self || around.isLinked(id));
  return there.find((id) => hasDisk(members, id)) ?? there[0];
}

/** Those who will be the keeper without this replica, one if the other is not there; `stays`: it is not about to go, too. */
export function heirsOf(
  around: Parameters<typeof keeperOf>[0],
  shard: ShardId,
  stays: (id: ReplicaId) => boolean,
): readonly ReplicaId[] {
  const { ownership, members } = around;
  const there = ownership.ownersOf(shard).filter((id) => id !== ownership.self && around.isLinked(id) && stays(id));
  return [...there.filter((id) => hasDisk(members, id)), ...there.filter((id) => !hasDisk(members, id))];
}

function hasDisk(members: Surroundings["members"], id: ReplicaId): boolean {
  return members.get(id)?.ephemeral !== true;
}

/** True of the keeper: what one owner is enough to do is for it to do. */
export function isKeeper(around: Parameters<typeof keeperOf>[0], shard: ShardId): boolean {
  return keeperOf(around, shard) === around.ownership.self;
}
