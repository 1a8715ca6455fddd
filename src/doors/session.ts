/**
 * Session token <-> the dots that a client last wrote and read. A client that sends its last token back reads its own
 * writes and never goes backwards, at any replica. Bytes, before base64url: version, then for each dot, newest first, the
 * place of its origin among those seen so far (followed by the origin itself where it is new), shard and sequence; all
 * of them varints. What does not fit is dropped from the old end: of those writes the session promises nothing any more.
 */

import { BadBytes, ByteReader } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import type { OriginId, ShardId } from "../base/ids.ts";
import { SHARD_ID_MAX } from "../base/shard-id.ts";
import type { Dot } from "../store.ts";

const FORMAT = 1;
/** 1,023 characters of base64url. */
const BYTES_MAX = 767;
const TEXT_MAX = 1_023;
const DOT_BYTES_MAX = 32;
const TOKEN = /^[A-Za-z0-9_-]+$/;

/** Written and read out within one call. A `ByteWriter` would do, at twice the cost: nearly every answer has a token. */
const scratch = Buffer.alloc(BYTES_MAX + DOT_BYTES_MAX);
scratch[0] = FORMAT;

/** The token of a session that has seen nothing. */
export const EMPTY_SESSION = Buffer.of(FORMAT).toString("base64url");

/** A token of at most 1,023 characters for `dots`, newest first; the last ones are left out where it would be longer. */
export function encodeSession(dots: readonly Dot[]): string {
  const origins: OriginId[] = [];
  let end = 1;
  for (const { shard, origin, sequence } of dots) {
    const known = origins.indexOf(origin);
    let at = writeVarint(end, known < 0 ? origins.length : known);
    if (known < 0) {
      at = writeVarint(at, origin);
      origins.push(origin);
    }
    at = writeVarint(writeVarint(at, shard), sequence);
    if (at > BYTES_MAX) break;
    end = at;
  }
  return scratch.toString("base64url", 0, end);
}

/** The dots of a token, newest first. Throws `BAD_SESSION`. */
export function decodeSession(token: string): readonly Dot[] {
  if (token.length > TEXT_MAX || !TOKEN.test(token)) throw badSession("not a token of this service");
  try {
    return readDots(new ByteReader(Buffer.from(token, "base64url")));
  } catch (error) {
    if (error instanceof BadBytes) throw badSession(error.message);
    throw error;
  }
}

/**
 * What the session has seen after `seen` (newest first) on top of `earlier`: newest first, one dot for each
 * (shard, origin), the greatest sequence of it.
 */
export function mergeSession(earlier: readonly Dot[], seen: readonly Dot[]): readonly Dot[] {
  if (seen.length === 0) return earlier;
  if (earlier.length === 0 && seen.length === 1) return seen;
  const newest = new Map<string, Dot>();
  for (const dot of seen) keepGreater(newest, dot);
  for (const dot of earlier) keepGreater(newest, dot);
  return [...newest.values()];
}

function keepGreater(newest: Map<string, Dot>, dot: Dot): void {
  const slot = `${dot.shard}/${dot.origin}`;
  const held = newest.get(slot);
  if (held === undefined || held.sequence < dot.sequence) newest.set(slot, dot);
}

function readDots(reader: ByteReader): readonly Dot[] {
  if (reader.u8() !== FORMAT) throw new BadBytes("unknown version");
  const origins: OriginId[] = [];
  const dots: Dot[] = [];
  while (reader.remaining > 0) {
    const place = reader.varint(origins.length);
    const origin = origins[place] ?? (reader.varint() as OriginId);
    if (place === origins.length) origins.push(origin);
    const shard = reader.varint(SHARD_ID_MAX) as ShardId;
    dots.push({ shard, origin, sequence: reader.varint() });
  }
  return dots;
}

/** LEB128, as `ByteReader` reads it; returns where it ends. */
function writeVarint(at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) scratch[end++] = (rest % 128) | 128;
  scratch[end++] = rest;
  return end;
}

function badSession(detail: string): AtollError {
  return new AtollError("BAD_SESSION", `Atoll-Session: ${detail}`);
}
