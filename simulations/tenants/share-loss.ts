/** What a replica held of each keyspace when it removed a value for good: the checkers' evidence. */

import type { ShardId, SpaceId } from "../../src/base/ids.ts";
import { spaceOf } from "../../src/base/shard-id.ts";
import type { Replica } from "../../src/replica/replica.ts";

export interface SpaceBytes {
  /** Of all records. */
  readonly bytes: number;
  /** Of those that are neither deleted nor expired, where they may go. */
  readonly standingBytes: number;
}

export interface ShareLoss {
  readonly at: number;
  /** Who lost something, and how much. */
  readonly space: SpaceId;
  readonly bytes: number;
  /** What each had when it was gone. */
  readonly bySpace: ReadonlyMap<SpaceId, SpaceBytes>;
  /** The shares that the replica knew. */
  readonly known: ReadonlyMap<SpaceId, number>;
}

export function shareLossOf(replica: Replica, lost: { at: number; shard: ShardId; bytes: number }): ShareLoss {
  const bySpace = new Map<SpaceId, SpaceBytes>();
  for (const { id, accounts, isLeaving, isSettled } of replica.shards.all) {
    const space = spaceOf(id);
    const { bytes, standingBytes } = bySpace.get(space) ?? { bytes: 0, standingBytes: 0 };
    const mayGo = isLeaving || !isSettled ? 0 : accounts.recordBytes - accounts.fallenBytes;
    bySpace.set(space, { bytes: bytes + accounts.recordBytes, standingBytes: standingBytes + mayGo });
  }
  const { at, shard, bytes } = lost;
  return { at, space: spaceOf(shard), bytes, bySpace, known: replica.keyspaces.memoryShares() };
}
