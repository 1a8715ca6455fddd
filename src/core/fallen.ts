/** What stays of a register of a collection that was deleted as a whole: its place in the order. */

import { isCollectionKind } from "./kind.ts";
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
  sequenceAt,
  timestampAt,
} from "./record.ts";

/** The register of a record as gone: the same stamp and dot, and neither value nor expiry. */
export function fallen(view: DataView, at: number): RecordFields {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return {
    flags: FLAG_GONE,
    kind: kindAt(view, at),
    key: keyAt(view, bytes, at),
    field: fieldAt(view, bytes, at),
    value: undefined,
    timestamp: timestampAt(view, at),
    origin: originAt(view, at),
    sequence: sequenceAt(view, at),
  };
}

/** True of such a record: what has expired by itself says when. */
export function isFallen(view: DataView, at: number): boolean {
  return isCollectionKind(kindAt(view, at)) && isGone(flagsAt(view, at)) && expiresAt(view, at) === Infinity;
}
