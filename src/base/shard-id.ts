/**
 * Shards are numbered within their *space*, which is a keyspace inside the machine: every space has shards of its own, so
 * that each may have owners of its own. An id is space x 65,536 + number.
 */

import type { ShardId, SpaceId } from "./ids.ts";

/** Shards of one space. */
export const SPACE_SHARDS_MAX = 65_536;
export const SPACE_MAX = 2 ** 31 - 1;
export const SHARD_ID_MAX = SPACE_MAX * SPACE_SHARDS_MAX + SPACE_SHARDS_MAX - 1;

/** The keyspace `default`. */
export const DEFAULT_SPACE = 0 as SpaceId;
/** What the cluster itself agrees on; one shard, which every replica holds. */
export const SYSTEM_SPACE = 1 as SpaceId;

/** Every member keeps all of it, whatever anybody defines. */
export function isForEverybody(space: SpaceId): boolean {
  return space === DEFAULT_SPACE || space === SYSTEM_SPACE;
}

export function shardIdOf(space: SpaceId, number: number): ShardId {
  return (space * SPACE_SHARDS_MAX + number) as ShardId;
}

export function spaceOf(shard: ShardId): SpaceId {
  return Math.floor(shard / SPACE_SHARDS_MAX) as SpaceId;
}

export function numberOf(shard: ShardId): number {
  return shard % SPACE_SHARDS_MAX;
}
