/**
 * Messages on a link. A *wire frame* is one binary WebSocket message of at most 1 MiB, and one of:
 *
 *     0, message                     a message of at most 16 KiB
 *     1, total length (u32)          a longer one follows, in *parts*
 *     a part                         bare bytes: 1 MiB of the message, the last part what is left
 *
 * and on a link whose ends have agreed to compress (`handshake.ts`) also
 *
 *     2, length (u32), compressed    a message of at least 1 KiB that takes at most 16 KiB compressed
 *     3, length (u32), total (u32)   one that takes more: parts of its compressed form follow, `total` bytes in all
 *
 * Parts need no header, since the total says how many come and how long each is: they are sent as views of the message
 * and, where one part is all, received as such. A byte in front would cost a copy of each message, twice the CPU time at
 * 1 MiB (`test/benchmarks/links.ts`). Every message has one legal form, and where compression was agreed on one more, which
 * must be the shorter; all else is refused as `BadBytes`. A total that is merely claimed costs nothing: memory is taken as
 * parts arrive. What is compressed is held to the bound on messages by the length that it claims to have, and to that length
 * by whoever decompresses.
 */

import { assert } from "../base/assert.ts";
import { BadBytes } from "../base/bytes.ts";
import { Copies } from "../base/copies.ts";
import { giveBackWhole } from "../base/give-back.ts";

/** Longest wire frame. */
export const FRAME_BYTES_MAX = 1024 * 1024;

/** Longest message that is copied behind a header byte. Above it a frame more costs less than the copy. */
export const WHOLE_BYTES_MAX = 16 * 1024;

/** Below it compression costs more than it saves, and none is legal. */
export const COMPRESSED_MESSAGE_BYTES_MIN = 1024;

const WHOLE = 0;
const PARTS = 1;
const COMPRESSED = 2;
const COMPRESSED_PARTS = 3;
const PARTS_HEADER_BYTES = 5;
const COMPRESSED_HEADER_BYTES = 5;
const COMPRESSED_PARTS_HEADER_BYTES = 9;

/** Pages are short: a link that does not take what it is sent keeps those that it waits on. */
const frames = new Copies(16 * 1024);

/** Gives back exactly `length` bytes, and takes no more memory than that, or throws `BadBytes`. */
export type Decompress = (compressed: Uint8Array, length: number) => Uint8Array;

/** A message over the bound on this side. The sender may be honest and configured otherwise. */
export class MessageTooLarge extends BadBytes {
  constructor(total: number, max: number) {
    super(`a message of ${total} bytes, ${max} at most`);
    this.name = "MessageTooLarge";
  }
}

/** The wire frames of a message, in order. Those of a long one are views of it: it must not change until they are sent. */
export function cutMessage(message: Uint8Array): readonly Uint8Array[] {
  if (message.length <= WHOLE_BYTES_MAX) return [wholeFrame(message)];
  assert(message.length < 2 ** 32, `a message of ${message.length} bytes`);
  return [headerFrame(PARTS, [message.length]), ...cutParts(message)];
}

/** The wire frames of a message of `length` bytes, of which `compressed` is the shorter form. As `cutMessage` otherwise. */
export function cutCompressed(compressed: Uint8Array, length: number): readonly Uint8Array[] {
  assert(length >= COMPRESSED_MESSAGE_BYTES_MIN && compressed.length < length, "nothing is gained by compression");
  if (compressed.length > WHOLE_BYTES_MAX) {
    return [headerFrame(COMPRESSED_PARTS, [length, compressed.length]), ...cutParts(compressed)];
  }
  const frame = new Uint8Array(COMPRESSED_HEADER_BYTES + compressed.length);
  frame.set(headerFrame(COMPRESSED, [length]));
  frame.set(compressed, COMPRESSED_HEADER_BYTES);
  return [frame];
}

function cutParts(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += FRAME_BYTES_MAX) {
    parts.push(bytes.subarray(at, Math.min(bytes.length, at + FRAME_BYTES_MAX)));
  }
  return parts;
}

function wholeFrame(message: Uint8Array): Uint8Array {
  const frame = frames.room(1 + message.length);
  frame[0] = WHOLE;
  frame.set(message, 1);
  return frame;
}

function headerFrame(kind: number, numbers: readonly number[]): Uint8Array {
  const frame = new Uint8Array(1 + 4 * numbers.length);
  frame[0] = kind;
  const view = new DataView(frame.buffer);
  for (const [index, number] of numbers.entries()) view.setUint32(1 + 4 * index, number, true);
  return frame;
}

