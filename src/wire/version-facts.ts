/** What tells one version of a register from all others, of a record in memory. */

import type { Key, OriginId, ShardId, Timestamp } from "../base/ids.ts";
import { checksumAt, keyAt, kindAt, originAt, sequenceAt, timestampAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";

/** Versions of registers that one `keep` asks for. */
export const KEEP_MAX = 2048;

/** One version of a register of a single key: whoever has all of it that is told here has the same record. */
export interface VersionFacts {
  readonly shard: ShardId;
  readonly kind: number;
  readonly key: Key;
  readonly timestamp: Timestamp;
  readonly origin: OriginId;
  readonly sequence: number;
  /** Of the record. */
  readonly checksum: number;
}

export function versionFactsAt(shard: ShardId, view: DataView, bytes: Uint8Array, at: number): VersionFacts {
  return {
    shard,
    kind: kindAt(view, at),
    key: keyAt(view, bytes, at),
    timestamp: timestampAt(view, at),
    origin: originAt(view, at),
    sequence: sequenceAt(view, at),
    checksum: checksumAt(view, at),
  };
}

/** Of what a slot holds. */
export function versionFactsIn({ id, table }: Pick<Shard, "id" | "table">, slot: number): VersionFacts {
  return versionFactsAt(id, table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
}

/** As `isOfVersion`, of what a slot holds. */
export function isVersionIn({ table }: Pick<Shard, "table">, slot: number, version: VersionFacts): boolean {
  return isOfVersion(version, table.viewOf(slot), table.offsetOf(slot));
}

/** Of a record of the same key and kind, whether its value is there or not. */
export function isOfVersion(version: VersionFacts, view: DataView, at: number): boolean {
  return (
    timestampAt(view, at) === version.timestamp &&
    originAt(view, at) === version.origin &&
    sequenceAt(view, at) === version.sequence &&
    checksumAt(view, at) === version.checksum
  );
}
