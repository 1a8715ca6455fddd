/**
 * Which owner is asked. Those that are about as near as the nearest are compared by twos (Mitzenmacher 2001): of two drawn
 * at random the one that is expected to answer sooner, with what it has been asked already. With all compared, everybody
 * would run to the one that looks best at the moment. A single near one is compared with the next nearest, so that it
 * does not drown.
 */

import type { ReplicaId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";

export interface OwnerFacts {
  readonly id: ReplicaId;
  /** How long it takes to answer when it is asked nothing else, ms. */
  readonly expectedMs: number;
  /** Requests of this replica that it has not answered yet. */
  readonly waiting: number;
}

/** Within that factor, and as many ms, owners are equally near. */
const NEAR_FACTOR = 2;
const NEAR_MS = 1;

/** Undefined: there is none. */
export function chooseOwner(owners: readonly OwnerFacts[], random: Random): ReplicaId | undefined {
  if (owners.length < 2) return owners[0]?.id;
  const byTime = [...owners].sort((a, b) => a.expectedMs - b.expectedMs);
  const nearest = byTime[0] as OwnerFacts;
  const near = byTime.filter(({ expectedMs }) => expectedMs <= NEAR_FACTOR * nearest.expectedMs + NEAR_MS);
  if (near.length === 1) return sooner(nearest, byTime[1] as OwnerFacts).id;
  const first = random.uint32() % near.length;
  const second = (first + 1 + (random.uint32() % (near.length - 1))) % near.length;
  return sooner(near[first] as OwnerFacts, near[second] as OwnerFacts).id;
}

/** Peak latency grows with what waits. Of two that are alike, the first. */
function sooner(a: OwnerFacts, b: OwnerFacts): OwnerFacts {
  return costOf(b) < costOf(a) ? b : a;
}

function costOf({ expectedMs, waiting }: OwnerFacts): number {
  return (expectedMs + NEAR_MS) * (waiting + 1);
}
