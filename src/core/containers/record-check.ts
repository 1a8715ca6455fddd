/** The check of record bytes that come from outside: a peer, or a disk. */

import { BadBytes, ByteReader, latin1FromBytes } from "../../base/bytes.ts";
import { xxHash32 } from "../../base/hash.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import { checkBond } from "../record/bond.ts";
import {
  baseKindOf,
  isCollectionKind,
  isContainerKind,
  isCountedKind,
  isIncrementsKind,
  isMemberIncrementsKind,
  KIND_DOCUMENT,
  KIND_LIST,
  KIND_PLAIN,
  KIND_SORTED_SET,
} from "../record/kind.ts";
import { FIELD_BYTES_MAX, hasLongName, isMemberInForm, memberLengthAt } from "../record/member.ts";
import { ORIGIN_BYTES, readOrigin } from "../record/origin-bytes.ts";
import {
  bodyLengthAt,
  CHECKSUM_SEED,
  CONTENT_TYPE_LENGTH_MAX,
  checksumAt,
  EXPIRY_BYTES,
  FIELD_LENGTH_BYTES,
  FLAG_DEAD,
  FLAG_EXPIRES,
  FLAG_FIELD,
  FLAG_GONE,
  FLAG_META,
  FLAG_SEEN,
  FLAG_TAGS,
  fieldLengthAt,
  flagsAt,
  headLength,
  identityEndAt,
  keyLengthAt,
  kindAt,
  RECORD_HEADER_BYTES,
  recordLength,
  SEEN_LENGTH_BYTES,
  seenAt,
  sequenceAt,
  TAGS_LENGTH_BYTES,
  tagsEndAt,
  tagsStartAt,
  timestampAt,
  valueLengthAt,
  valueStartAt,
} from "../record/record.ts";
import { decodeSeen, SEEN_BYTES_MAX } from "../record/seen.ts";
import { areTags, TAGS_BYTES_MAX } from "../record/tags.ts";
import { DELETION_FIELD_BYTES, isDeletion, isMember, sawAt } from "./container-part.ts";
import { runAt } from "./increments.ts";
import { isPosition } from "./list-position.ts";
import { SCORE_BYTES, scoreAt } from "./score-order.ts";

const FLAGS_KNOWN = 31 | FLAG_TAGS | FLAG_SEEN;
const TWO_21 = 2097152;

export interface RecordLimits {
  /** Of a key, and of a field. */
  readonly keyBytesMax: number;
  /** Of a value without its content type. */
  readonly valueBytesMax: number;
}

/** No record that keeps to the limits is longer: increments have no tags, nor anything that they saw. */
export function recordBytesMax({ keyBytesMax, valueBytesMax }: RecordLimits): number {
  const metaMax = 1 + CONTENT_TYPE_LENGTH_MAX;
  const headMax = RECORD_HEADER_BYTES + EXPIRY_BYTES + FIELD_LENGTH_BYTES + 2 * keyBytesMax;
  const seenMax = SEEN_LENGTH_BYTES + SEEN_BYTES_MAX;
  return headMax + TAGS_LENGTH_BYTES + TAGS_BYTES_MAX + seenMax + metaMax + valueBytesMax;
}

/**
 * Checks everything about a record that begins at `at` and must end by `end`, and returns its length. Throws `BadBytes`.
 * Nothing beyond `end` is read.
 */
