/**
 * Rosters in short: what two members know of all others is compared by one digest, where that differs by one for each
 * part, and only what stands in the parts that differ is told. Suspicions pass, and are left out; so is whoever has left by
 * itself, as some have forgotten it by now.
 */

import { mix32 } from "../base/hash.ts";
import type { ReplicaId } from "../base/ids.ts";
import type { Digest } from "../core/digest.ts";
import { replicaNumber } from "../core/origin.ts";
import { ROSTER_BUCKETS, type Rumour } from "../wire/message.ts";
import { isGivenUp } from "./members.ts";

/** A digest for each part. */
export function rosterBuckets(rumours: Iterable<Rumour>): Uint32Array {
  const buckets = new Uint32Array(ROSTER_BUCKETS);
  for (const rumour of rumours) {
    if (!isInRoster(rumour)) continue;
    const bucket = rosterBucketOf(rumour.id);
    buckets[bucket] = (buckets[bucket] as number) + rowHash(rumour);
  }
  return buckets;
}

/** False for whoever has left by itself. */
export function isInRoster({ left, givenUpLife }: Pick<Rumour, "left" | "givenUpLife">): boolean {
  return !left || givenUpLife !== 0;
}

/** One digest of them all. */
export function rosterDigest(buckets: Uint32Array): Digest {
  let [high, low] = [1, 2];
  for (const bucket of buckets) {
    high = mix32(high ^ bucket);
    low = mix32(Math.imul(low, 31) + mix32(bucket));
  }
  return { high, low };
}

export function rosterBucketOf(id: ReplicaId): number {
  return replicaNumber(id) % ROSTER_BUCKETS;
}

/** The parts in which two rosters differ. */
export function differingBuckets(one: ArrayLike<number>, other: ArrayLike<number>): number[] {
  return Array.from({ length: ROSTER_BUCKETS }, (_, bucket) => bucket).filter(
    (bucket) => one[bucket] !== other[bucket],
  );
}

/** Of what everybody should come to know alike of a member. Who gave it up counts its life as ended. */
export function rowHash(rumour: Rumour): number {
  const { id, life, birth, rootLife, startedAt, epoch, incarnation, displaced, state } = rumour;
  const standing = (state === "dead" ? 1 : 0) + (isGivenUp(rumour) ? 2 : 0) + (rumour.left ? 4 : 0);
  let hash = replicaNumber(id);
  for (const part of [life, birth, rootLife, startedAt, epoch, incarnation, displaced, standing]) {
    hash = mix32(hash ^ mix32(part >>> 0) ^ mix32(Math.floor(part / 2 ** 32) + 1));
  }
  return hash;
}
