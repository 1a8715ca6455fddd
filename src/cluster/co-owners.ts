/** The other owners of a shard: those for whom its tombstones wait, whose votes count, and who acknowledge its writes. */

import type { ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { Member } from "./members.ts";
import type { Surroundings } from "./surroundings.ts";

export function coOwnersOf({ members, ownership }: Surroundings, shard: ShardId): readonly Member[] {
  const others = members.owners();
  if (ownership.isEverywhere(spaceOf(shard))) return others;
  const owners = ownership.ownersOf(shard);
  return others.filter(({ id }) => owners.includes(id));
}
