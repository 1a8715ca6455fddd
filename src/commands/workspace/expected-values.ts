/** What commands that are to run as one may read: what of it is away, and what it takes to give it all back. */

import type { Key } from "../../base/ids.ts";
import { valueLengthAt } from "../../core/record/record.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { ValueAway } from "../../replica/operations.ts";
import type { KeyAway } from "./interruption.ts";

/** Values that are brought back at once. */
const TOGETHER_MAX = 8192;
/** Most transactions that are about a long collection read little of it. */
const COLLECTION_ROOM_BYTES_MAX = 1024 * 1024;

export interface ExpectedHost {
  /** Undefined: no value is under it, and it may be no key at all. */
  valueOf(key: Key): { readonly shard: Shard; readonly slot: number } | undefined;
  /** Of the collection that a key shows; 0: there is none. */
  collectionBytesOf(key: Key): number;
}

export function awayAmong(host: ExpectedHost, keys: readonly Key[]): readonly KeyAway[] {
  const away: KeyAway[] = [];
  for (const key of keys) {
    const found = host.valueOf(key);
    if (found === undefined || !found.shard.isAway(found.slot)) continue;
    if (away.push({ key, value: new ValueAway(found.shard, found.slot) }) === TOGETHER_MAX) break;
  }
  return away;
}

/** As often as a key is named. */
export function bytesOfAll(host: ExpectedHost, keys: readonly Key[]): number {
  let bytes = 0;
  for (const key of keys) {
    const found = host.valueOf(key);
    if (found === undefined) bytes += Math.min(host.collectionBytesOf(key), COLLECTION_ROOM_BYTES_MAX);
    else bytes += valueLengthAt(found.shard.table.viewOf(found.slot), found.shard.table.offsetOf(found.slot));
  }
  return bytes;
}
