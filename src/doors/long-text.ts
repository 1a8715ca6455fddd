/**
 * A long value in JSON, which becomes text piece by piece, straight into the bytes that are sent. As a string, and in that of the
 * whole message, it would be on V8's heap twice, for as long as that is not collected: seven times its length in all, for 16 MB.
 */

import type { Encoding } from "./notation.ts";

/** Of a value at a time: whole groups of base64. */
const PIECE_BYTES = 48 * 1024;

export class LongText {
  readonly #bytes: Buffer;
  readonly #encoding: Encoding;

  /** The bytes are UTF-8 where `encoding` says so. They must not change before it has become text. */
  constructor(bytes: Uint8Array, encoding: Encoding) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#encoding = encoding;
  }

  /** Where it is in the midst of something else: for `JSON.stringify`. */
  toJSON(): string {
    return this.#bytes.toString(this.#encoding);
  }

  /** What stands between the quotes, with what stands around them. */
  within(before: string, after: string): Buffer {
    return this.#encoding === "base64" ? this.#base64(before, after) : this.#escaped(before, after);
  }

  #base64(before: string, after: string): Buffer {
    const bytes = this.#bytes;
    const lengthAround = Buffer.byteLength(before) + Buffer.byteLength(after);
    const text = Buffer.allocUnsafeSlow(lengthAround + Math.ceil(bytes.length / 3) * 4);
    let at = text.write(before, 0);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      at += text.write(bytes.toString("base64", from, from + PIECE_BYTES), at, "latin1");
    }
    text.write(after, at);
    return text;
  }

  /** How long it comes to be is known only then. */
  #escaped(before: string, after: string): Buffer {
    const pieces = [Buffer.from(before)];
    for (let from = 0; from < this.#bytes.length; ) {
      const to = this.#characterFrom(from + PIECE_BYTES);
      pieces.push(Buffer.from(JSON.stringify(this.#bytes.toString("utf8", from, to)).slice(1, -1), "utf8"));
      from = to;
    }
    return Buffer.concat([...pieces, Buffer.from(after)]);
  }

  /** The first at or behind `at` that begins a character. */
  #characterFrom(at: number): number {
    let begin = at;
    while (begin < this.#bytes.length && ((this.#bytes[begin] as number) & 0xc0) === 0x80) begin++;
    return Math.min(begin, this.#bytes.length);
  }
}

const EMPTY = '"value":""';

/** The JSON of a message without objects in it. What is long of it has a buffer of its own. */
export function encodeJson(message: Readonly<Record<string, unknown>>): string | Buffer {
  const { value } = message;
  if (!(value instanceof LongText)) return JSON.stringify(message);
  const around = JSON.stringify({ ...message, value: "" });
  // Within a text of JSON no quote is without a backslash before it.
  const cut = around.indexOf(EMPTY) + EMPTY.length - 1;
  return value.within(around.slice(0, cut), around.slice(cut));
}
