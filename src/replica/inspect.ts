/** Everything a replica holds, laid open for checkers. Never on a hot path. */

import { latin1FromBytes } from "../base/bytes.ts";
import type { OriginId, ReplicaId, ShardId, Timestamp } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { digestText } from "../core/digest.ts";
import { Fingerprint } from "../core/record/fingerprint.ts";
import {
  checksumAt,
  checksumOf,
  expiresAt,
  FLAG_DEAD,
  FLAG_FIELD,
  FLAG_GONE,
  flagsAt,
  identityEndAt,
  identityStartAt,
  isAway,
  keyAt,
  kindAt,
  originAt,
  sequenceAt,
  timestampAt,
} from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Replica } from "./replica.ts";

export interface RegisterDump {
  readonly shard: ShardId;
  /** Kind, key and field as one text, equal exactly for one register. */
  readonly identity: string;
  readonly key: string;
  readonly timestamp: Timestamp;
  readonly origin: OriginId;
  readonly sequence: number;
  readonly isDead: boolean;
  /** Its value was dropped when it expired. */
  readonly isGone: boolean;
  /** Unix ms; Infinity when it does not expire. */
  readonly expiresAt: number;
  /** Of the whole record, computed anew where its value is in memory. */
  readonly checksum: string;
}

export interface ShardDump {
  readonly shard: ShardId;
  /** Canonical text of the version vector: equal exactly when the vectors are. */
  readonly vector: string;
  readonly entries: number;
  readonly isWhole: boolean;
  readonly covers: (origin: OriginId, sequence: number) => boolean;
  /** The fingerprint as it was kept, and as computed again from the registers. */
  readonly fingerprint: { readonly kept: string; readonly recomputed: string };
  /** Absent: every member owns it. */
  readonly placed?: PlacedDump;
}

/** How a replica stands to a shard that some members own. */
export interface PlacedDump {
  /** As it sees them, sorted. */
  readonly owners: readonly ReplicaId[];
  readonly isOwner: boolean;
  readonly isReady: boolean;
  /** It holds something of it, in memory or on disk. */
  readonly isHeld: boolean;
}

export interface ReplicaDump {
  readonly registers: readonly RegisterDump[];
  readonly shards: readonly ShardDump[];
}

export function inspectReplica(replica: Replica): ReplicaDump {
  const registers: RegisterDump[] = [];
  for (const shard of replica.shards) {
    shard.forEachHeld((slot) => registers.push(registerDump(shard, slot)));
  }
  const dumpOf = (shard: Shard): ShardDump => {
    const isEverywhere = replica.ownership.isEverywhere(spaceOf(shard.id));
    return isEverywhere ? shardDump(shard) : { ...shardDump(shard), placed: placedDump(replica, shard) };
  };
  return { registers, shards: replica.shards.all.map(dumpOf) };
}

function placedDump(replica: Replica, shard: Shard): PlacedDump {
  return {
    owners: [...replica.ownership.ownersOf(shard.id)].sort(),
    isOwner: replica.ownership.owns(shard.id),
    isReady: shard.isReady,
    isHeld: replica.isHeld(shard),
  };
}

function registerDump(shard: Shard, slot: number): RegisterDump {
  const view = shard.table.viewOf(slot);
  const bytes = shard.table.bytesOf(slot);
  const at = shard.table.offsetOf(slot);
  const flags = flagsAt(view, at);
  return {
    shard: shard.id,
    identity: identityText(view, bytes, at),
    key: keyAt(view, bytes, at),
    timestamp: timestampAt(view, at),
    origin: originAt(view, at),
    sequence: sequenceAt(view, at),
    isDead: (flags & FLAG_DEAD) !== 0,
    isGone: (flags & FLAG_GONE) !== 0,
    expiresAt: expiresAt(view, at),
    checksum: (isAway(flags) ? checksumAt(view, at) : checksumOf(view, at)).toString(16),
  };
}

/** Equal exactly for one register: an empty field is another than none. */
export function identityText(view: DataView, bytes: Uint8Array, at: number): string {
  const isField = (flagsAt(view, at) & FLAG_FIELD) !== 0;
  return `${kindAt(view, at)}${isField ? "." : ":"}${latin1FromBytes(bytes, identityStartAt(view, at), identityEndAt(view, at))}`;
}

function shardDump(shard: Shard): ShardDump {
  const again = new Fingerprint();
  shard.forEachStanding((view, at) => again.add(view, at));
  const sealed = [...shard.vector.sealedEntries()].map(([replica, life]) => `${replica}<${life}`);
  const entries = [...shard.vector.entries()].map(([origin, sequence]) => `${origin}:${sequence}`);
  return {
    shard: shard.id,
    vector: [...sealed.sort(), ...entries.sort()].join(" "),
    entries: shard.vector.size,
    isWhole: shard.isWhole(),
    covers: (origin, sequence) => shard.vector.covers(origin, sequence),
    fingerprint: { kept: digestText(shard.fingerprint), recomputed: digestText(again) },
  };
}
