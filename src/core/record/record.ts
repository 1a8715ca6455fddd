/**
 * The bytes of one register, the same in memory, on disk and on the wire, so that storing and sending copy and encode
 * nothing twice. Little endian:
 *
 *      0  u32  checksum      xxHash32 of the bytes from 4 to the end
 *      4  u8   flags         1 dead, 2 gone (value dropped, expired), 4 expires, 8 field, 16 meta, 32 away, 64 tags,
 *                            128 seen
 *      5  u8   kind          as in `kind.ts`
 *      6  u16  key length
 *      8  u32  value length
 *     12  u56  timestamp
 *     19  u56  origin
 *     26  u48  sequence
 *     32  [u48 expires at, unix ms]  with flag 4
 *         [u16 field length]         with flag 8
 *         key, field
 *         [u16 length, tags]         with flag 64 (`tags.ts`); they are not counted to the value
 *         [u32 length, seen]         with flag 128, also of what is dead or gone (`seen.ts`); not counted to it, either
 *         value                      with flag 16 the value is: u8 length and text of the content type, then the body
 *
 * A record whose value is *away* (flag 32) ends where that would begin; all else, checksum included, is as in the whole
 * record, which is on disk. There are such records in memory only.
 *
 * The functions that read single facts take the view of the bytes and the offset at which a record begins, trust the
 * record, and allocate nothing. What comes from outside goes through `record-check.ts` first.
 */

import { assert } from "../../base/assert.ts";
import { latin1FromBytes } from "../../base/bytes.ts";
import { giveBack } from "../../base/give-back.ts";
import { xxHash32 } from "../../base/hash.ts";
import type { Key, OriginId, Timestamp } from "../../base/ids.ts";
import { isCollectionKind, isIncrementsKind } from "./kind.ts";
import { decodeTags, encodeTags } from "./tags.ts";
import { readUint48, readUint56, writeUint48, writeUint56 } from "./wide-numbers.ts";

export const FLAG_DEAD = 1;
export const FLAG_GONE = 2;
export const FLAG_EXPIRES = 4;
export const FLAG_FIELD = 8;
export const FLAG_META = 16;
export const FLAG_AWAY = 32;
export const FLAG_TAGS = 64;
export const FLAG_SEEN = 128;
/** Either of: it does not stand. */
export const FALLEN = FLAG_DEAD | FLAG_GONE;

export const RECORD_HEADER_BYTES = 32;
export const EXPIRY_BYTES = 6;
export const FIELD_LENGTH_BYTES = 2;
export const TAGS_LENGTH_BYTES = 2;
export const SEEN_LENGTH_BYTES = 4;
export const CONTENT_TYPE_LENGTH_MAX = 255;
/** What one long record took is given back with the next short one. */
const KEPT_BYTES_MAX = 1024 * 1024;

/** Differs for every version of the layout, so that a record of another one never passes for ours. */
export const CHECKSUM_SEED = 0x41746c31;

export function checksumAt(view: DataView, at: number): number {
  return view.getUint32(at, true);
}

/** What the checksum of the record at `at` has to be; of one whose value is away nobody can tell. */
export function checksumOf(view: DataView, at: number): number {
  return xxHash32(view, at + 4, at + recordLength(view, at), CHECKSUM_SEED);
}

export function flagsAt(view: DataView, at: number): number {
  return view.getUint8(at + 4);
}

export function kindAt(view: DataView, at: number): number {
  return view.getUint8(at + 5);
}

export function keyLengthAt(view: DataView, at: number): number {
  return view.getUint16(at + 6, true);
}

/** Content type included; of a value that is away, too. */
export function valueLengthAt(view: DataView, at: number): number {
  return view.getUint32(at + 8, true);
}

export function timestampAt(view: DataView, at: number): Timestamp {
  return readUint56(view, at + 12) as Timestamp;
}

/** The lowest 32 bits of the timestamp, unsigned ... */
export function timestampLowAt(view: DataView, at: number): number {
  return view.getUint32(at + 12, true);
}

/** ... and those above. */
export function timestampHighAt(view: DataView, at: number): number {
  return view.getUint16(at + 16, true) | (view.getUint8(at + 18) << 16);
}

export function originAt(view: DataView, at: number): OriginId {
  return readUint56(view, at + 19) as OriginId;
}

