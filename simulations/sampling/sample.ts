/** What all replicas hold at one instant, as a checker wants it. */

import type { Key, ReplicaId, ShardId } from "../../src/base/ids.ts";
import type { VersionVector } from "../../src/core/version-vector.ts";
import type { Holding } from "../../src/replica/holdings.ts";
import type { Stamp } from "../checkers/stamp.ts";
import type { ClockVotes } from "./clock-votes.ts";
import type { Company } from "./company.ts";

export interface SampledRegister {
  readonly key: Key;
  readonly stamp: Stamp;
  /** Neither deleted nor fallen at a sweep: it counts in the fingerprint. */
  readonly isStanding: boolean;
  /** It is served: stands, has not expired by the node's clock, and waits for nobody. */
  readonly isLive: boolean;
  /** With the stamp, equal for the same write with the same bytes. */
  readonly sequence: number;
  readonly checksum: number;
}

/** Who keeps what, as a replica sees it, of the shards that not all keep. */
export interface PlacedSample {
  /** Digest of its view. */
  readonly view: number;
  readonly ownersByShard: ReadonlyMap<ShardId, readonly ReplicaId[]>;
  /** Those that it owns, and has all there is of. */
  readonly ready: ReadonlySet<ShardId>;
}

export interface NodeSample {
  readonly life: number;
  readonly wallMs: number;
  /** By identity: kind, key and field. */
  readonly registers: ReadonlyMap<string, SampledRegister>;
  /** By shard. Snapshots. */
  readonly vectors: ReadonlyMap<ShardId, VersionVector>;
  /** Over the standing registers, and over the vectors, as the replica itself sums them up. */
  readonly contentDigest: string;
  readonly vectorDigest: string;
  readonly holdings: readonly Holding[];
  readonly company: Company;
  readonly votes: ClockVotes;
  /** Absent where all keep everything. */
  readonly placed?: PlacedSample;
}

export interface Sample {
  /** Virtual ms. */
  readonly at: number;
  /** Undefined: no replica runs there, or not yet. */
  readonly nodes: readonly (NodeSample | undefined)[];
}
