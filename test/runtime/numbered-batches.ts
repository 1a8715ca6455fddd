/**
 * Writes that anyone can make again from a seed and a number, so that after a crash the contents of a disk can be
 * compared with what they must be after batch `n`, whole.
 */

import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { StorageOperation } from "../../src/replica/ports.ts";

/** Keys in use: few enough that batches overwrite and delete each other's. */
const SLOTS = 4000;
const NUMBER_KEY = Uint8Array.of(1);

/** The operations of batch `number`, from 2 to some hundreds; among them one that says `number` itself. */
export function numberedBatch(seed: number, number: number): StorageOperation[] {
  const random = xorshift(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const count = 1 + (random() % 8 === 0 ? random() % 300 : random() % 30);
  const operations: StorageOperation[] = [];
  for (let i = 0; i < count; i++) {
    const slot = random() % SLOTS;
    const key = Uint8Array.of(2, slot >>> 8, slot);
    if (random() % 6 === 0) operations.push({ type: "delete", key });
    else {
      const value = new Uint8Array(random() % 50 === 0 ? random() % 40_000 : random() % 700);
      for (let at = 0; at < value.length; at++) value[at] = random();
      operations.push({ type: "put", key, value });
    }
  }
  operations.push({ type: "put", key: NUMBER_KEY, value: Uint8Array.of(number, number >>> 8, number >>> 16) });
  return operations;
}

/** Contents after one more batch, keys and values as latin1. */
export function applyBatch(contents: Map<string, string>, operations: readonly StorageOperation[]): void {
  for (const { key, value } of operations) {
    if (value === undefined) contents.delete(latin1FromBytes(key));
    else contents.set(latin1FromBytes(key), latin1FromBytes(value));
  }
}

/** Number of the last batch in `contents`, 0 for none. */
export function lastBatchIn(contents: ReadonlyMap<string, string>): number {
  const value = contents.get(latin1FromBytes(NUMBER_KEY));
  if (value === undefined) return 0;
  return value.charCodeAt(0) | (value.charCodeAt(1) << 8) | (value.charCodeAt(2) << 16);
}

function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
