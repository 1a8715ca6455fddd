/** Makes reads of a majority, and listings of keys whose pages come from one node or from several. */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { exponential, skewedBelow, uniform } from "../simulator/draws.ts";
import { keyOf, type WorkloadProfile } from "./generator.ts";
import type { Operation } from "./operation.ts";

export interface ReadsProfile {
  readonly quorumPerSecond: number;
  readonly listingsPerSecond: number;
}

export function generateReads(
  random: SeededRandom,
  profile: WorkloadProfile,
  reads: ReadsProfile,
  nextId: () => number,
): Operation[] {
  const quorum = random.fork("quorum");
  const listings = random.fork("listings");
  return [
    ...times(quorum, profile, reads.quorumPerSecond).map((at) => drawQuorumRead(quorum, profile, nextId(), at)),
    ...times(listings, profile, reads.listingsPerSecond).map((at) => drawListing(listings, profile, nextId(), at)),
  ];
}

function times(random: SeededRandom, { fromMs, untilMs }: WorkloadProfile, perSecond: number): number[] {
  const found: number[] = [];
  if (perSecond === 0) return found;
  for (let at = fromMs; at < untilMs; at += exponential(random, 1000 / perSecond)) found.push(at);
  return found;
}

function drawQuorumRead(random: SeededRandom, profile: WorkloadProfile, id: number, at: number): Operation {
  const key = keyOf(skewedBelow(random, profile.keys, profile.skew));
  const node = random.below(profile.nodes);
  return { id, at, node, type: "get", key, ack: "memory", valueBytes: 0, consistency: "quorum" };
}

function drawListing(random: SeededRandom, profile: WorkloadProfile, id: number, at: number): Operation {
  const all = random.shuffle(Array.from({ length: profile.nodes }, (_, i) => i));
  const nodes = random.chance(0.5) ? all.slice(0, 1) : all;
  const limit = random.chance(0.2) ? 1000 : random.between(1, Math.max(1, Math.ceil(profile.keys / 2)));
  const listing = { limit, gapMs: random.chance(0.3) ? 0 : uniform(random, 0, 200), nodes };
  const key = (random.chance(0.7) ? "" : "k") as Key;
  return { id, at, node: nodes[0] ?? 0, type: "keys", key, ack: "memory", valueBytes: 0, listing };
}
