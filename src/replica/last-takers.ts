/** Which owner took the last write of a shard that went through this replica, for as long as others may lack it (Q3 in `router.ts`). */

import type { ReplicaId, ShardId } from "../base/ids.ts";

/** For so long others may lack what an owner took. */
const STICKY_MS = 1000;

interface Taken {
  readonly owner: ReplicaId;
  readonly at: number;
}

export class LastTakers {
  readonly #takenByShard = new Map<ShardId, Taken>();

  note(shard: ShardId, owner: ReplicaId, now: number): void {
    this.#takenByShard.set(shard, { owner, at: now });
  }

  has(shard: ShardId): boolean {
    return this.#takenByShard.has(shard);
  }

  /** Undefined where that was too long ago. */
  takerOf(shard: ShardId, now: number): ReplicaId | undefined {
    const taken = this.#takenByShard.get(shard);
    return taken !== undefined && isRecent(taken.at, now) ? taken.owner : undefined;
  }

  tick(now: number): void {
    for (const [shard, { at }] of this.#takenByShard) if (!isRecent(at, now)) this.#takenByShard.delete(shard);
  }
}

function isRecent(at: number, now: number): boolean {
  return now - at < STICKY_MS && now >= at;
}
