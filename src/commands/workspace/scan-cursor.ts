/**
 * Where `SCAN` goes on, as the decimal number below 2^64 that clients expect: shard, order and rank (`replica/key-scan.ts`),
 * 12, 32 and 20 bits. Nothing is kept for it, and it means the same at every replica. 0 is where it begins, and the end.
 */

import { latin1FromBytes } from "../../base/bytes.ts";
import { CommandError } from "../words/command-error.ts";
import { SCAN_START, type ScanPlace } from "./workspace.ts";

const ORDER_BITS = 32n;
const RANK_BITS = 20n;
const ORDER_MASK = 2n ** ORDER_BITS - 1n;
const RANK_MASK = 2n ** RANK_BITS - 1n;
const CURSOR_MAX = 2n ** 64n - 1n;
const DIGITS = /^\d{1,20}$/;

export function formatScanCursor(place: ScanPlace | undefined): string {
  if (place === undefined) return "0";
  const { shard, order, rank } = place;
  return String((((BigInt(shard) << ORDER_BITS) | BigInt(order)) << RANK_BITS) | BigInt(rank));
}

/** Throws `CommandError`. */
export function parseCursor(word: Uint8Array): bigint {
  const text = word.length > 20 ? "" : latin1FromBytes(word);
  if (!DIGITS.test(text) || BigInt(text) > CURSOR_MAX) throw new CommandError("ERR invalid cursor");
  return BigInt(text);
}

/** Throws `CommandError`. */
export function parseScanCursor(word: Uint8Array): ScanPlace {
  const cursor = parseCursor(word);
  if (cursor === 0n) return SCAN_START;
  return {
    shard: Number(cursor >> (ORDER_BITS + RANK_BITS)),
    order: Number((cursor >> RANK_BITS) & ORDER_MASK),
    rank: Number(cursor & RANK_MASK),
  };
}
