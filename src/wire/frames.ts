/**
 * Messages on a link. A *wire frame* is one binary WebSocket message of at most 1 MiB, and one of:
 *
 *     0, message                     a message of at most 16 KiB
 *     1, total length (u32)          a longer one follows, in *parts*
 *     a part                         bare bytes: 1 MiB of the message, the last part what is left
 *
 * Parts need no header, since the total says how many come and how long each is: they are sent as views of the message
 * and, where one part is all, received as such. A byte in front would cost a copy of each message, twice the CPU time at
 * 1 MiB (`test/benchmarks/links.ts`). Every message has one legal form; all else is refused as `BadBytes`. A total that
 * is merely claimed costs nothing: memory is taken as parts arrive.
 */

import { assert } from "../base/assert.ts";
import { BadBytes } from "../base/bytes.ts";

/** Longest wire frame. */
export const FRAME_BYTES_MAX = 1024 * 1024;

/** Longest message that is copied behind a header byte. Above it a frame more costs less than the copy. */
export const WHOLE_BYTES_MAX = 16 * 1024;

const WHOLE = 0;
const PARTS = 1;
const PARTS_HEADER_BYTES = 5;

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
  const frames = [partsFrame(message.length)];
  for (let at = 0; at < message.length; at += FRAME_BYTES_MAX) {
    frames.push(message.subarray(at, Math.min(message.length, at + FRAME_BYTES_MAX)));
  }
  return frames;
}

function wholeFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + message.length);
  frame[0] = WHOLE;
  frame.set(message, 1);
  return frame;
}

function partsFrame(total: number): Uint8Array {
  const frame = new Uint8Array(PARTS_HEADER_BYTES);
  frame[0] = PARTS;
  new DataView(frame.buffer).setUint32(1, total, true);
  return frame;
}

/** Puts the messages of one link together again. After it threw, the link is to be closed. */
export class MessageAssembler {
  readonly #messageBytesMax: number;
  #parts: Uint8Array[] = [];
  /** Length of the message under way; 0 = none. */
  #total = 0;
  #held = 0;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /**
   * Takes one wire frame and returns the message that it completes, if any: a view of the frame where it holds all of
   * the message. Parts are kept until then, so the frame's bytes must not change. Throws `BadBytes`.
   */
  push(frame: Uint8Array): Uint8Array | undefined {
    if (this.#total !== 0) return this.#part(frame);
    if (frame.length === 0) throw new BadBytes("an empty frame");
    const kind = frame[0] as number;
    if (kind === WHOLE) return this.#whole(frame);
    if (kind !== PARTS) throw new BadBytes(`a frame of unknown kind ${kind}`);
    this.#total = this.#announced(frame);
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

  #part(part: Uint8Array): Uint8Array | undefined {
    const expected = Math.min(this.#total - this.#held, FRAME_BYTES_MAX);
    if (part.length !== expected) throw new BadBytes(`a part of ${part.length} bytes in place of ${expected}`);
    this.#parts.push(part);
    this.#held += part.length;
    if (this.#held < this.#total) return undefined;
    const message = this.#parts.length === 1 ? part : this.#join();
    this.#parts = [];
    this.#total = 0;
    this.#held = 0;
    return message;
  }

  #join(): Uint8Array {
    const message = new Uint8Array(this.#total);
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.length;
    }
    return message;
  }
}
