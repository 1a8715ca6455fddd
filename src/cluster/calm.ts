/**
 * Calm: what has to hold before anything of a shard that not everybody owns is forgotten for good (R6 under placement).
 * Every member that may come back sees the same owners and has told that it holds nothing of the shard, or owns it. A member
 * that holds nothing may be cut off and write there as a guest at any moment: all that it writes is stamped above what it
 * told last, so what is older than that can be forgotten.
 */

import type { ShardId } from "../base/ids.ts";
import { isGivenUp } from "./members.ts";
import type { Surroundings } from "./surroundings.ts";

/** Undefined while there is no calm; else the timestamp below which nobody will write. */
export function calmBelow({ members, ownership, reports }: Surroundings, shard: ShardId): number | undefined {
  let below = Infinity;
  for (const member of members.all()) {
    if (member.id === members.self || member.left || isGivenUp(member)) continue;
    const standing = reports.standingOf(member.id);
    if (standing?.view !== ownership.view || standing.strays.has(shard)) return undefined;
    below = Math.min(below, standing.stamp);
  }
  return ownership.owns(shard) ? below : undefined;
}
