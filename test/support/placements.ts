/** Views of members to place by, and what a change of them moves. */

import type { ReplicaId } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { Placement } from "../../src/cluster/placement/placement.ts";
import {
  createPlacementView,
  type PlacementMember,
  type PlacementView,
} from "../../src/cluster/placement/placement-view.ts";

export const PARTS = 256;

export function member(id: string, region = "eu", weight = 1): PlacementMember {
  return { id: id as ReplicaId, region, weight };
}

/** One view of members in these regions, in turn: `["eu", "us", "eu"]`. */
export function viewOf(regions: readonly string[], name = "member"): PlacementView {
  return createPlacementView(regions.map((region, index) => member(`${name}-${index}`, region)));
}

/** A member of a random name in one of `regions` regions. */
export function drawMember(random: SeededRandom, regions: number, weightMax = 1): PlacementMember {
  return member(`r${random.uint32()}`, `region-${random.below(regions)}`, random.between(1, weightMax));
}

export function loadsOf(placement: Placement): ReadonlyMap<ReplicaId, number> {
  const loads = new Map<ReplicaId, number>();
  for (let part = 0; part < placement.parts; part++) {
    for (const id of placement.ownersOf(part)) loads.set(id, (loads.get(id) ?? 0) + 1);
  }
  return loads;
}

/** Copies that `after` has where `before` has none. */
export function movedBetween(before: Placement, after: Placement): number {
  let moved = 0;
  for (let part = 0; part < after.parts; part++) {
    for (const id of after.ownersOf(part)) if (!before.isOwner(part, id)) moved++;
  }
  return moved;
}

/** Copies that have to move when all get exactly their shares: what these grow by. */
export function leastMoved(before: Placement, after: Placement, members: Iterable<PlacementMember>): number {
  let least = 0;
  for (const { id } of members) least += Math.max(0, after.shareOf(id) - before.shareOf(id));
  return least;
}
