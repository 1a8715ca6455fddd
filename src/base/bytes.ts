/**
 * Growing writer and bounded reader of little-endian bytes, shared by everything that is encoded. The reader throws
 * `BadBytes` at the first byte that is not there or not allowed: a decoder needs no other check of lengths.
 */

import { assert } from "./assert.ts";
import { copyShort, SHORT_BYTES_MAX } from "./copy.ts";
import { giveBack } from "./give-back.ts";

/** Bytes from outside that do not decode. The caller counts it, refuses the sender, and changes nothing. */
export class BadBytes extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BadBytes";
  }
}

const noView = new DataView(new ArrayBuffer(0));
const TWO_28 = 268435456;
const TWO_32 = 4294967296;
const scratch = new DataView(new ArrayBuffer(8));
const textEncoder = new TextEncoder();

/** A byte writer that begins anew keeps no more room than this. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  /** Of `bytes`, once it was needed. */
  #view: DataView = noView;

  readonly #capacity: number;

  constructor(capacity = 256) {
    this.#capacity = capacity;
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes and returns the offset at which they begin; `length` has moved past them. */
  reserve(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, start));
      giveBack(this.bytes.buffer);
      this.bytes = grown;
    }
    this.length = end;
    return start;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.bytes[at] = value;
    this.bytes[at + 1] = value >>> 8;
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.bytes[at] = value;
    this.bytes[at + 1] = value >>> 8;
    this.bytes[at + 2] = value >>> 16;
    this.bytes[at + 3] = value >>> 24;
  }

  f64(value: number): void {
    const at = this.reserve(8);
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.bytes[at + i] = scratch.getUint8(i);
  }

  /** A whole number from 0 to 2^53 - 1 in 1 to 8 bytes (LEB128). */
  varint(value: number): void {
    assert(value <= Number.MAX_SAFE_INTEGER, "a number that no varint holds");
    if (value < TWO_28) {
      this.#varint28(value);
      return;
    }
    // Division of what no 32 bits hold is dear: once is enough.
    const high = Math.floor(value / TWO_28);
    const low = value - high * TWO_28;
    const at = this.reserve(4);
    for (let i = 0; i < 4; i++) this.bytes[at + i] = ((low >>> (7 * i)) & 127) | 128;
    this.#varint28(high);
  }

  #varint28(value: number): void {
    let rest = value;
    for (; rest >= 128; rest >>>= 7) this.u8((rest & 127) | 128);
    this.u8(rest);
  }

  /** The bytes themselves; the reader has to know how many. */
  raw(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.bytes.set(value, at);
  }

  /** As `raw`, of the bytes from `at` on, for what is written by the million: nothing is allocated for a few bytes. */
  slice(view: DataView, at: number, length: number): void {
    const to = this.reserve(length);
    if (length > SHORT_BYTES_MAX) {
      this.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, length), to);
      return;
    }
    if (this.#view.buffer !== this.bytes.buffer) this.#view = new DataView(this.bytes.buffer);
    copyShort(view, at, length, this.#view, to);
  }

  /** A byte string behind its length. */
  blob(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** A latin1 string behind its length. */
  latin1(text: string): void {
    this.varint(text.length);
    const at = this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
  }

  /** A string as UTF-8 behind its length. */
  text(text: string): void {
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) > 127) return this.blob(textEncoder.encode(text));
    }
    this.latin1(text);
  }

  /** A copy of what was written; the writer may go on. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  /** A view of what was written, valid until the next write, `take` or `clear`. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** What was written, the caller's to keep; begins anew. Nothing long is copied. */
  take(): Uint8Array {
    if (this.length <= KEPT_BYTES_MAX) {
      const taken = this.copy();
      this.clear();
      return taken;
    }
    const taken = this.view();
    this.length = 0;
    this.bytes = new Uint8Array(this.#capacity);
    return taken;
  }

  /** Begins anew. Room that something long took is given back. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length <= KEPT_BYTES_MAX) return;
    giveBack(this.bytes.buffer);
    this.bytes = new Uint8Array(this.#capacity);
  }
}

export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Moves past `count` bytes and returns where they begin. */
  skip(count: number): number {
    const start = this.position;
    if (count > this.end - start) throw new BadBytes("truncated");
    this.position = start + count;
    return start;
  }

  u8(): number {
    return this.bytes[this.skip(1)] as number;
  }

  u16(): number {
    const at = this.skip(2);
    return (this.bytes[at] as number) | ((this.bytes[at + 1] as number) << 8);
  }

  u32(): number {
    const at = this.skip(4);
    const b = this.bytes;
    return (
      ((b[at] as number) |
        ((b[at + 1] as number) << 8) |
        ((b[at + 2] as number) << 16) |
        ((b[at + 3] as number) << 24)) >>>
      0
    );
  }

  f64(): number {
    const at = this.skip(8);
    for (let i = 0; i < 8; i++) scratch.setUint8(i, this.bytes[at + i] as number);
    return scratch.getFloat64(0, true);
  }

  /** A whole number of at most `max`; more, or a longer encoding than needed for 2^53, is refused. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > max) throw new BadBytes(`number ${value} over its bound ${max}`);
        return value;
      }
      scale *= 128;
    }
    throw new BadBytes("number too long");
  }

  /** A view of the next `count` bytes, valid as long as the bytes it reads from. */
  raw(count: number): Uint8Array {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }

  /** A view of a byte string of at most `max` bytes. */
  blob(max: number): Uint8Array {
    return this.raw(this.varint(max));
  }

  /** A latin1 string of at most `max` characters. */
  latin1(max: number): string {
    const length = this.varint(max);
    const at = this.skip(length);
    return latin1FromBytes(this.bytes, at, at + length);
  }

  /** Refuses bytes after the last field. */
  finish(): void {
    if (this.position !== this.end) throw new BadBytes(`${this.remaining} bytes too many`);
  }
}

