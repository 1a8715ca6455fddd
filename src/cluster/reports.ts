/**
 * What each member last told of each shard: the vector it holds, what of it is on its disk, and what it holds beyond.
 * Stability, sealing and acknowledgements are read from here; nothing is inferred from silence.
 */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import { VersionVector } from "../core/version-vector.ts";
import type { DigestFacts, EarlyFacts, Readiness, ReportFacts } from "../wire/message.ts";

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
  readonly readiness: Readiness;
  /** Digest of the view that the reporter had then. */
  readonly view: number;
  /** The era of this replica's own vector in which its disk was seen to cover `durable`; -1: not yet. */
  coveredIn: number;
}

type Told = Omit<Report, "durable" | "coveredIn"> & { readonly durable: VersionVector | undefined };

/** What a member last told of itself as a whole. */
export interface Standing {
  readonly view: number;
  /** Whatever it writes later in this life is stamped above. */
  readonly stamp: number;
  /** Of what it holds without owning it. */
  readonly strays: ReadonlySet<ShardId>;
}

const NOTHING = new VersionVector();
const NO_STRAYS: ReadonlySet<ShardId> = new Set();

export class Reports {
  readonly #byId = new Map<ReplicaId, Map<ShardId, Report>>();
  readonly #clocksById = new Map<ReplicaId, number>();
  readonly #standingsById = new Map<ReplicaId, Standing>();

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
    const { vector, early, clock, lives, doubtful, readiness, view } = told;
    const coveredIn = isSameDisk ? earlier.coveredIn : -1;
    reports.set(shard, { vector, durable, early, clock, lives, doubtful, readiness, view, coveredIn });
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

  noteStanding(id: ReplicaId, { view, stamp, strays }: DigestFacts): void {
    this.#standingsById.set(id, { view, stamp, strays: strays.length === 0 ? NO_STRAYS : new Set(strays) });
  }

  standingOf(id: ReplicaId): Standing | undefined {
    return this.#standingsById.get(id);
  }

  /** The clock that a member reported last, unix ms; -Infinity when it never did. It may have been put back. */
  clockOf(id: ReplicaId): number {
    return this.#clocksById.get(id) ?? -Infinity;
  }

  /** Forgets all that a member said: it began a new life, or went. */
  forget(id: ReplicaId): void {
    this.#byId.delete(id);
    this.#clocksById.delete(id);
    this.#standingsById.delete(id);
  }

  /** Forgets what everybody said. */
  clear(): void {
    this.#byId.clear();
    this.#clocksById.clear();
    this.#standingsById.clear();
  }
}

function isSame(earlier: Report, told: Told): boolean {
  const isSameState = earlier.vector === told.vector && earlier.early === told.early;
  const isSameHolding = earlier.readiness === told.readiness && earlier.view === told.view;
  return isSameState && isSameHolding && earlier.lives === told.lives && earlier.doubtful === told.doubtful;
}
