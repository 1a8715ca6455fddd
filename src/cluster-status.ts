/** What a replica tells of itself and of the cluster as it sees it. */

import type { ReplicaId } from "./base/ids.ts";

export type MemberStanding = "self" | "alive" | "unreachable" | "suspect" | "dead" | "leaving" | "given-up";

export const MEMBER_STANDINGS: readonly MemberStanding[] = [
  "self",
  "alive",
  "unreachable",
  "suspect",
  "dead",
  "leaving",
  "given-up",
];

export interface MemberStatus {
  readonly id: ReplicaId;
  readonly region: string;
  /** host:port that others reach it at. */
  readonly address: string;
  /**
   * `alive`: as far as anybody's probes tell. `unreachable`: alive, but there is no link from here that should be. `suspect`:
   * it did not answer, and may still. `dead`: it did not answer for long, or said that it goes; its place is kept.
   * `leaving`: it is there and hands over what it holds. `given-up`: it was away for longer than the retention.
   */
  readonly state: MemberStanding;
  readonly life: number;
  /** Round trip in ms and offset of the wall clock in ms (theirs - ours), where measured. */
  readonly rttMs?: number;
  readonly clockOffsetMs?: number;
  /** Writes it is known to lack or to hold beyond ours, at the last comparison. */
  readonly lag?: number;
  /** Unix ms of the last message. */
  readonly lastSeenAt?: number;
  /** Shards that it owns, of the keyspaces that some members keep; absent where every member keeps all. */
  readonly owned?: number;
}

/** How far a replica is with the shards of keyspaces that some members keep. */
export interface PlacementStatus {
  /** Shards that it owns, and those of them that it holds whole. */
  readonly owned: number;
  readonly ready: number;
  /** Shards that it holds and does not own: as a guest, or until their owners have them. */
  readonly toHandOver: number;
  /** Taken over, and handed over, since it started. */
  readonly taken: number;
  readonly handedOver: number;
}

export interface ClusterStatus {
  /** By how much the wall clocks of a majority are ahead of ours, ms; absent: no majority, or only one other, is heard. */
  readonly clockOffsetMs?: number;
  /** What is added to our wall clock because it is too far off, ms; absent: nothing. */
  readonly clockCorrectionMs?: number;
  readonly cluster: string;
  readonly replica: ReplicaId;
  readonly region: string;
  readonly life: number;
  readonly ready: boolean;
  /** Why not, in words, when not ready. */
  readonly reasons: readonly string[];
  readonly members: readonly MemberStatus[];
  readonly shards: number;
  readonly registers: number;
  readonly tombstones: number;
  readonly memoryBytes: number;
  /** What registers may take of memory, bytes; absent where nothing bounds that. */
  readonly memoryBytesMax?: number;
  /** Values that are not in memory at the moment. */
  readonly valuesOnDiskOnly?: number;
  /** Registers whose values are with peers; absent where there is a disk, or memory has no bound. */
  readonly ghosts?: number;
  /** What the database takes up, and may, bytes; absent where nothing bounds that. */
  readonly dataBytes?: number;
  readonly dataBytesMax?: number;
  /** Values that this process removed for good, for want of room; absent: none. */
  readonly evicted?: number;
  /** Hex digest over the content of all shards: equal on replicas that hold the same. */
  readonly digest: string;
  readonly cut: readonly ReplicaId[];
  /** Absent where every member keeps all. */
  readonly placement?: PlacementStatus;
}
