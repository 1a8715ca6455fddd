/** The owners of a shard besides this replica, and which of them does what one is enough to do. */

import type { ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { Member } from "./members.ts";
import type { Surroundings } from "./surroundings.ts";

/** The others: those for whom its tombstones wait, whose votes count, and who acknowledge its writes. */
export function coOwnersOf({ members, ownership }: Surroundings, shard: ShardId): readonly Member[] {
  const others = members.owners();
  if (ownership.isEverywhere(spaceOf(shard))) return others;
  const owners = ownership.ownersOf(shard);
  return others.filter(({ id }) => owners.includes(id));
}

/** True of the one that comes first in the order of preference among those that see each other. */
export function isFirstOwner(around: Pick<Surroundings, "ownership" | "isLinked">, shard: ShardId): boolean {
  const { ownership } = around;
  return ownership.firstOf(shard, (id) => around.isLinked(id)) === ownership.self;
}