/** Puts the messages of one link together again. After it threw, the link is to be closed. */
export class MessageAssembler {
  readonly #messageBytesMax: number;
  readonly #decompress: Decompress | undefined;
  #parts: Uint8Array[] = [];
  /** Bytes of all parts under way; 0 = none. */
  #total = 0;
  #held = 0;
  /** Length of the message that the parts under way are the compressed form of; 0 = they are the message. */
  #length = 0;

  /** Without `decompress`, what is compressed is refused. */
  constructor(messageBytesMax: number, decompress?: Decompress) {
    this.#messageBytesMax = messageBytesMax;
    this.#decompress = decompress;
  }

  /**
   * Takes one wire frame and returns the message that it completes, if any: a view of the frame where it holds all of
   * the message. Parts are kept until then, so the frame's bytes must not change, and are given back then. Throws `BadBytes`.
   */
  push(frame: Uint8Array): Uint8Array | undefined {
    if (this.#total !== 0) return this.#part(frame);
    if (frame.length === 0) throw new BadBytes("an empty frame");
    const kind = frame[0] as number;
    if (kind === WHOLE) return this.#whole(frame);
    if (kind === PARTS) this.#total = this.#announced(frame);
    else if (kind === COMPRESSED && this.#decompress !== undefined) return this.#compressed(frame);
    else if (kind === COMPRESSED_PARTS && this.#decompress !== undefined) this.#announceCompressed(frame);
    else throw new BadBytes(`a frame of unknown kind ${kind}`);
    return undefined;
  }

  #whole(frame: Uint8Array): Uint8Array {
    const length = frame.length - 1;
    if (length > this.#messageBytesMax) throw new MessageTooLarge(length, this.#messageBytesMax);
    if (length > WHOLE_BYTES_MAX) throw new BadBytes(`${length} bytes in one frame`);
    return frame.subarray(1);
  }

  #announced(frame: Uint8Array): number {
    if (frame.length !== PARTS_HEADER_BYTES) throw new BadBytes(`${frame.length} bytes to announce parts`);
    const total = new DataView(frame.buffer, frame.byteOffset).getUint32(1, true);
    if (total <= WHOLE_BYTES_MAX) throw new BadBytes(`parts of a message of ${total} bytes`);
    if (total > this.#messageBytesMax) throw new MessageTooLarge(total, this.#messageBytesMax);
    return total;
  }

  #compressed(frame: Uint8Array): Uint8Array {
    if (frame.length <= COMPRESSED_HEADER_BYTES) throw new BadBytes("a compressed message without its bytes");
    const compressed = frame.subarray(COMPRESSED_HEADER_BYTES);
    const length = this.#lengthOf(frame, compressed.length);
    if (compressed.length > WHOLE_BYTES_MAX) throw new BadBytes(`${compressed.length} compressed bytes in one frame`);
    return this.#decompressed(compressed, length);
  }

  #announceCompressed(frame: Uint8Array): void {
    if (frame.length !== COMPRESSED_PARTS_HEADER_BYTES) throw new BadBytes(`${frame.length} bytes to announce parts`);
    const total = new DataView(frame.buffer, frame.byteOffset).getUint32(COMPRESSED_HEADER_BYTES, true);
    this.#length = this.#lengthOf(frame, total);
    if (total <= WHOLE_BYTES_MAX) throw new BadBytes(`parts of ${total} compressed bytes`);
    this.#total = total;
  }

  #lengthOf(frame: Uint8Array, compressedBytes: number): number {
    const length = new DataView(frame.buffer, frame.byteOffset).getUint32(1, true);
    if (length > this.#messageBytesMax) throw new MessageTooLarge(length, this.#messageBytesMax);
    if (length >= COMPRESSED_MESSAGE_BYTES_MIN && compressedBytes < length) return length;
    throw new BadBytes(`a message of ${length} bytes compressed to ${compressedBytes}`);
  }

  #decompressed(compressed: Uint8Array, length: number): Uint8Array {
    const message = this.#decompress?.(compressed, length);
    assert(message?.length === length, "what was decompressed has another length");
    return message;
  }

  #part(part: Uint8Array): Uint8Array | undefined {
    const expected = Math.min(this.#total - this.#held, FRAME_BYTES_MAX);
    if (part.length !== expected) throw new BadBytes(`a part of ${part.length} bytes in place of ${expected}`);
    this.#parts.push(part);
    this.#held += part.length;
    if (this.#held < this.#total) return undefined;
    const joined = this.#parts.length === 1 ? part : this.#join();
    const length = this.#length;
    this.#parts = [];
    this.#total = 0;
    this.#held = 0;
    this.#length = 0;
    return length === 0 ? joined : this.#decompressed(joined, length);
  }

  #join(): Uint8Array {
    const joined = new Uint8Array(this.#total);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
      giveBackWhole(part);
    }
    return joined;
  }
}
