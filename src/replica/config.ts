/** What a replica has to be told, and its limits and paces with their defaults. */

import type { ReplicaId } from "../base/ids.ts";
import { type SwimSettings, swimDefaults } from "../cluster/swim/settings.ts";

export interface ReplicaConfig {
  /** Absent: the one on disk, or a new one. */
  readonly id?: ReplicaId;
  readonly region: string;
  /** host:port at which others reach it. */
  readonly address: string;
  readonly cluster: string;
  /** Fixed for the whole cluster; 1 to 65,536. */
  readonly shards: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  /** Of all that is held of a document. */
  readonly documentBytesMax: number;
  /** Of registers in memory, with what they cost: values beyond that are on disk only, or go where there is none. */
  readonly memoryBytesMax: number;
  /** Values go once records take this share of it, less what else there is: the rest is for those that the disk has not yet. */
  readonly memoryFillShare: number;
  /** Of what the disk takes up: beyond that the coldest registers go for good. */
  readonly dataBytesMax: number;
  /** Tombstones wait so long for a member that cannot be reached; then it is given up. */
  readonly retentionMs: number;
  /** What a dead member owns is placed elsewhere after so long, until it is back. */
  readonly displaceMs: number;
  /** Tombstones of shards that not all members own are kept at least so long. */
  readonly graveMs: number;
  /** Stamps further ahead than this are not followed by the clock. */
  readonly maxClockOffsetMs: number;
  /** Mean time between two comparisons with a random peer. */
  readonly antiEntropyMs: number;
  /** What a live peer is about to push is fetched only when it has been missing for so long. */
  readonly settleMs: number;
  /** Registers are let fall, when expired, at multiples of this instant of unix time. */
  readonly sweepMs: number;
  /** Time between two looks for tombstones to purge and lives to seal. */
  readonly housekeepingMs: number;
  /** A pull is begun anew when its source delivers nothing at all for so long, though its link lives. */
  readonly pullIdleMs: number;
  /** How long a replica that reaches nobody waits before it calls itself ready. */
  readonly aloneMs: number;
  /** How members watch over each other. */
  readonly swim: SwimSettings;
}

export const replicaDefaults = {
  region: "default",
  cluster: "atoll",
  shards: 256,
  keyBytesMax: 1024,
  valueBytesMax: 16 * 1024 * 1024,
  documentBytesMax: 8 * 1024 * 1024,
  memoryBytesMax: Infinity,
  memoryFillShare: 0.9,
  dataBytesMax: Infinity,
  retentionMs: 24 * 3_600_000,
  displaceMs: 5 * 60_000,
  graveMs: 30_000,
  maxClockOffsetMs: 500,
  antiEntropyMs: 1000,
  settleMs: 100,
  sweepMs: 500,
  housekeepingMs: 1000,
  pullIdleMs: 300_000,
  aloneMs: 3000,
  swim: swimDefaults,
} as const satisfies Partial<ReplicaConfig>;
