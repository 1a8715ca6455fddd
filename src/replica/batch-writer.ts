/**
 * Operations for the disk, put together one by one. The disk takes its values while what they were made of may change, so
 * all are copies; in one buffer, as each would be dear to allocate by itself.
 */

import { ByteWriter } from "../base/bytes.ts";
import type { StorageOperation } from "./ports.ts";

export class BatchWriter {
  /** Where values are written: `put` takes what has come since the last one. */
  readonly values = new ByteWriter(4096);
  #keys: Uint8Array[] = [];
  /** Where the value of each key ends; -1 for a key that is to go. */
  #ends: number[] = [];

  /** Operations so far. */
  get length(): number {
    return this.#keys.length;
  }

  /** Bytes of all values so far. */
  get bytes(): number {
    return this.values.length;
  }

  delete(key: Uint8Array): void {
    this.#keys.push(key);
    this.#ends.push(-1);
  }

  put(key: Uint8Array): void {
    this.#keys.push(key);
    this.#ends.push(this.values.length);
  }

  /** All operations, in order; begins anew. */
  take(): StorageOperation[] {
    const { buffer } = this.values.copy();
    let start = 0;
    const operations = this.#keys.map((key, i): StorageOperation => {
      const end = this.#ends[i] as number;
      if (end === -1) return { type: "delete", key };
      const value = new Uint8Array(buffer, start, end - start);
      start = end;
      return { type: "put", key, value };
    });
    this.#keys = [];
    this.#ends = [];
    this.values.clear();
    return operations;
  }
}
