/** Registers as clients see them: entries, versions, dots and changes. */

import { Copies } from "../base/copies.ts";
import type { Key, OriginId, ShardId, Timestamp } from "../base/ids.ts";
import { isLease } from "../core/containers/container-part.ts";
import { isCollectionKind, isContainerKind } from "../core/record/kind.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  contentTypeAt,
  expiresAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  keyAt,
  kindAt,
  originAt,
  sequenceAt,
  tagsAt,
  timestampAt,
} from "../core/record/record.ts";
import type { Invalidations } from "../core/shard/invalidations.ts";
import type { Dot, Entry, Version } from "../store.ts";
import type { Change } from "./changes.ts";
import { mixtureAt } from "./sum-version.ts";

const TWO_12 = 4096;
const TWO_24 = 16777216;
const TWO_36 = 68719476736;

/** Hex text of every number of 12 bits: five look-ups write 53 bits, much faster than `toString` of a double. */
const HEX_12 = Array.from({ length: 4096 }, (_, value) => value.toString(16).padStart(3, "0"));

/** 14 hex digits of a whole number below 2^53. */
function hex53(value: number): string {
  const high = Math.floor(value / TWO_36);
  const middle = Math.floor(value / TWO_12) % TWO_24;
  return (
    (HEX_12[high >>> 12] as string).slice(1) +
    HEX_12[high & 4095] +
    HEX_12[middle >>> 12] +
    HEX_12[middle & 4095] +
    HEX_12[value % TWO_12]
  );
}

let lastOrigin: OriginId | undefined;
let lastOriginText = "";

/** Stamp and origin in hex: together they name one write. Of what several make up: `sum-version.ts`. */
export function versionOf(timestamp: Timestamp, origin: OriginId): Version {
  if (origin !== lastOrigin) {
    lastOriginText = hex53(origin);
    lastOrigin = origin;
  }
  return `${hex53(timestamp)}-${lastOriginText}`;
}

export function stampOf(version: Version): Timestamp {
  return Number.parseInt(version.slice(0, 14), 16) as Timestamp;
}

/** Of a register, or of what a record shows that several make up. */
export function versionAt(view: DataView, at: number): Version {
  return versionOf(timestampAt(view, at), mixtureAt(view, at) ?? originAt(view, at));
}

export function dotAt(shard: ShardId, view: DataView, at: number): Dot {
  return { shard, origin: originAt(view, at), sequence: sequenceAt(view, at) };
}

/** Of values that clients are given. */
const copies = new Copies(64 * 1024);

export function keyOf(view: DataView, at: number): Key {
  return keyAt(view, bytesOf(view), at);
}

/** A copy of what a live register holds. */
export function entryAt(view: DataView, at: number): Entry {
  const start = view.byteOffset + bodyStartAt(view, at);
  const value = copies.of(new Uint8Array(view.buffer, start, bodyLengthAt(view, at)));
  const due = expiresAt(view, at);
  const contentType = contentTypeAt(view, bytesOf(view), at);
  const tags = tagsAt(view, bytesOf(view), at);
  const version = versionAt(view, at);
  if (contentType === undefined && due === Infinity && tags === undefined) return { value, version };
  return {
    value,
    version,
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags }),
    ...(due === Infinity ? {} : { expiresAt: due }),
  };
}

/**
 * What became of a key with this register: a value that has expired by `now` is an expiry, one that is stale as good as a
 * deletion. Undefined: nothing yet, or it is of a collection (`collection-change.ts`).
 */
export function changeAt(
  view: DataView,
  at: number,
  now: number,
  invalidations: Pick<Invalidations, "isStale">,
): Change | undefined {
  const flags = flagsAt(view, at);
  const key = keyOf(view, at);
  const version = versionAt(view, at);
  const isOver = (flags & FLAG_GONE) !== 0 || expiresAt(view, at) <= now;
  // A value under the same key is another thing: whoever hears of the end of one must not take it for that of the other.
  if (isCollectionKind(kindAt(view, at))) return undefined;
  if (isContainerKind(kindAt(view, at)))
    return isLease(view, at) && !isOver ? undefined : { type: "document", key, version };
  if ((flags & FLAG_DEAD) !== 0) return { type: "delete", key, version };
  if (isOver) return { type: "expire", key, version };
  if (invalidations.isStale(view, at)) return { type: "delete", key, version };
  return { type: "put", key, entry: entryAt(view, at) };
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
