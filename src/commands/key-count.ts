/** How many keys there are, of shards. */

import type { Container } from "../core/container.ts";
import type { Shard } from "../core/shard.ts";
import { lonelySums } from "./key-value.ts";

/** `isListed`: a container is what its key shows. */
export function keyCountOf(
  shards: Iterable<Shard>,
  nowMs: number,
  isListed: (shard: Shard, container: Container) => boolean,
): number {
  let count = 0;
  for (const shard of shards) {
    count += shard.standing - shard.containers.standing - shard.increments.standing + lonelySums(shard, nowMs);
    for (const container of shard.containers.all()) if (isListed(shard, container)) count++;
  }
  return count;
}
