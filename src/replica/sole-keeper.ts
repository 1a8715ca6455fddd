/** What this replica holds and, as policies and members are, nobody else may: it could hand it over to nobody. */

import { spaceOf } from "../base/shard-id.ts";
import type { Keyspaces } from "../cluster/keyspaces.ts";
import { isPlaced } from "../cluster/members.ts";
import { copiesUnder } from "../cluster/placement/copies.ts";
import { createPlacementView } from "../cluster/placement/placement-view.ts";
import type { Surroundings } from "../cluster/surroundings.ts";

type Around = Pick<Surroundings, "shards" | "members" | "ownership" | "isHeld"> & { readonly keyspaces: Keyspaces };

/** The names of such keyspaces, sorted. */
export function keptByNobodyElse(around: Around): readonly string[] {
  const { members, ownership, keyspaces } = around;
  const others = members.all().filter((member) => member.id !== members.self && isPlaced(member));
  const view = createPlacementView(others.map(({ id, region }) => ({ id, region, weight: 1 })));
  const held = new Set<number>();
  for (const shard of around.shards) {
    if (ownership.owns(shard.id) || around.isHeld(shard)) held.add(spaceOf(shard.id));
  }
  const alone = ({ space }: { readonly space: number }) => held.has(space);
  const kept = keyspaces
    .all()
    .filter(alone)
    .filter(({ space }) => {
      const policy = ownership.policyOf(space);
      return policy !== undefined && copiesUnder(policy, view).regions.length === 0;
    });
  return kept.map(({ name }) => name);
}
