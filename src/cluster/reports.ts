/**
 * What each member last told of each shard: the vector it holds, what of it is on its disk, and what it holds beyond.
 * Stability, sealing and acknowledgements are read from here; nothing is inferred from silence.
 */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import { VersionVector } from "../core/version-vector.ts";
import type { EarlyFacts, ReportFacts } from "../wire/message.ts";

export interface Report {
  readonly vector: VersionVector;
  /** The greatest vector that was ever reported as being on disk, in this life of the reporter. */
  readonly durable: VersionVector;
  /** Undefined: not told. */
  readonly early: readonly EarlyFacts[] | undefined;
  /** The reporter's clock then, unix ms. */
  readonly clock: number;
  /** Digest of the lives that the reporter knew then. */
  readonly lives: number;
  /** The reporter holds something that waits to be confirmed. */
  readonly doubtful: boolean;
}

const NOTHING = new VersionVector();

export class Reports {
  readonly #byShard: Map<ReplicaId, Report>[];
  readonly #clocksById = new Map<ReplicaId, number>();

  constructor(shards: number) {
    this.#byShard = Array.from({ length: shards }, () => new Map());
  }

  of(shard: ShardId, id: ReplicaId): Report | undefined {
    return this.#byShard[shard]?.get(id);
  }

  /** Notes a report; `durable` undefined: not told this time, the earlier one stands. */
  note(
    shard: ShardId,
    id: ReplicaId,
    told: {
      readonly vector: VersionVector;
      readonly durable: VersionVector | undefined;
      readonly early: readonly EarlyFacts[] | undefined;
      readonly clock: number;
      readonly lives: number;
      readonly doubtful: boolean;
    },
  ): void {
    const earlier = this.#byShard[shard]?.get(id);
    this.#byShard[shard]?.set(id, { ...told, durable: told.durable ?? earlier?.durable ?? NOTHING });
  }

  noteClock(id: ReplicaId, facts: ReportFacts): void {
    this.#clocksById.set(id, facts.clock);
  }

  /** The clock that a member reported last, unix ms; -Infinity when it never did. It may have been put back. */
  clockOf(id: ReplicaId): number {
    return this.#clocksById.get(id) ?? -Infinity;
  }

  /** Forgets all that a member said: it began a new life, or went. */
  forget(id: ReplicaId): void {
    for (const reports of this.#byShard) reports.delete(id);
    this.#clocksById.delete(id);
  }

  /** Forgets what everybody said. */
  clear(): void {
    for (const reports of this.#byShard) reports.clear();
    this.#clocksById.clear();
  }
}
