/** How far others are known to cover an origin: by what they confirmed of this life at once, and by what they told when compared. */

import type { OriginId, ReplicaId, ShardId } from "../base/ids.ts";
import { coOwnersOf } from "../cluster/co-owners.ts";
import type { SendingSurroundings } from "../cluster/surroundings.ts";
import type { AckView } from "./acks.ts";
import { Confirmations } from "./confirmations.ts";

export interface CoverageHost extends SendingSurroundings {
  readonly origin: OriginId;
  readonly config: { readonly region: string };
  readonly antiEntropy: { offer(peer: ReplicaId, shards: ReadonlySet<ShardId>, now: number): void };
  isMajorityKnown(): boolean;
}

export class Coverage implements AckView {
  readonly confirmations = new Confirmations();
  readonly #host: CoverageHost;

  constructor(host: CoverageHost) {
    this.#host = host;
  }

  covered(id: ReplicaId, shard: ShardId, origin: OriginId): number {
    const confirmed = origin === this.#host.origin ? this.confirmations.of(id, shard) : 0;
    return Math.max(confirmed, this.#host.reports.of(shard, id)?.vector.get(origin) ?? 0);
  }

  /** The greatest sequence that any member is known to cover. */
  coveredByAny(shard: ShardId, origin: OriginId): number {
    return Math.max(0, ...this.#host.members.all().map(({ id }) => this.covered(id, shard, origin)));
  }

  /** The greatest sequence that every other member is known to cover. */
  coveredByAll(shard: ShardId, origin: OriginId): number {
    const others = this.#host.members.others();
    return others.length === 0 ? 0 : Math.min(...others.map((id) => this.covered(id, shard, origin)));
  }

  isDurable(shard: ShardId, origin: OriginId, sequence: number): boolean {
    return this.#host.durableOf(shard).covers(origin, sequence);
  }

  counts(shard: ShardId): boolean {
    return this.#host.ownership.owns(shard);
  }

  others(shard: ShardId, level: "region" | "quorum" | "all"): readonly ReplicaId[] {
    return coOwnersOf(this.#host, shard)
      .filter((member) => level !== "region" || member.region === this.#host.config.region)
      .map((member) => member.id);
  }

  isMajorityKnown(): boolean {
    return this.#host.isMajorityKnown();
  }

  /** Unless what it lacks may still wait for its link. */
  offer(id: ReplicaId, shards: ReadonlySet<ShardId>, now: number): void {
    if (this.#host.canSend(id) && this.#host.queuedBytes(id) === 0) this.#host.antiEntropy.offer(id, shards, now);
  }
}
