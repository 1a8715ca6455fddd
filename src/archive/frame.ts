/**
 * Frames: what a file of a backup is made of, little endian. The file begins with `MAGIC`, then come a header, chunks of
 * records, and an end, which tells how much there was:
 *
 *      0  u32  checksum    CRC-32C of all that follows
 *      4  u8   type        1 header, 2 chunk, 3 end
 *      5  u8   flags       1: the records of its last key go on in the next chunk
 *      6  u16  keyspace    of a chunk, its place among those of the header
 *      8  u32  number      header 0, chunks ascending without a gap, end the next
 *     12  u32  records     in a chunk
 *     16  u32  raw length  of what it holds, once it is not compressed any more
 *     20  u32  length      as it stands in the file
 *     24       header and end: JSON in UTF-8; chunk: records back to back (`core/record/record.ts`), raw deflate (RFC 1951)
 *
 * The end bears the sum over the checksums of all frames before it, so that nothing can be missing, moved or there twice
 * without being found. Chunks are copied from file to file as they are: a part of a file is a file, whose numbers begin later.
 */

import { crc32c } from "../base/crc32c.ts";
import { AtollError } from "../base/errors.ts";

/** Ends in the version of the layout. */
export const MAGIC = new TextEncoder().encode("ATOLLBK1");
const VERSION_AT = MAGIC.length - 1;

export const FRAME_HEADER = 1;
export const FRAME_CHUNK = 2;
export const FRAME_END = 3;

/** More of the last key of the chunk is in the next one. */
export const FLAG_CONTINUES = 1;

export const HEAD_BYTES = 24;
/** Of a header or an end. */
const TEXT_BYTES_MAX = 1024 * 1024;
/** Of the records of a chunk: one register of the greatest size, and room for what changes of that. */
export const CHUNK_BYTES_MAX = 20 * 1024 * 1024;
/** What deflate makes of bytes that do not shrink. */
const INCOMPRESSIBLE_MORE = 64 * 1024;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly keyspace: number;
  readonly number: number;
  readonly records: number;
  readonly rawLength: number;
  readonly checksum: number;
  /** What it holds, as it stands in the file. */
  readonly content: Uint8Array;
  /** The whole frame, as it stands in the file. */
  readonly bytes: Uint8Array;
}

export type FrameFields = Omit<Frame, "checksum" | "bytes">;

export function encodeFrame(fields: FrameFields): Frame {
  const bytes = new Uint8Array(HEAD_BYTES + fields.content.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(4, fields.type);
  view.setUint8(5, fields.flags);
  view.setUint16(6, fields.keyspace, true);
  view.setUint32(8, fields.number, true);
  view.setUint32(12, fields.records, true);
  view.setUint32(16, fields.rawLength, true);
  view.setUint32(20, fields.content.length, true);
  bytes.set(fields.content, HEAD_BYTES);
  const checksum = crc32c(bytes, 4);
  view.setUint32(0, checksum, true);
  return { ...fields, checksum, bytes, content: bytes.subarray(HEAD_BYTES) };
}

export function damaged(what: string): AtollError {
  return new AtollError("BACKUP_DAMAGED", `the backup is damaged: ${what}`);
}

/**
 * Takes the bytes of a file, in pieces of any size, and gives its frames, sound each by itself. Holds no more than one frame
 * and what came with its last bytes; lengths are checked before anything is gathered. Throws `BACKUP_DAMAGED`,
 * `BACKUP_UNKNOWN_FORMAT`.
 */
export class FrameReader {
  #parts: Uint8Array[] = [];
  #held = 0;
  #hasBegun = false;
  /** Bytes of the frame that is being gathered, once its head is here. */
  #wanted = 0;

  /** The frames that are whole now. */
  push(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    this.#parts.push(bytes);
    this.#held += bytes.length;
    for (;;) {
      if (!this.#hasBegun) {
        if (this.#held < MAGIC.length) return frames;
        checkMagic(this.#take(MAGIC.length));
        this.#hasBegun = true;
      }
      if (this.#wanted === 0) {
        if (this.#held < HEAD_BYTES) return frames;
        this.#wanted = HEAD_BYTES + checkHead(this.#peek(HEAD_BYTES));
      }
      if (this.#held < this.#wanted) return frames;
      frames.push(decodeFrame(this.#take(this.#wanted)));
      this.#wanted = 0;
    }
  }

  /** There are no more bytes. */
  finish(): void {
    if (!this.#hasBegun || this.#held > 0) throw damaged("it ends in the middle");
  }

  #peek(length: number): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    this.#parts = [joined(this.#parts, this.#held)];
    return (this.#parts[0] as Uint8Array).subarray(0, length);
  }

  #take(length: number): Uint8Array {
    const taken = this.#peek(length);
    const [first = taken, ...rest] = this.#parts;
    this.#parts = first.length > length ? [first.subarray(length), ...rest] : rest;
    this.#held -= length;
    return taken;
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** True for the first bytes of a file of any version. */
export function isMagic(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, at) => at === VERSION_AT || byte === bytes[at]);
}

function checkMagic(bytes: Uint8Array): void {
  if (!isMagic(bytes)) throw new AtollError("BACKUP_UNKNOWN_FORMAT", "this is no backup of Atoll's");
  if (bytes[VERSION_AT] === MAGIC[VERSION_AT]) return;
  throw new AtollError(
    "BACKUP_UNKNOWN_FORMAT",
    "the backup is of another version of Atoll, or its first bytes are damaged",
  );
}

/** The length of what a frame holds. Only what may be is gathered, whatever its checksum will say. */
function checkHead(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const type = view.getUint8(4);
  const rawLength = view.getUint32(16, true);
  const length = view.getUint32(20, true);
  if (type !== FRAME_HEADER && type !== FRAME_CHUNK && type !== FRAME_END) throw damaged("a frame of an unknown type");
  if (type === FRAME_CHUNK) {
    if (rawLength > CHUNK_BYTES_MAX || length > rawLength + INCOMPRESSIBLE_MORE)
      throw damaged("a chunk over all limits");
  } else if (length > TEXT_BYTES_MAX || rawLength !== length) throw damaged("a frame over all limits");
  return length;
}

function decodeFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksum = view.getUint32(0, true);
  if (checksum !== crc32c(bytes, 4)) throw damaged("a wrong checksum");
  return {
    type: view.getUint8(4),
    flags: view.getUint8(5),
    keyspace: view.getUint16(6, true),
    number: view.getUint32(8, true),
    records: view.getUint32(12, true),
    rawLength: view.getUint32(16, true),
    checksum,
    content: bytes.subarray(HEAD_BYTES),
    bytes,
  };
}