export function checkRecord(view: DataView, at: number, end: number, limits: RecordLimits): number {
  if (end - at < RECORD_HEADER_BYTES) throw new BadBytes("record truncated in its header");
  const flags = flagsAt(view, at);
  if ((flags & ~FLAGS_KNOWN) !== 0) throw new BadBytes(`record with unknown flags ${flags}`);
  if (at + headLength(flags) > end) throw new BadBytes("record truncated in its header");
  checkLengths(view, at, limits);
  const hasTags = (flags & FLAG_TAGS) !== 0;
  if (hasTags && identityEndAt(view, at) + TAGS_LENGTH_BYTES > end) throw new BadBytes("record truncated");
  const hasSeen = (flags & FLAG_SEEN) !== 0;
  if (hasSeen && tagsEndAt(view, at) + SEEN_LENGTH_BYTES > end) throw new BadBytes("record truncated");
  const length = recordLength(view, at);
  if (length > end - at) throw new BadBytes("record truncated");
  if (hasTags) checkTags(view, at);
  if (hasSeen) checkSeen(view, at);
  checkMeta(view, at, limits);
  checkMembership(view, at);
  if (sequenceAt(view, at) < 1) throw new BadBytes("record without sequence");
  // Not the greatest number that fits: who writes the key next needs one greater, that its peers take too.
  if (timestampAt(view, at) > TIMESTAMP_MAX) throw new BadBytes("record stamped beyond all clocks");
  checkUint53(view, at + 19);
  if (xxHash32(view, at + 4, at + length, CHECKSUM_SEED) !== checksumAt(view, at)) {
    throw new BadBytes("record with a wrong checksum");
  }
  return length;
}

function checkLengths(view: DataView, at: number, limits: RecordLimits): void {
  const flags = flagsAt(view, at);
  const keyLength = keyLengthAt(view, at);
  const valueLength = valueLengthAt(view, at);
  const metaMax = (flags & FLAG_META) === 0 ? 0 : 1 + CONTENT_TYPE_LENGTH_MAX;
  if (keyLength === 0) throw new BadBytes("record without key");
  if (keyLength > limits.keyBytesMax) throw new BadBytes(`key of ${keyLength} bytes`);
  const fieldMax = FIELD_BYTES_MAX + (isIncrementsKind(kindAt(view, at)) ? ORIGIN_BYTES : 0);
  if (fieldLengthAt(view, at) > fieldMax) throw new BadBytes(`field of ${fieldLengthAt(view, at)} bytes`);
  if (valueLength > limits.valueBytesMax + metaMax) throw new BadBytes(`value of ${valueLength} bytes`);
  if ((flags & (FLAG_DEAD | FLAG_GONE)) !== 0 && (valueLength !== 0 || metaMax !== 0) && !tellsWhatItSaw(view, at)) {
    throw new BadBytes("dead record with a value");
  }
}

function checkTags(view: DataView, at: number): void {
  const isValue = kindAt(view, at) === KIND_PLAIN && (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) === 0;
  if (!isValue) throw new BadBytes("tags of what is no value");
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (!areTags(bytes, tagsStartAt(view, at), tagsEndAt(view, at))) throw new BadBytes("tags out of form");
}

function checkSeen(view: DataView, at: number): void {
  if (!isCountedKind(kindAt(view, at)) || (isContainerKind(kindAt(view, at)) && !isMember(view, at))) {
    throw new BadBytes("increments of what is no number");
  }
  const seen = seenAt(view, at) ?? new Uint8Array(0);
  if (seen.length > SEEN_BYTES_MAX) throw new BadBytes(`increments seen in ${seen.length} bytes`);
  decodeSeen(seen);
}

/** Of increments each is by an origin, and says how far that has come, also if it is gone; unless it is dead. */
function checkIncrements(view: DataView, at: number): void {
  const flags = flagsAt(view, at);
  if (!isCountedKind(baseKindOf(kindAt(view, at)))) throw new BadBytes("increments of what is no number");
  const isMemberIncrements = isMemberIncrementsKind(kindAt(view, at));
  const isInForm = isMemberIncrements
    ? fieldLengthAt(view, at) > ORIGIN_BYTES && isMemberInForm(view, at, (flags & FLAG_DEAD) === 0)
    : fieldLengthAt(view, at) === ORIGIN_BYTES;
  if ((flags & FLAG_FIELD) === 0 || !isInForm || (flags & FLAG_META) !== 0)
    throw new BadBytes("increments out of form");
  const start = identityEndAt(view, at);
  readOrigin(new ByteReader(bytesOf(view, start - ORIGIN_BYTES, start)));
  if ((flags & FLAG_DEAD) !== 0) return;
  runAt(view, at);
}

function bytesOf(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start);
}

