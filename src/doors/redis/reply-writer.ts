/**
 * Answers in the bytes of a Redis client, of either version of the protocol: what only the later one has a form for is said
 * in that of the earlier one where the client speaks that. Long values are not copied.
 */

import { bytesFromLatin1 } from "../../base/bytes.ts";
import { copyBytes } from "../../base/copy.ts";
import { doubleText } from "../../base/double-text.ts";
import { asOneLine } from "../../command-reply.ts";

export type ProtocolVersion = 2 | 3;

/** Shorter values are copied next to what surrounds them: one piece is written faster than several. */
const COPIED_BYTES_MAX = 8 * 1024;
/** Shorter ones are copied byte by byte: no view has to be made of them. */
const VIEWED_BYTES_MIN = 48;
const PIECE_BYTES = 16 * 1024;
/** Shorter text is written one by one: `+OK` in 10 ns, where a call of `write` takes 45. */
const SHORT_TEXT_MAX = 24;
/** Of a number, its sign, and the end of the line. */
const NUMBER_BYTES_MAX = 24;

const TWO_31 = 2147483648;

const LF = 10;
const CR = 13;
const DOLLAR = 36;
const PERCENT = 37;
const ASTERISK = 42;
const MINUS = 45;
const ZERO = 48;
const COLON = 58;
const EQUALS = 61;
const GREATER = 62;
const TILDE = 126;

export class ReplyWriter {
  version: ProtocolVersion = 2;
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #view = viewOf(this.#piece);
  #from = 0;
  #at = 0;
  #pieces: Uint8Array[] = [];
  /** Bytes that wait to be taken. */
  #bytes = 0;

  get bytes(): number {
    return this.#bytes + this.#at - this.#from;
  }

  /** All that was written since the last time, in order. */
  take(): Uint8Array[] {
    this.#endPiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }

  /** Nobody looks any more at what was taken: the next answers go to the same memory. */
  startOver(): void {
    if (this.#at > this.#from) return;
    this.#from = 0;
    this.#at = 0;
  }

  /** What was said in full before, the ends of lines included. */
  raw(bytes: Uint8Array): void {
    if (bytes.length > COPIED_BYTES_MAX) return this.#append(bytes);
    this.#room(bytes.length);
    this.#piece.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** One line of text without the ends of lines. */
  simple(text: string): void {
    this.#line("+", text);
  }

  /** One line that begins with a code, such as `ERR` or `WRONGTYPE`. */
  error(text: string): void {
    this.#line("-", asOneLine(text));
  }

  integer(value: number | bigint): void {
    if (typeof value === "number" && Math.abs(value) < TWO_31) this.#number(COLON, value);
    else this.#line(":", String(value));
  }

  bulk(bytes: Uint8Array): void {
    this.#number(DOLLAR, bytes.length);
    this.raw(bytes);
    this.#endLine();
  }

  /** The bytes between two places. */
  bulkWithin(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > VIEWED_BYTES_MIN) return this.bulk(bytes.subarray(start, end));
    this.#number(DOLLAR, length);
    this.#room(length + 2);
    const piece = this.#piece;
    let at = this.#at;
    for (let i = start; i < end; i++) piece[at++] = bytes[i] as number;
    this.#at = at;
    this.#endLine();
  }

  /** So many bytes, from `start` on. */
  bulkAt(from: DataView, start: number, length: number): void {
    if (length > COPIED_BYTES_MAX)
      return this.bulk(new Uint8Array(from.buffer, from.byteOffset + start, length).slice());
    this.#room(NUMBER_BYTES_MAX + length + 2);
    this.#number(DOLLAR, length);
    copyBytes(from, start, length, this.#view, this.#at);
    this.#at += length;
    this.#endLine();
  }

  bulkText(text: string): void {
    this.bulk(bytesFromLatin1(text));
  }

  /** There is no such value. */
  nothing(): void {
    this.#token(this.version === 3 ? "_\r\n" : "$-1\r\n");
  }

  /** There is no such list of values. */
  noArray(): void {
    this.#token(this.version === 3 ? "_\r\n" : "*-1\r\n");
  }

  /** As many answers follow. */
  array(count: number): void {
    this.#number(ASTERISK, count);
  }

  set(count: number): void {
    this.#number(this.version === 3 ? TILDE : ASTERISK, count);
  }

  /** As many pairs of answers follow. */
  map(count: number): void {
    if (this.version === 3) this.#number(PERCENT, count);
    else this.#number(ASTERISK, 2 * count);
  }

  /** As many answers follow, which nobody asked for. */
  push(count: number): void {
    this.#number(this.version === 3 ? GREATER : ASTERISK, count);
  }

  boolean(value: boolean): void {
    if (this.version === 3) this.#token(value ? "#t\r\n" : "#f\r\n");
    else this.integer(value ? 1 : 0);
  }

  double(value: number): void {
    this.decimal(doubleText(value));
  }

  decimal(text: string): void {
    if (this.version === 3) this.#line(",", text);
    else this.bulkText(text);
  }

  /** A whole number of any length, as its digits. */
  bigNumber(text: string): void {
    if (this.version === 3) this.#line("(", text);
    else this.bulkText(text);
  }

  /** Text for people, of several lines; three letters say of which kind. */
  verbatim(text: Uint8Array, format = "txt"): void {
    if (this.version === 2) return this.bulk(text);
    this.#number(EQUALS, text.length + 4);
    this.#token(`${format}:`);
    this.raw(text);
    this.#endLine();
  }

  #line(sign: string, text: string): void {
    const length = text.length + 3;
    if (length > COPIED_BYTES_MAX) return this.#append(bytesFromLatin1(`${sign}${text}\r\n`));
    this.#token(sign);
    this.#token(text);
    this.#endLine();
  }

  #token(text: string): void {
    this.#room(text.length);
    if (text.length > SHORT_TEXT_MAX) this.#at += this.#piece.write(text, this.#at, "latin1");
    else for (let i = 0; i < text.length; i++) this.#piece[this.#at++] = text.charCodeAt(i);
  }

  #endLine(): void {
    this.#room(2);
    this.#piece[this.#at++] = CR;
    this.#piece[this.#at++] = LF;
  }

  /** Of a number between -2^31 and 2^31. */
  #number(sign: number, value: number): void {
    this.#room(NUMBER_BYTES_MAX);
    const piece = this.#piece;
    let at = this.#at;
    piece[at++] = sign;
    if (value < 0) piece[at++] = MINUS;
    let left = Math.abs(value);
    let digits = 1;
    for (let bound = 10; left >= bound; bound *= 10) digits++;
    for (let i = at + digits - 1; i >= at; i--) {
      const tenth = (left / 10) | 0;
      piece[i] = ZERO + left - tenth * 10;
      left = tenth;
    }
    at += digits;
    piece[at++] = CR;
    piece[at++] = LF;
    this.#at = at;
  }

  #room(bytes: number): void {
    if (this.#piece.length - this.#at >= bytes) return;
    this.#endPiece();
    this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
    this.#view = viewOf(this.#piece);
    this.#from = 0;
    this.#at = 0;
  }

  #append(bytes: Uint8Array): void {
    this.#endPiece();
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
  }

  #endPiece(): void {
    if (this.#at === this.#from) return;
    this.#pieces.push(this.#piece.subarray(this.#from, this.#at));
    this.#bytes += this.#at - this.#from;
    this.#from = this.#at;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