export function sequenceAt(view: DataView, at: number): number {
  return readUint48(view, at + 26);
}

/** Its lowest 32 bits, unsigned. */
export function sequenceLowAt(view: DataView, at: number): number {
  return view.getUint32(at + 26, true);
}

/** Deleted: a tombstone. */
export function isDead(flags: number): boolean {
  return (flags & FLAG_DEAD) !== 0;
}

/** Alive as far as the order goes, but its value was dropped when it expired. */
export function isGone(flags: number): boolean {
  return (flags & FLAG_GONE) !== 0;
}

/** Its value is not in these bytes. */
export function isAway(flags: number): boolean {
  return (flags & FLAG_AWAY) !== 0;
}

/** Unix ms, `Infinity` when it does not expire. */
export function expiresAt(view: DataView, at: number): number {
  return (flagsAt(view, at) & FLAG_EXPIRES) === 0 ? Infinity : readUint48(view, at + RECORD_HEADER_BYTES);
}

/** Bytes before the key. */
export function headLength(flags: number): number {
  return (
    RECORD_HEADER_BYTES +
    ((flags & FLAG_EXPIRES) === 0 ? 0 : EXPIRY_BYTES) +
    ((flags & FLAG_FIELD) === 0 ? 0 : FIELD_LENGTH_BYTES)
  );
}

export function keyStartAt(view: DataView, at: number): number {
  return at + headLength(flagsAt(view, at));
}

/** 0 for an empty field and for none: `FLAG_FIELD` tells them apart. */
export function fieldLengthAt(view: DataView, at: number): number {
  const flags = flagsAt(view, at);
  return (flags & FLAG_FIELD) === 0 ? 0 : view.getUint16(at + headLength(flags) - FIELD_LENGTH_BYTES, true);
}

/** Where key and field begin, which with the kind identify the register. */
export function identityStartAt(view: DataView, at: number): number {
  return keyStartAt(view, at);
}

export function identityEndAt(view: DataView, at: number): number {
  return keyStartAt(view, at) + keyLengthAt(view, at) + fieldLengthAt(view, at);
}

export function valueStartAt(view: DataView, at: number): number {
  const end = tagsEndAt(view, at);
  return (flagsAt(view, at) & FLAG_SEEN) === 0 ? end : end + SEEN_LENGTH_BYTES + view.getUint32(end, true);
}

/** Behind the identity, where there are no tags. */
export function tagsEndAt(view: DataView, at: number): number {
  const end = identityEndAt(view, at);
  return (flagsAt(view, at) & FLAG_TAGS) === 0 ? end : end + TAGS_LENGTH_BYTES + view.getUint16(end, true);
}

/** A view of what a record says that it saw (`seen.ts`); undefined where it says nothing. */
export function seenAt(view: DataView, at: number): Uint8Array | undefined {
  if ((flagsAt(view, at) & FLAG_SEEN) === 0) return undefined;
  const start = tagsEndAt(view, at);
  return new Uint8Array(view.buffer, view.byteOffset + start + SEEN_LENGTH_BYTES, view.getUint32(start, true));
}

/** Of the bytes that are there. */
export function recordLength(view: DataView, at: number): number {
  const length = valueStartAt(view, at) - at;
  return isAway(flagsAt(view, at)) ? length : length + valueLengthAt(view, at);
}

/** Of the record with its value, wherever that is. */
export function wholeLength(view: DataView, at: number): number {
  return valueStartAt(view, at) - at + valueLengthAt(view, at);
}

/** Where the body of the value begins, behind the content type if there is one. */
export function bodyStartAt(view: DataView, at: number): number {
  const start = valueStartAt(view, at);
  return (flagsAt(view, at) & FLAG_META) === 0 ? start : start + 1 + view.getUint8(start);
}

export function bodyLengthAt(view: DataView, at: number): number {
  return at + recordLength(view, at) - bodyStartAt(view, at);
}

export function keyAt(view: DataView, bytes: Uint8Array, at: number): Key {
  const start = keyStartAt(view, at);
  return latin1FromBytes(bytes, start, start + keyLengthAt(view, at)) as Key;
}

export function fieldAt(view: DataView, bytes: Uint8Array, at: number): string | undefined {
  if ((flagsAt(view, at) & FLAG_FIELD) === 0) return undefined;
  const end = identityEndAt(view, at);
  return latin1FromBytes(bytes, end - fieldLengthAt(view, at), end);
}