/**
 * Up to here sixteen and eight characters at a time are faster than a call with all of them: 16 ns for 16 bytes, and 44 where they are
 * put together of eight.
 */
const SHORT_TEXT_MAX = 64;

/** The bytes from `start` to `end` as a string of one character a byte. */
export function latin1FromBytes(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = "";
  let at = start;
  if (end - start > SHORT_TEXT_MAX) {
    for (; at < end; at += 4096) {
      text += String.fromCharCode.apply(null, bytes.subarray(at, Math.min(end, at + 4096)) as unknown as number[]);
    }
  }
  const b = bytes;
  for (const last = end - 16; at <= last; at += 16) {
    text += String.fromCharCode(
      b[at] as number,
      b[at + 1] as number,
      b[at + 2] as number,
      b[at + 3] as number,
      b[at + 4] as number,
      b[at + 5] as number,
      b[at + 6] as number,
      b[at + 7] as number,
      b[at + 8] as number,
      b[at + 9] as number,
      b[at + 10] as number,
      b[at + 11] as number,
      b[at + 12] as number,
      b[at + 13] as number,
      b[at + 14] as number,
      b[at + 15] as number,
    );
  }
  for (const last = end - 8; at <= last; at += 8) {
    text += String.fromCharCode(
      b[at] as number,
      b[at + 1] as number,
      b[at + 2] as number,
      b[at + 3] as number,
      b[at + 4] as number,
      b[at + 5] as number,
      b[at + 6] as number,
      b[at + 7] as number,
    );
  }
  for (; at < end; at++) text += String.fromCharCode(b[at] as number);
  return text;
}

export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The characters of a latin1 string as bytes. */
export function bytesFromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Two 32-bit halves as one whole number; exact while `high` is below 2^21. */
export function joinHalves(high: number, low: number): number {
  return high * TWO_32 + (low >>> 0);
}
