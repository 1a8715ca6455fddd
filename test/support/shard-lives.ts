/** Lives of replicas, of each of which a test has one shard. */

import { lifeOf, replicaOf } from "../../src/core/origin.ts";
import { type LooseShard, origin } from "./shards.ts";

/** Its replica starts again, where this life has written anything. */
export function beginNextLife({ shard }: LooseShard): void {
  const own = shard.ownOrigin;
  if (shard.vector.get(own) > 0) shard.beginLife(origin(replicaOf(own), lifeOf(own) + 1));
}

/** Seals the lives that have ended, of one replica after the other, up to one of which not all have the same. */
export function sealEndedLives(all: readonly LooseShard[]): void {
  for (const { shard } of all) {
    const own = shard.ownOrigin;
    for (let life = lifeOf(own) - 1; life > 0; life--) {
      const ended = origin(replicaOf(own), life);
      if (all.some((each) => each.shard.vector.get(ended) !== shard.vector.get(ended))) return;
    }
    for (const each of all) each.shard.seal(replicaOf(own), lifeOf(own));
  }
}
