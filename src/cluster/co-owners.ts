/** The owners of a shard besides this replica. */

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
