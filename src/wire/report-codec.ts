/** Bytes of the messages by which two replicas compare what they hold. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import type { ShardId, Timestamp } from "../base/ids.ts";
import { SHARD_ID_MAX } from "../base/shard-id.ts";
import { msOfTimestamp, timestampFromMs } from "../core/clock.ts";
import { VersionVector } from "../core/version-vector.ts";
import {
  readDigest,
  readFlag,
  readList,
  readOrigin,
  readShard,
  SHARDS_MAX,
  writeDigest,
  writeList,
  writeOrigin,
} from "./fields.ts";
import {
  type DigestFacts,
  HALF_READY,
  INSTANT_MAX,
  type MessageOf,
  NOT_READY,
  READY,
  type Readiness,
  type ReportFacts,
  type ShardDigestRow,
  type VectorEntry,
} from "./message.ts";

const ORIGINS_MAX = 65536;
/** So many that some are left to count, whatever somebody told. */
const DEPARTURES_MAX = 2 ** 48;

type ReportMessage = MessageOf<"digest" | "shard-digests" | "vectors">;

export function writeReportMessage(writer: ByteWriter, message: ReportMessage): void {
  switch (message.type) {
    case "digest":
      writeDigestFacts(writer, message.reply, message);
      return message.reply ? writer.u32(message.askedAt) : undefined;
    case "shard-digests":
      writeReportFacts(writer, message);
      writer.u32(message.askedAt);
      writer.varint(message.asOf);
      return writeDigestRows(writer, message.rows);
    case "vectors":
      writer.u8(message.reply ? 1 : 0);
      writeReportFacts(writer, message);
      return writeList(writer, message.entries, writeVectorEntry);
    default:
      return assertNever(message);
  }
}

export function readReportMessage(reader: ByteReader, type: ReportMessage["type"]): ReportMessage {
  switch (type) {
    case "digest":
      return readDigestMessage(reader);
    case "shard-digests":
      return {
        type,
        ...readReportFacts(reader),
        askedAt: reader.u32(),
        asOf: reader.varint(INSTANT_MAX),
        rows: readDigestRows(reader),
      };
    case "vectors": {
      const reply = readFlag(reader);
      const facts = readReportFacts(reader);
      return { type, reply, ...facts, entries: readList(reader, SHARDS_MAX, readVectorEntry) };
    }
    default:
      return assertNever(type);
  }
}

function writeReportFacts(writer: ByteWriter, facts: ReportFacts): void {
  writer.u32(facts.lives);
  writer.u32(facts.view);
  writer.varint(facts.epoch);
  writer.varint(facts.clock);
  writer.varint(facts.correctionMs < 0 ? -2 * facts.correctionMs - 1 : 2 * facts.correctionMs);
}

function readReportFacts(reader: ByteReader): ReportFacts {
  const facts = { lives: reader.u32(), view: reader.u32(), epoch: reader.varint(), clock: reader.varint() };
  const folded = reader.varint(2 * INSTANT_MAX);
  return { ...facts, correctionMs: folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2 };
}

function writeDigestFacts(writer: ByteWriter, reply: boolean, facts: DigestFacts): void {
  const state = (facts.durable ? 2 : 0) | (facts.whole ? 4 : 0) | (facts.swept ? 8 : 0) | (facts.ready ? 16 : 0);
  const aheadMs = msOfTimestamp(facts.stamp as Timestamp) - facts.clock;
  const rare = (facts.departures > 0 ? 32 : 0) | (facts.strays.length > 0 ? 64 : 0);
  writer.u8((reply ? 1 : 0) | state | rare | (aheadMs < 0 ? 128 : 0));
  writeReportFacts(writer, facts);
  writeNear(writer, facts.clock, facts.asOf);
  writeDigest(writer, facts.vectors);
  writeDigest(writer, facts.fingerprints);
  writer.varint(Math.abs(aheadMs));
  if (facts.strays.length > 0) writeShards(writer, facts.strays);
  if (facts.departures > 0) writer.varint(facts.departures);
}

function readDigestMessage(reader: ByteReader): MessageOf<"digest"> {
  const flags = reader.u8();
  const facts = readReportFacts(reader);
  const reply = (flags & 1) !== 0;
  return {
    type: "digest",
    reply,
    durable: (flags & 2) !== 0,
    whole: (flags & 4) !== 0,
    swept: (flags & 8) !== 0,
    ready: (flags & 16) !== 0,
    ...facts,
    asOf: readNear(reader, facts.clock),
    vectors: readDigest(reader),
    fingerprints: readDigest(reader),
    stamp: readStamp(reader, facts.clock, (flags & 128) !== 0),
    strays: (flags & 64) !== 0 ? readStrays(reader) : [],
    departures: (flags & 32) !== 0 ? readDepartures(reader) : 0,
    askedAt: reply ? reader.u32() : 0,
  };
}

