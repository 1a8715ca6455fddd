/**
 * The record of a value that is nothing but a key and bytes, made of these where they lie: for the commands that clients send most,
 * of which the text of a key, and an object for what is written, would be half the work. One at a time, in memory of its own; otherwise
 * records are made by `RecordWriter`.
 */

import { copyBytes } from "../../base/copy.ts";
import { xxHash32 } from "../../base/hash.ts";
import type { PlainWords } from "../../base/plain-words.ts";
import { KIND_PLAIN } from "./kind.ts";
import { CHECKSUM_SEED, RECORD_HEADER_BYTES } from "./record.ts";
import { writeUint48, writeUint56 } from "./wide-numbers.ts";

/** What one long key took is not kept for others. */
const KEPT_BYTES = 4096;

export class PlainRecord {
  bytes = new Uint8Array(KEPT_BYTES);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** The key alone, to look it up by: neither value, stamp nor checksum. */
  setKey({ bytes, keyStart, keyEnd }: PlainWords): void {
    this.#begin(keyEnd - keyStart, 0);
    copyBytes(bytes, keyStart, keyEnd - keyStart, this.view, RECORD_HEADER_BYTES);
  }

  /** Key and value; `seal` is to follow once it is known how the write is stamped. */
  set({ bytes, keyStart, keyEnd, valueStart, valueEnd }: PlainWords): void {
    const keyLength = keyEnd - keyStart;
    this.#begin(keyLength, valueEnd - valueStart);
    copyBytes(bytes, keyStart, keyLength, this.view, RECORD_HEADER_BYTES);
    copyBytes(bytes, valueStart, valueEnd - valueStart, this.view, RECORD_HEADER_BYTES + keyLength);
  }

  seal(timestamp: number, origin: number, sequence: number): void {
    const { view } = this;
    writeUint56(view, 12, timestamp);
    writeUint56(view, 19, origin);
    writeUint48(view, 26, sequence);
    view.setUint32(0, xxHash32(view, 4, this.length, CHECKSUM_SEED), true);
  }

  #begin(keyLength: number, valueLength: number): void {
    this.length = RECORD_HEADER_BYTES + keyLength + valueLength;
    if (this.length > this.bytes.length || this.bytes.length > KEPT_BYTES) {
      this.bytes = new Uint8Array(Math.max(this.length, KEPT_BYTES));
      this.view = new DataView(this.bytes.buffer);
    }
    const { view } = this;
    view.setUint8(4, 0);
    view.setUint8(5, KIND_PLAIN);
    view.setUint16(6, keyLength, true);
    view.setUint32(8, valueLength, true);
  }
}

/** One for all: each is done with before the next is made. */
export const plainRecord = new PlainRecord();
