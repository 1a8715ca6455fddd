/** What the parts of the cluster logic share: the shards, who is around, and a way to speak to a linked peer. */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Shards } from "../core/shard/shards.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { Message, Readiness } from "../wire/message.ts";
import type { Members } from "./members.ts";
import type { Ownership } from "./ownership.ts";
import type { Reports } from "./reports.ts";

export interface Surroundings {
  readonly shards: Shards;
  readonly members: Members;
  readonly reports: Reports;
  readonly ownership: Ownership;
  /** How far this replica is ready in a shard. */
  readinessOf(shard: Shard): Readiness;
  /** It holds something of the shard, in memory or on disk. */
  isHeld(shard: Shard): boolean;
  /** What of a shard's vector is on disk here; its vector itself where there is no disk (R7). */
  durableOf(shard: ShardId): VersionVector;
  send(to: ReplicaId, message: Message): void;
  /**
   * Has values taken back that are away in these slots; `then` is told when it is time to look again. "nowhere": in vain, of
   * some, as no peer in reach has them; "later": of some, for the moment.
   */
  recall(shard: Shard, slots: readonly number[], then?: (recalled: "look again" | "later" | "nowhere") => void): void;
  isLinked(id: ReplicaId): boolean;
  /** Peers with a link, those given up left out. */
  linked(): readonly ReplicaId[];
}

/** For those who must know what becomes of what they send. */
export interface SendingSurroundings extends Surroundings {
  /** False: what is sent now is dropped, for want of a link, or while this replica may not speak yet. */
  canSend(to: ReplicaId): boolean;
  /** Bytes that wait for the link to take them. */
  queuedBytes(to: ReplicaId): number;
}
