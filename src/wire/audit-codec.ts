/** Bytes of the messages by which a register that was lost or damaged is found, and voted on. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import {
  readDigest,
  readFlag,
  readList,
  readRecords,
  readShard,
  writeDigest,
  writeList,
  writeRecords,
} from "./fields.ts";
import { type AuditEntry, INSTANT_MAX, type MessageOf, SLICES_MAX } from "./message.ts";

const AUDIT_ENTRIES_MAX = 65536;
const BUCKETS_MAX = 4096;

type AuditMessage = MessageOf<
  "audit-buckets" | "audit-entries" | "audit-fetch" | "audit-records" | "audit-vote" | "audit-ballot" | "audit-forget"
>;

export function writeAuditMessage(writer: ByteWriter, message: AuditMessage): void {
  switch (message.type) {
    case "audit-buckets":
      writer.varint(message.shard);
      writer.varint(message.asOf);
      writeDigest(writer, message.vector);
      return writeList(writer, message.buckets, writeDigest);
    case "audit-entries":
      writer.varint(message.shard);
      writer.varint(message.asOf);
      writeDigest(writer, message.vector);
      writeList(writer, message.buckets, (out, bucket) => out.varint(bucket));
      writer.varint(message.slices);
      writer.varint(message.slice);
      return writeList(writer, message.entries, writeAuditEntry);
    case "audit-fetch":
      writer.varint(message.shard);
      writeList(writer, message.buckets, (out, bucket) => out.varint(bucket));
      return writeList(writer, message.entries, writeAuditEntry);
    case "audit-records":
    case "audit-forget":
      writer.varint(message.shard);
      return writeRecords(writer, message.records);
    case "audit-vote":
      writer.varint(message.vote);
      writer.varint(message.shard);
      return writeRecords(writer, message.records);
    case "audit-ballot":
      writer.varint(message.vote);
      return writer.u8(message.holds ? 1 : 0);
    default:
      return assertNever(message);
  }
}

export function readAuditMessage(reader: ByteReader, type: AuditMessage["type"]): AuditMessage {
  switch (type) {
    case "audit-buckets":
      return {
        type,
        shard: readShard(reader),
        asOf: reader.varint(INSTANT_MAX),
        vector: readDigest(reader),
        buckets: readList(reader, BUCKETS_MAX, readDigest),
      };
    case "audit-entries":
      return {
        type,
        shard: readShard(reader),
        asOf: reader.varint(INSTANT_MAX),
        vector: readDigest(reader),
        buckets: readList(reader, BUCKETS_MAX, (from) => from.varint(BUCKETS_MAX)),
        ...readSlice(reader),
        entries: readList(reader, AUDIT_ENTRIES_MAX, readAuditEntry),
      };
    case "audit-fetch":
      return {
        type,
        shard: readShard(reader),
        buckets: readList(reader, BUCKETS_MAX, (from) => from.varint(BUCKETS_MAX)),
        entries: readList(reader, AUDIT_ENTRIES_MAX, readAuditEntry),
      };
    case "audit-records":
    case "audit-forget":
      return { type, shard: readShard(reader), records: readRecords(reader) };
    case "audit-vote":
      return { type, vote: reader.varint(), shard: readShard(reader), records: readRecords(reader) };
    case "audit-ballot":
      return { type, vote: reader.varint(), holds: readFlag(reader) };
    default:
      return assertNever(type);
  }
}

function readSlice(reader: ByteReader): { slices: number; slice: number } {
  const slices = reader.varint(SLICES_MAX);
  const slice = reader.varint();
  if (slice >= slices) throw new BadBytes(`slice ${slice} of ${slices}`);
  return { slices, slice };
}

function writeAuditEntry(writer: ByteWriter, entry: AuditEntry): void {
  writer.u32(entry.elementHigh);
  writer.u32(entry.elementLow);
}

function readAuditEntry(reader: ByteReader): AuditEntry {
  return { elementHigh: reader.u32(), elementLow: reader.u32() };
}
