/**
 * Whom a member keeps a link to. In a small cluster to everybody. In a large one to its partners, with which it shares what
 * it holds, and to its neighbours on a few rings, on each of which the members stand in another order: such a graph is an
 * expander, with short ways from each to each also when many members are gone (Rapid: Suresh et al. 2018, section 4.1).
 * Neighbours are mutual, so both ends agree on a link without a word.
 *
 * Rings of those who are alive alone would let two halves of a cluster that declared each other dead never meet again:
 * there are rings of all members, the dead included, as well.
 */

import { mix32 } from "../../base/hash.ts";
import type { ReplicaId } from "../../base/ids.ts";

export interface LinkCandidate {
  readonly id: ReplicaId;
  /** Its replica number. */
  readonly number: number;
  readonly isDead: boolean;
  readonly isPartner: boolean;
}

/** Members to keep a link to; neither `self` nor `others` hold whoever has left. */
export function linkPlan(
  self: { readonly number: number },
  others: readonly LinkCandidate[],
  { linksAllMax, linkRings }: { readonly linksAllMax: number; readonly linkRings: number },
): Set<ReplicaId> {
  if (others.length < linksAllMax) return new Set(others.map(({ id }) => id));
  const planned = new Set(others.filter(({ isPartner }) => isPartner).map(({ id }) => id));
  if (planned.size === others.length) return planned;
  const alive = others.filter(({ isDead }) => !isDead);
  for (let ring = 0; ring < linkRings; ring++) {
    for (const id of neighbours(self.number, others, ring)) planned.add(id);
    for (const id of neighbours(self.number, alive, ring)) planned.add(id);
  }
  return planned;
}

/** The next one each way round. */
function neighbours(number: number, others: readonly LinkCandidate[], ring: number): ReplicaId[] {
  const own = placeOn(ring, number);
  let [next, previous] = [others[0], others[0]];
  let [nextBy, previousBy] = [Infinity, Infinity];
  for (const each of others) {
    const ahead = (placeOn(ring, each.number) - own) >>> 0;
    const behind = (own - placeOn(ring, each.number)) >>> 0;
    if (ahead < nextBy) [next, nextBy] = [each, ahead];
    if (behind < previousBy) [previous, previousBy] = [each, behind];
  }
  return [next, previous].flatMap((each) => (each === undefined ? [] : [each.id]));
}

/** A bijection of replica numbers: no two members share a place. */
function placeOn(ring: number, number: number): number {
  return mix32(mix32(ring + 1) ^ number);
}
