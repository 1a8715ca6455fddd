/** How what is held stands to the disk: what of it is there, which is what others may count on. */

import type { ShardId } from "../base/ids.ts";
import { isForEverybody, spaceOf } from "../base/shard-id.ts";
import { originAt, sequenceAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Shards } from "../core/shard/shards.ts";
import type { VersionVector } from "../core/version-vector.ts";
import { HALF_READY, NOT_READY, READY, type Readiness } from "../wire/message.ts";
import type { Persistence } from "./persistence.ts";

export interface DiskStandingHost {
  readonly shards: Shards;
  readonly persistence: Persistence;
  /** There is no disk. */
  readonly isEphemeral: boolean;
}

export class DiskStanding {
  readonly #host: DiskStandingHost;

  constructor(host: DiskStandingHost) {
    this.#host = host;
  }

  /** What of a shard's vector is on disk; its vector itself where there is no disk (R7). */
  durableOf(shard: ShardId): VersionVector {
    const { isEphemeral, shards, persistence } = this.#host;
    return isEphemeral ? (shards.get(shard) as Shard).vector.snapshot() : persistence.durableOf(shard);
  }

  /** Of what everybody keeps for ever nobody asks who is. */
  readinessOf(shard: Shard): Readiness {
    if (isForEverybody(spaceOf(shard.id))) return READY;
    const { isEphemeral, persistence } = this.#host;
    const isReadyOnDisk = isEphemeral ? shard.isReady : persistence.isReadyOnDisk(shard.id);
    if (shard.isReady && isReadyOnDisk) return READY;
    return shard.isReady || isReadyOnDisk ? HALF_READY : NOT_READY;
  }

  /** Something of the shard is held, in memory or on disk. */
  isHeld(shard: Shard): boolean {
    return !shard.isBlank || (!this.#host.isEphemeral && this.#host.persistence.isOnDisk(shard.id));
  }

  /** A record that is held, in memory or away, is on disk as it is. */
  isOnDisk(shard: Shard, slot: number): boolean {
    if (shard.isAway(slot)) return true;
    const { persistence } = this.#host;
    if (persistence.isUnderWayOf(shard) || shard.unsaved.has(slot)) return false;
    const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    return persistence.durableOf(shard.id).covers(originAt(view, at), sequenceAt(view, at));
  }
}
