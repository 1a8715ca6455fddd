/**
 * Operations for the disk, put together one by one. The disk takes keys and values while what they were made of may change,
 * so all are copies; all keys in one buffer and all values in another, as each would be dear to allocate by itself. Short as a
 * key is, V8 keeps an array of its own for it on its heap, and moves the bytes into a buffer of their own when native code asks
 * for them: a put takes twice the time then (`test/benchmarks/bootstrap.ts`).
 */

import { ByteWriter } from "../base/bytes.ts";
import type { StorageOperation } from "./ports.ts";

export class BatchWriter {
  /** Where keys and values are written: `delete` and `put` take what has come since the last one. */
  readonly keys = new ByteWriter(4096);
  readonly values = new ByteWriter(4096);
  #keyEnds: number[] = [];
  /** Where the value of each key ends; -1 for a key that is to go. */
  #ends: number[] = [];

  /** Operations so far. */
  get length(): number {
    return this.#keyEnds.length;
  }

  /** Bytes of all values so far. */
  get bytes(): number {
    return this.values.length;
  }

  delete(): void {
    this.#keyEnds.push(this.keys.length);
    this.#ends.push(-1);
  }

  put(): void {
    this.#keyEnds.push(this.keys.length);
    this.#ends.push(this.values.length);
  }

  /** All operations, in order; begins anew. */
  take(): StorageOperation[] {
    const { buffer: keys } = this.keys.take();
    const { buffer: values } = this.values.take();
    let keyStart = 0;
    let start = 0;
    const operations = this.#keyEnds.map((keyEnd, i): StorageOperation => {
      const key = new Uint8Array(keys, keyStart, keyEnd - keyStart);
      keyStart = keyEnd;
      const end = this.#ends[i] as number;
      if (end === -1) return { type: "delete", key };
      const value = new Uint8Array(values, start, end - start);
      start = end;
      return { type: "put", key, value };
    });
    this.#keyEnds = [];
    this.#ends = [];
    return operations;
  }
}
