/**
 * The order in which the keys of a shard are listed: by a public hash, those of one hash by their bytes. It is the same at
 * every replica and after every start, so that a cursor is a place in it and belongs to no process. The hash of the
 * register table would not do: it is keyed anew by each process. Whoever chooses the keys can choose collisions here; they
 * cost the listing of those keys its speed, and lookups nothing.
 *
 * A *part* is a range of the order. A register's part stands in its slot's marks, so that a page visits the registers of
 * the parts it needs and no others, and nothing is sorted but what a page cuts through.
 */

import { xxHash32 } from "../base/hash.ts";

const SEED = 0x6f726465;
const PART_BITS = 4;
const ORDER_BITS = 32;

export const PARTS = 1 << PART_BITS;
export const ORDER_MAX = 2 ** ORDER_BITS - 1;

/** The place of the key in `view` from `start` to `end`: 0 to `ORDER_MAX`. */
export function orderOf(view: DataView, start: number, end: number): number {
  return xxHash32(view, start, end, SEED);
}

export function partOf(order: number): number {
  return order >>> (ORDER_BITS - PART_BITS);
}

/** The first place of a part. */
export function partStart(part: number): number {
  return part * 2 ** (ORDER_BITS - PART_BITS);
}
