/**
 * Increments that the value of a register holds already, or a deletion has taken away: of each origin whose increments whoever
 * wrote it had seen, how far. A section of the register's record (flag 128 of `record.ts`), also of one that is dead or gone.
 *
 * As bytes: varint count; for each, in the order of their origins, u56 origin, varint run, varint count, the sum (`amount.ts`).
 */

import { BadBytes, ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { OriginId } from "../../base/ids.ts";
import { type Amount, decodeAmount, encodeAmount } from "./amount.ts";
import { ORIGIN_BYTES, readOrigin, writeOrigin } from "./origin-bytes.ts";

/** How far somebody has added to a number. */
export interface Tally {
  /** The sequence of the first write. */
  readonly run: number;
  /** Of the additions that `sum` adds up: of two tallies of one run the one of the greater count is the later. */
  readonly count: number;
  readonly sum: Amount;
}

export type Seen = ReadonlyMap<OriginId, Tally>;

export const SEEN_BYTES_MAX = 64 * 1024;
/** An origin, a run, a count, and a sum of no bytes. */
const ENTRY_BYTES_MIN = ORIGIN_BYTES + 4;

export const NONE_SEEN: Seen = new Map();

/** A copy; undefined where nothing was seen. */
export function encodeSeen(seen: Seen): Uint8Array | undefined {
  if (seen.size === 0) return undefined;
  const writer = new ByteWriter(64);
  writer.varint(seen.size);
  for (const origin of [...seen.keys()].sort((a, b) => a - b)) {
    const tally = seen.get(origin) as Tally;
    writeOrigin(writer, origin);
    encodeTally(writer, tally);
  }
  return writer.copy();
}

/** Throws `BadBytes`, also for what is not as `encodeSeen` writes it. */
export function decodeSeen(bytes: Uint8Array): Seen {
  const reader = new ByteReader(bytes);
  const count = reader.varint(Math.floor(bytes.length / ENTRY_BYTES_MIN));
  if (count === 0) throw new BadBytes("nothing seen");
  const seen = new Map<OriginId, Tally>();
  let last = -1;
  for (let left = count; left > 0; left--) {
    const origin = readOrigin(reader);
    if (origin <= last) throw new BadBytes("origins out of order");
    last = origin;
    seen.set(origin, decodeTally(reader));
  }
  reader.finish();
  return seen;
}

export function encodeTally(writer: ByteWriter, { run, count, sum }: Tally): void {
  writer.varint(run);
  writer.varint(count);
  encodeAmount(writer, sum);
}

/** Throws `BadBytes`. */
export function decodeTally(reader: ByteReader): Tally {
  const run = reader.varint();
  const count = reader.varint();
  if (run < 1 || count < 1) throw new BadBytes("a run begins with a write");
  return { run, count, sum: decodeAmount(reader) };
}

/** True of a tally that says more than another one of the same origin. */
export function isLater({ run, count }: Tally, than: Tally): boolean {
  return run > than.run || (run === than.run && count > than.count);
}

/** What either of two has seen, as far as the one that saw more. */
export function bothSeen(one: Seen, other: Seen): Seen {
  if (other.size === 0) return one;
  const both = new Map(one);
  for (const [origin, tally] of other) {
    const own = both.get(origin);
    if (own === undefined || isLater(tally, own)) both.set(origin, tally);
  }
  return both;
}