function checkMeta(view: DataView, at: number, limits: RecordLimits): void {
  if ((flagsAt(view, at) & FLAG_META) !== 0) {
    const valueLength = valueLengthAt(view, at);
    if (valueLength === 0 || 1 + view.getUint8(valueStartAt(view, at)) > valueLength) {
      throw new BadBytes("content type longer than its value");
    }
  }
  const bodyLength = bodyLengthAt(view, at);
  if (bodyLength > limits.valueBytesMax) throw new BadBytes(`value of ${bodyLength} bytes`);
}

function checkUint53(view: DataView, at: number): void {
  const high = view.getUint16(at + 4, true) | (view.getUint8(at + 6) << 16);
  if (high >= TWO_21) throw new BadBytes("record with a number over 2^53");
}

/** True of the deletion of a collection, if it is in form (`containers.ts`): its value says what it saw. And of increments that are gone. */
function tellsWhatItSaw(view: DataView, at: number): boolean {
  if (isIncrementsKind(kindAt(view, at))) return (flagsAt(view, at) & FLAG_DEAD) === 0;
  return (flagsAt(view, at) & (FLAG_GONE | FLAG_META)) === 0 && isDeletion(view, at);
}

/** Of a collection's registers each is what its place says: a deletion with what it saw, a lease without a value, or a member. */
function checkCollection(view: DataView, at: number): void {
  const flags = flagsAt(view, at);
  if ((flags & FLAG_FIELD) === 0) throw new BadBytes("a collection has no base");
  if (fieldLengthAt(view, at) === 0) return checkLease(view, at);
  if (!isDeletion(view, at)) return checkMember(view, at);
  const isInForm = (flags & (FLAG_DEAD | FLAG_GONE | FLAG_EXPIRES | FLAG_META)) === FLAG_DEAD;
  if (!isInForm || fieldLengthAt(view, at) !== DELETION_FIELD_BYTES) throw new BadBytes("deletion out of form");
  sawAt(view, at);
}

function checkMember(view: DataView, at: number): void {
  const flags = flagsAt(view, at);
  const stands = (flags & (FLAG_DEAD | FLAG_GONE)) === 0;
  if (!isMemberInForm(view, at, stands)) throw new BadBytes("member of no known form");
  if ((flags & FLAG_META) !== 0) throw new BadBytes("member with a content type");
  if (kindAt(view, at) === KIND_LIST) checkElement(view, at);
  if (kindAt(view, at) === KIND_SORTED_SET && stands) checkScore(view, at);
}

/** NaN has no place in any order. */
function checkScore(view: DataView, at: number): void {
  if (memberLengthAt(view, at) !== SCORE_BYTES || Number.isNaN(scoreAt(view, at)))
    throw new BadBytes("score out of form");
}

function checkElement(view: DataView, at: number): void {
  const end = identityEndAt(view, at);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const place = latin1FromBytes(bytes, end - fieldLengthAt(view, at) + 1, end);
  if (hasLongName(view, at) || !isPosition(place)) throw new BadBytes("element without a place");
  // Ranks count what stands: an element goes when it is removed, or with the whole list.
  if ((flagsAt(view, at) & FLAG_EXPIRES) !== 0) throw new BadBytes("element that expires by itself");
}

function checkLease(view: DataView, at: number): void {
  if ((flagsAt(view, at) & FLAG_DEAD) !== 0 || valueLengthAt(view, at) > 0) {
    throw new BadBytes("lease with a value, or deleted");
  }
}

/** Of a document's registers each is what its place says: a deletion, a lease without a value, or a member with a bond. */
function checkMembership(view: DataView, at: number): void {
  if (isIncrementsKind(kindAt(view, at))) return checkIncrements(view, at);
  if (isCollectionKind(kindAt(view, at))) return checkCollection(view, at);
  if (kindAt(view, at) !== KIND_DOCUMENT) return;
  const flags = flagsAt(view, at);
  if ((flags & FLAG_FIELD) === 0) {
    if ((flags & FLAG_DEAD) === 0) throw new BadBytes("base of a document that is no deletion");
  } else if (fieldLengthAt(view, at) === 0) {
    checkLease(view, at);
  } else {
    if ((flags & (FLAG_DEAD | FLAG_GONE | FLAG_EXPIRES | FLAG_META)) !== 0) throw new BadBytes("member out of form");
    checkBond(view, valueStartAt(view, at), at + recordLength(view, at));
  }
}
