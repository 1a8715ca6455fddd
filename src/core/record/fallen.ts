/** What stays of a register of a collection that was deleted as a whole: its place in the order. */

import { isCollectionKind, isIncrementsKind } from "./kind.ts";
import {
  expiresAt,
  FLAG_GONE,
  fieldAt,
  flagsAt,
  isGone,
  keyAt,
  kindAt,
  originAt,
  type RecordFields,
  seenAt,
  sequenceAt,
  timestampAt,
  valueLengthAt,
  valueStartAt,
} from "./record.ts";

/**
 * The register of a record as gone: the same stamp and dot, what it saw, and neither value nor expiry. Of increments how far they had come
 * stays, so that whoever writes over them has seen it.
 */
export function fallen(view: DataView, at: number): RecordFields {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return {
    flags: FLAG_GONE,
    kind: kindAt(view, at),
    key: keyAt(view, bytes, at),
    field: fieldAt(view, bytes, at),
    value: isIncrementsKind(kindAt(view, at)) ? heldIn(view, bytes, at) : undefined,
    seen: seenAt(view, at)?.slice(),
    timestamp: timestampAt(view, at),
    origin: originAt(view, at),
    sequence: sequenceAt(view, at),
  };
}

/** True of such a record: what has expired by itself says when. */
export function isFallen(view: DataView, at: number): boolean {
  return isCollectionKind(kindAt(view, at)) && isGone(flagsAt(view, at)) && expiresAt(view, at) === Infinity;
}

/** A copy: the record may lie where the next one is written. */
function heldIn(view: DataView, bytes: Uint8Array, at: number): Uint8Array {
  const start = valueStartAt(view, at);
  return bytes.slice(start, start + valueLengthAt(view, at));
}
