/** What the parts of the cluster logic share: the shards, who is around, and a way to speak to a linked peer. */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import type { Shard } from "../core/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { Message } from "../wire/message.ts";
import type { Members } from "./members.ts";
import type { Reports } from "./reports.ts";

export interface Surroundings {
  readonly shards: readonly Shard[];
  readonly members: Members;
  readonly reports: Reports;
  /** What of a shard's vector is on disk here; its vector itself where there is no disk (R7). */
  durableOf(shard: ShardId): VersionVector;
  send(to: ReplicaId, message: Message): void;
  isLinked(id: ReplicaId): boolean;
  /** Peers with a link, those given up left out. */
  linked(): readonly ReplicaId[];
}