export function contentTypeAt(view: DataView, bytes: Uint8Array, at: number): string | undefined {
  if ((flagsAt(view, at) & FLAG_META) === 0) return undefined;
  return latin1FromBytes(bytes, valueStartAt(view, at) + 1, bodyStartAt(view, at));
}

/** Where the tags begin, in a record that has some. */
export function tagsStartAt(view: DataView, at: number): number {
  return identityEndAt(view, at) + TAGS_LENGTH_BYTES;
}

/** Also of a value that is away. */
export function tagsAt(view: DataView, bytes: Uint8Array, at: number): readonly string[] | undefined {
  if ((flagsAt(view, at) & FLAG_TAGS) === 0) return undefined;
  return decodeTags(bytes, tagsStartAt(view, at), tagsEndAt(view, at));
}

/** What a record says. The flags for expiry, field, tags, seen and content type follow from what is given. */
export interface RecordFields {
  /** `FLAG_DEAD`, `FLAG_GONE` or 0; other bits are ignored. */
  readonly flags: number;
  readonly kind: number;
  readonly key: Key;
  readonly field?: string | undefined;
  /** `undefined` for a gone register, and for a dead one that does not tell what it saw (`containers.ts`). */
  readonly value: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  /** At least one, in order (`tags.ts`); of a value alone. */
  readonly tags?: readonly string[] | undefined;
  /** As bytes (`seen.ts`). */
  readonly seen?: Uint8Array | undefined;
  readonly timestamp: number;
  readonly origin: number;
  readonly sequence: number;
  /** Unix ms; `Infinity` is the same as none. */
  readonly expiresAt?: number | undefined;
}

/** Builds records, one at a time, at the start of a buffer that it keeps. `bytes` and `view` change when it grows or shrinks. */
export class RecordWriter {
  bytes: Uint8Array;
  view: DataView;
  /** The key that stands behind a header without more: whoever looks for a register looks in several places, and then writes it. */
  #key: string | undefined;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Writes a record and returns its length. */
  write(fields: RecordFields): number {
    const { key, field, value, contentType } = fields;
    const isEmpty = (fields.flags & (FLAG_DEAD | FLAG_GONE)) !== 0;
    assert(!isEmpty || value === undefined || isCollectionKind(fields.kind), "a dead register has no value");
    const expiry = fields.expiresAt === Infinity ? undefined : fields.expiresAt;
    const metaLength = isEmpty || contentType === undefined ? 0 : 1 + contentType.length;
    const valueLength = metaLength + (value === undefined ? 0 : value.length);
    const flags = (fields.flags & (FLAG_DEAD | FLAG_GONE)) | (metaLength === 0 ? 0 : FLAG_META);
    const tags = isEmpty || fields.tags === undefined ? undefined : encodeTags(fields.tags);
    const valueStart = this.#writeHead(flags, fields.kind, key, field, expiry, valueLength, tags, fields.seen);
    const { view } = this;
    view.setUint32(8, valueLength, true);
    writeUint56(view, 12, fields.timestamp);
    writeUint56(view, 19, fields.origin);
    writeUint48(view, 26, fields.sequence);
    if (metaLength !== 0 && contentType !== undefined) {
      assert(contentType.length <= CONTENT_TYPE_LENGTH_MAX, "content type too long");
      view.setUint8(valueStart, contentType.length);
      this.#writeText(valueStart + 1, contentType);
    }
    if (value !== undefined) this.bytes.set(value, valueStart + metaLength);
    return this.#seal(valueStart + valueLength);
  }

  /** Writes what it takes to look a register up: a record with neither stamp, value nor checksum. */
  writeIdentity(kind: number, key: string, field?: string): void {
    this.#writeHead(0, kind, key, field, undefined, 0);
    this.view.setUint32(8, 0, true);
  }

