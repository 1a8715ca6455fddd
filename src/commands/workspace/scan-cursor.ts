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
/** As of C's `strtoul`: what is below 0 counts from the other end. */
const WHOLE = /^[+-]?\d*$/;
const LENGTH_MAX = 1024;

export function formatScanCursor(place: ScanPlace | undefined): string {
  if (place === undefined) return "0";
  const { shard, order, rank } = place;
  return String((((BigInt(shard) << ORDER_BITS) | BigInt(order)) << RANK_BITS) | BigInt(rank));
}

/** Nothing counts as 0, and what stands behind a zero byte as not there. Throws `CommandError`. */
export function parseCursor(word: Uint8Array): bigint {
  const [text = ""] = latin1FromBytes(word.subarray(0, LENGTH_MAX)).split("\0", 1);
  const digits = text.replace(/^[+-]/, "");
  const value = WHOLE.test(text) && (digits !== "" || text === "") ? BigInt(digits) : undefined;
  if (value === undefined || value > CURSOR_MAX) throw new CommandError("ERR invalid cursor");
  return text.startsWith("-") ? BigInt.asUintN(64, -value) : value;
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
