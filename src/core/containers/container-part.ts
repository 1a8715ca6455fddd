/** What a register of a container is, by its record: base, deletion, lease, member, or increments of a member, as `containers.ts` tells. */

import { ByteReader } from "../../base/bytes.ts";
import { isCollectionKind, isContainerKind, isIncrementsKind, isMemberIncrementsKind } from "../record/kind.ts";
import {
  expiresAt,
  FLAG_DEAD,
  FLAG_FIELD,
  FLAG_GONE,
  fieldLengthAt,
  flagsAt,
  identityEndAt,
  kindAt,
  originAt,
  sequenceAt,
  valueLengthAt,
  valueStartAt,
} from "../record/record.ts";
import { VersionVector } from "../version-vector.ts";
import type { Container } from "./container.ts";

/** The field of a lease. */
export const LEASE_FIELD = "";
/** What the field of a deletion of a collection begins with; behind it is the origin. */
export const DELETION_MARK = "-";

/** The mark, and an origin in seven bytes. */
export const DELETION_FIELD_BYTES = 8;

const DELETION_MARK_BYTE = DELETION_MARK.charCodeAt(0);

/** True for a record of a document's deletion. */
export function isBase(view: DataView, at: number): boolean {
  return isContainerKind(kindAt(view, at)) && (flagsAt(view, at) & FLAG_FIELD) === 0;
}

export function isLease(view: DataView, at: number): boolean {
  return isContainerKind(kindAt(view, at)) && (flagsAt(view, at) & FLAG_FIELD) !== 0 && fieldLengthAt(view, at) === 0;
}

/** Increments of a member are none. */
export function isMember(view: DataView, at: number): boolean {
  const kind = kindAt(view, at);
  if (!isContainerKind(kind) || isIncrementsKind(kind)) return false;
  return fieldLengthAt(view, at) > 0 && !isDeletion(view, at);
}

/** True for a record of increments of a member (`counted-members.ts`). */
export function isMemberIncrements(view: DataView, at: number): boolean {
  return isMemberIncrementsKind(kindAt(view, at));
}

/** True for a record of the deletion of a whole collection. */
export function isDeletion(view: DataView, at: number): boolean {
  if (!isCollectionKind(kindAt(view, at))) return false;
  const length = fieldLengthAt(view, at);
  return length > 0 && view.getUint8(identityEndAt(view, at) - length) === DELETION_MARK_BYTE;
}

/** What the deletion of a collection saw. */
export function sawAt(view: DataView, at: number): VersionVector {
  const start = valueStartAt(view, at);
  return VersionVector.decode(new ByteReader(bytesOf(view).subarray(start, start + valueLengthAt(view, at))));
}

/** A lease that has run out says when; one that fell does not. */
export function mayFall(view: DataView, at: number): boolean {
  return isStanding(view, at) || (isLease(view, at) && expiresAt(view, at) !== Infinity);
}

export function isStanding(view: DataView, at: number): boolean {
  return (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) === 0;
}

/** The slot of what covers the dot of a record, `self` left out; 0: nothing does. */
export function covererOf(container: Container, view: DataView, at: number, self: number): number {
  if (container.covers.size === 0) return 0;
  const origin = originAt(view, at);
  const sequence = sequenceAt(view, at);
  for (const [slot, covers] of container.covers) if (slot !== self && covers.covers(origin, sequence)) return slot;
  return 0;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
