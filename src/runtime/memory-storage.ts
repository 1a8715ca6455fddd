/** `Storage` that lasts as long as it is open: what `--data none` runs on. */

import { assert } from "../base/assert.ts";
import { latin1FromBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import type { KeyRange, Storage, StorageCondition, StorageEntry, StorageOperation } from "../replica/ports.ts";

const CHUNK_ENTRIES = 1000;

export class MemoryStorage implements Storage {
  readonly durable = false;
  /** By key as latin1, whose order is the order of the bytes. */
  readonly #entries = new Map<string, StorageEntry>();
  /** All keys in order; rebuilt by the first reader after keys came or went. */
  #sortedKeys: string[] | undefined;
  #open = false;

  async open(): Promise<StorageCondition> {
    assert(!this.#open, "storage opened twice");
    this.#open = true;
    return { type: "clean" };
  }

  /** The bytes that were written, not copies: not to be changed. Throws `DISK_FAILED` when closed. */
  async *entries(range: KeyRange): AsyncIterable<readonly StorageEntry[]> {
    this.#assertOpen();
    const to = latin1FromBytes(range.to);
    this.#sortedKeys ??= [...this.#entries.keys()].sort(byCodeUnit);
    const keys = this.#sortedKeys;
    let at = firstAtOrAfter(keys, latin1FromBytes(range.from));
    while (at < keys.length && (keys[at] as string) < to) {
      const chunk: StorageEntry[] = [];
      for (; at < keys.length && chunk.length < CHUNK_ENTRIES; at++) {
        const key = keys[at] as string;
        if (key >= to) break;
        const entry = this.#entries.get(key);
        if (entry !== undefined) chunk.push(entry);
      }
      if (chunk.length > 0) yield chunk;
      this.#assertOpen();
    }
  }

  async read(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#entries.get(latin1FromBytes(key))?.value.slice();
  }

  async size(): Promise<number> {
    this.#assertOpen();
    let bytes = 0;
    for (const { key, value } of this.#entries.values()) bytes += key.length + value.length;
    return bytes;
  }

  /** There is nothing in vain. */
  async compact(_range: KeyRange): Promise<void> {
    this.#assertOpen();
  }

  async write(operations: readonly StorageOperation[]): Promise<void> {
    this.#assertOpen();
    for (const operation of operations) {
      assert(operation.type === "delete" || operation.value !== undefined, "a put without a value");
    }
    for (const { key, value } of operations) this.#apply(key, value);
  }

  /** Forgets everything. */
  async close(): Promise<void> {
    this.#open = false;
    this.#entries.clear();
    this.#sortedKeys = undefined;
  }

  #apply(key: Uint8Array, value: Uint8Array | undefined): void {
    const name = latin1FromBytes(key);
    if (value === undefined) {
      if (this.#entries.delete(name)) this.#sortedKeys = undefined;
      return;
    }
    if (!this.#entries.has(name)) this.#sortedKeys = undefined;
    this.#entries.set(name, { key: key.slice(), value: value.slice() });
  }

  #assertOpen(): void {
    if (!this.#open) throw new AtollError("DISK_FAILED", "the storage is closed");
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function firstAtOrAfter(keys: readonly string[], wanted: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