/** An instant by its distance from another, which is short, to either side. */
function writeNear(writer: ByteWriter, from: number, instant: number): void {
  writer.varint(instant >= from ? 2 * (instant - from) : 2 * (from - instant) - 1);
}

function readNear(reader: ByteReader, from: number): number {
  const distance = reader.varint();
  const instant = distance % 2 === 0 ? from + distance / 2 : from - (distance + 1) / 2;
  if (instant < 0 || instant > INSTANT_MAX) throw new BadBytes(`instant ${instant}`);
  return instant;
}

/** The first of a millisecond that is so far from the clock, which is most often behind it. */
function readStamp(reader: ByteReader, clock: number, isBehind: boolean): Timestamp {
  const distance = reader.varint(INSTANT_MAX);
  const at = isBehind ? clock - distance : clock + distance;
  const stamp = timestampFromMs(at);
  if (msOfTimestamp(stamp) !== at || (isBehind && distance === 0)) throw new BadBytes(`stamp of the instant ${at}`);
  return stamp;
}

function readStrays(reader: ByteReader): readonly ShardId[] {
  const strays = readShards(reader);
  if (strays.length === 0) throw new BadBytes("strays that are none");
  return strays;
}

/** Ascending, each told by its distance from the last. */
function writeShards(writer: ByteWriter, shards: readonly ShardId[]): void {
  let next = 0;
  writeList(writer, shards, (out, shard) => {
    out.varint(shard - next);
    next = shard + 1;
  });
}

function readShards(reader: ByteReader): readonly ShardId[] {
  let next = 0;
  return readList(reader, SHARDS_MAX, (from) => {
    const shard = next + from.varint(SHARD_ID_MAX - next);
    next = shard + 1;
    return shard as ShardId;
  });
}

function readDepartures(reader: ByteReader): number {
  const departures = reader.varint(DEPARTURES_MAX);
  if (departures === 0) throw new BadBytes("departures that are none");
  return departures;
}

/** In the order of their shards, each told by its distance from the last. */
function writeDigestRows(writer: ByteWriter, rows: readonly ShardDigestRow[]): void {
  let next = 0;
  writeList(writer, rows, (out, row) => {
    out.varint(row.shard - next);
    next = row.shard + 1;
    writeDigest(out, row.vector);
    writeDigest(out, row.fingerprint);
    out.u8((row.durable ? 1 : 0) | (row.whole ? 2 : 0) | (row.swept ? 4 : 0) | (row.readiness << 3));
  });
}

function readDigestRows(reader: ByteReader): readonly ShardDigestRow[] {
  let next = 0;
  return readList(reader, SHARDS_MAX, (from) => {
    const row = readDigestRow(from, next);
    next = row.shard + 1;
    return row;
  });
}

function readDigestRow(reader: ByteReader, first: number): ShardDigestRow {
  const shard = (first + reader.varint(SHARD_ID_MAX - first)) as ShardId;
  const vector = readDigest(reader);
  const fingerprint = readDigest(reader);
  const flags = reader.u8();
  if (flags > 31) throw new BadBytes("shard digest with unknown flags");
  return {
    shard,
    vector,
    fingerprint,
    durable: (flags & 1) !== 0,
    whole: (flags & 2) !== 0,
    swept: (flags & 4) !== 0,
    readiness: readinessOf(flags >>> 3),
  };
}

function readinessOf(bits: number): Readiness {
  if (bits !== NOT_READY && bits !== HALF_READY && bits !== READY) throw new BadBytes(`readiness ${bits}`);
  return bits;
}

function writeVectorEntry(writer: ByteWriter, entry: VectorEntry): void {
  writer.varint(entry.shard);
  entry.vector.encode(writer);
  const isDurable = entry.durable === entry.vector;
  writer.u8((isDurable ? 1 : 0) | (entry.doubtful ? 2 : 0) | (entry.readiness << 2));
  if (!isDurable) entry.durable.encode(writer);
  writeList(writer, entry.early, (out, early) => {
    writeOrigin(out, early.origin);
    out.varint(early.seen);
    out.u32(early.held);
  });
}

function readVectorEntry(reader: ByteReader): VectorEntry {
  const shard = readShard(reader);
  const vector = VersionVector.decode(reader);
  const flags = reader.u8();
  if (flags > 15) throw new BadBytes("vector with unknown flags");
  return {
    shard,
    vector,
    durable: (flags & 1) !== 0 ? vector : VersionVector.decode(reader),
    doubtful: (flags & 2) !== 0,
    readiness: readinessOf(flags >>> 2),
    early: readList(reader, ORIGINS_MAX, (from) => ({
      origin: readOrigin(from),
      seen: from.varint(),
      held: from.u32(),
    })),
  };
}
