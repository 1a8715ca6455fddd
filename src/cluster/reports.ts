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
  /** The reporter's clock when it said so last, unix ms. */
  clock: number;
  /** Digest of the lives that the reporter knew then. */
  readonly lives: number;
  /** The reporter holds something that waits to be confirmed. */
  readonly doubtful: boolean;
  /** The era of this replica's own vector in which its disk was seen to cover `durable`; -1: not yet. */
  coveredIn: number;
}

type Told = Omit<Report, "durable" | "coveredIn"> & { readonly durable: VersionVector | undefined };

const NOTHING = new VersionVector();

export class Reports {
  readonly #byId = new Map<ReplicaId, Map<ShardId, Report>>();
  readonly #clocksById = new Map<ReplicaId, number>();

  of(shard: ShardId, id: ReplicaId): Report | undefined {
    return this.#byId.get(id)?.get(shard);
  }

  /** Notes a report; `durable` undefined: not told this time, the earlier one stands. */
  note(shard: ShardId, id: ReplicaId, told: Told): void {
    const reports = this.#of(id);
    const earlier = reports.get(shard);
    const durable = told.durable ?? earlier?.durable ?? NOTHING;
    const isSameDisk = earlier?.durable === durable;
    // Most of what is told was told before.
    if (isSameDisk && isSame(earlier, told)) {
      earlier.clock = told.clock;
      return;
    }
    const { vector, early, clock, lives, doubtful } = told;
    const coveredIn = isSameDisk ? earlier.coveredIn : -1;
    reports.set(shard, { vector, durable, early, clock, lives, doubtful, coveredIn });
  }

  #of(id: ReplicaId): Map<ShardId, Report> {
    let reports = this.#byId.get(id);
    if (reports === undefined) {
      reports = new Map();
      this.#byId.set(id, reports);
    }
    return reports;
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
    this.#byId.delete(id);
    this.#clocksById.delete(id);
  }

  /** Forgets what everybody said. */
  clear(): void {
    this.#byId.clear();
    this.#clocksById.clear();
  }
}

function isSame(earlier: Report, told: Told): boolean {
  const isSameState = earlier.vector === told.vector && earlier.early === told.early;
  return isSameState && earlier.lives === told.lives && earlier.doubtful === told.doubtful;
}