  /**
   * Writes the record at `at` of `view` as gone: the same stamp, neither value nor tags, and what it saw. Of increments how far they
   * had come stays, so that whoever writes a base has seen it. Returns its length.
   */
  withoutValue(view: DataView, at: number): number {
    if (isIncrementsKind(kindAt(view, at))) return this.#asGone(view, at);
    const [identityEnd, tagsEnd] = [identityEndAt(view, at), tagsEndAt(view, at)];
    const seen = valueStartAt(view, at) - tagsEnd;
    const length = identityEnd - at + seen;
    this.#reserve(length);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, identityEnd - at));
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + tagsEnd, seen), identityEnd - at);
    this.view.setUint8(4, (flagsAt(view, at) | FLAG_GONE) & ~(FLAG_META | FLAG_AWAY | FLAG_TAGS));
    this.view.setUint32(8, 0, true);
    return this.#seal(length);
  }

  #asGone(view: DataView, at: number): number {
    const length = recordLength(view, at);
    this.#reserve(length);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
    this.view.setUint8(4, flagsAt(view, at) | FLAG_GONE);
    return this.#seal(length);
  }

  /** Writes what stays of the record at `at` of `view` while its value is away. Returns its length. */
  withValueAway(view: DataView, at: number): number {
    const length = valueStartAt(view, at) - at;
    this.#reserve(length);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
    this.view.setUint8(4, flagsAt(view, at) | FLAG_AWAY);
    return length;
  }

  /** Writes the record at `at` of `view` under another dot: the same content and stamp. Returns its length. */
  withDot(view: DataView, at: number, dot: { readonly origin: number; readonly sequence: number }): number {
    assert(!isAway(flagsAt(view, at)), "a record gets another dot while its value is away");
    const length = recordLength(view, at);
    this.#reserve(length);
    this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
    writeUint56(this.view, 19, dot.origin);
    writeUint48(this.view, 26, dot.sequence);
    return this.#seal(length);
  }

  /** Flags to field, except stamps and value length; returns where the value begins. */
  #writeHead(
    flags: number,
    kind: number,
    key: string,
    field: string | undefined,
    expiry: number | undefined,
    valueLength: number,
    tags?: Uint8Array,
    seen?: Uint8Array,
  ): number {
    const flagsAll =
      flags |
      (expiry === undefined ? 0 : FLAG_EXPIRES) |
      (field === undefined ? 0 : FLAG_FIELD) |
      (tags === undefined ? 0 : FLAG_TAGS) |
      (seen === undefined ? 0 : FLAG_SEEN);
    const keyStart = headLength(flagsAll);
    const keyEnd = keyStart + key.length;
    const identityEnd = field === undefined ? keyEnd : keyEnd + field.length;
    const tagsEnd = tags === undefined ? identityEnd : identityEnd + TAGS_LENGTH_BYTES + tags.length;
    const valueStart = seen === undefined ? tagsEnd : tagsEnd + SEEN_LENGTH_BYTES + seen.length;
    const [keyBefore, bytesBefore] = [this.#key, this.bytes];
    this.#reserve(valueStart + valueLength);
    const { view } = this;
    view.setUint8(4, flagsAll);
    view.setUint8(5, kind);
    view.setUint16(6, key.length, true);
    if (expiry !== undefined) writeUint48(view, RECORD_HEADER_BYTES, expiry);
    const isPlain = keyStart === RECORD_HEADER_BYTES;
    if (!isPlain || key !== keyBefore || this.bytes !== bytesBefore) this.#writeText(keyStart, key);
    if (isPlain) this.#key = key;
    if (field !== undefined) {
      view.setUint16(keyStart - FIELD_LENGTH_BYTES, field.length, true);
      this.#writeText(keyEnd, field);
    }
    if (tags !== undefined) {
      view.setUint16(identityEnd, tags.length, true);
      this.bytes.set(tags, identityEnd + TAGS_LENGTH_BYTES);
    }
    if (seen !== undefined) {
      view.setUint32(tagsEnd, seen.length, true);
      this.bytes.set(seen, tagsEnd + SEEN_LENGTH_BYTES);
    }
    return valueStart;
  }

  #writeText(at: number, text: string): void {
    const { bytes } = this;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  }

  #seal(length: number): number {
    this.view.setUint32(0, xxHash32(this.view, 4, length, CHECKSUM_SEED), true);
    return length;
  }

  #reserve(length: number): void {
    this.#key = undefined;
    if (length <= this.bytes.length && this.bytes.length <= Math.max(length, KEPT_BYTES_MAX)) return;
    giveBack(this.bytes.buffer);
    this.bytes = new Uint8Array(Math.max(length, Math.min(KEPT_BYTES_MAX, this.bytes.length * 2)));
    this.view = new DataView(this.bytes.buffer);
  }
}
