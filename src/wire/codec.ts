/**
 * Bytes of the peer messages. `decodeMessage` refuses with `BadBytes` whatever `encodeMessage` would not have written. Messages that
 * belong together have a codec of their own, encoder and decoder side by side.
 */

import { assertNever } from "../base/assert.ts";
import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import { Copies } from "../base/copies.ts";
import type { Key } from "../base/ids.ts";
import { readAuditMessage, writeAuditMessage } from "./audit-codec.ts";
import {
  KEY_BYTES_MAX,
  readFlag,
  readList,
  readRecords,
  readShard,
  readSpace,
  SHARDS_MAX,
  writeList,
  writeRecords,
} from "./fields.ts";
import { readGhostMessage, writeGhostMessage } from "./ghost-codec.ts";
import { readMembershipMessage, writeMembershipMessage } from "./membership-codec.ts";
import { type Message, WHISPER_BYTES_MAX } from "./message.ts";
import { CHECKSUM_BYTES, checkMessage, sealMessage } from "./message-checksum.ts";
import { messageTypeOf, typeByte } from "./message-type.ts";
import { readPullMessage, writePullMessage } from "./pull-codec.ts";
import { readPushMessage, writePushMessage } from "./push-codec.ts";
import { readReportMessage, writeReportMessage } from "./report-codec.ts";
import { readRequest, readResponse, writeRequest, writeResponse } from "./request-codec.ts";

/**
 * Where messages are put together, to be copied out: most are short, and what they are copied to has their own length. It
 * keeps the room that the longest one took.
 */
const scratch = new ByteWriter(4096);

const frames = new Copies(16 * 1024);

export function encodeMessage(message: Message): Uint8Array {
  const recordBytes = "records" in message ? message.records.end - message.records.start : 0;
  scratch.clear();
  scratch.reserve(CHECKSUM_BYTES);
  scratch.u8(typeByte[message.type]);
  encodeFields(scratch, message);
  const frame = frames.of(scratch.view());
  sealMessage(frame, frame.length - recordBytes);
  return frame;
}

function encodeFields(writer: ByteWriter, message: Message): void {
  switch (message.type) {
    case "push":
    case "relay":
    case "relayed":
    case "confirm":
      return writePushMessage(writer, message);
    case "digest":
    case "shard-digests":
    case "vectors":
      return writeReportMessage(writer, message);
    case "pull":
    case "delta":
    case "credit":
    case "stop":
      return writePullMessage(writer, message);
    case "audit-buckets":
    case "audit-entries":
    case "audit-fetch":
    case "audit-records":
    case "audit-vote":
    case "audit-ballot":
    case "audit-forget":
      return writeAuditMessage(writer, message);
    case "keep":
    case "kept":
    case "fetch":
    case "fetched":
      return writeGhostMessage(writer, message);
    case "members":
    case "quarantine":
    case "leave":
    case "ping":
    case "ping-ack":
    case "ping-request":
    case "ping-nack":
    case "gossip":
    case "roster":
    case "roster-buckets":
    case "roster-rows":
      return writeMembershipMessage(writer, message);
    case "read":
      writer.varint(message.request);
      writer.varint(message.shard);
      writer.u8(message.kind);
      return writer.latin1(message.key);
    case "read-reply":
      writer.varint(message.request);
      writer.u8(message.whole ? 1 : 0);
      return writeRecords(writer, message.records);
    case "follow":
    case "followed":
      writer.u32(message.space);
      return writeList(writer, message.shards, (out, shard) => out.varint(shard));
    case "news":
      writer.u32(message.space);
      return writeRecords(writer, message.records);
    case "request":
      return writeRequest(writer, message);
    case "response":
      return writeResponse(writer, message);
    case "whisper":
      writer.latin1(message.topic);
      return writer.blob(message.bytes);
    default:
      return assertNever(message);
  }
}

/** The message in `frame`. Records in it are views into the frame and not yet checked. Throws `BadBytes`. */
export function decodeMessage(frame: Uint8Array): Message {
  const reader = new ByteReader(frame);
  reader.skip(CHECKSUM_BYTES);
  const byte = reader.u8();
  const type = messageTypeOf(byte);
  if (type === undefined) throw new BadBytes(`message of unknown type ${byte}`);
  const message = decodeFields(reader, type);
  reader.finish();
  // Where the records begin is known only now; until here nothing has come of what was read.
  checkMessage(frame, "records" in message ? message.records.start : frame.length);
  return message;
}

function decodeFields(reader: ByteReader, type: Message["type"]): Message {
  switch (type) {
    case "push":
    case "relay":
    case "relayed":
    case "confirm":
      return readPushMessage(reader, type);
    case "digest":
    case "shard-digests":
    case "vectors":
      return readReportMessage(reader, type);
    case "pull":
    case "delta":
    case "credit":
    case "stop":
      return readPullMessage(reader, type);
    case "audit-buckets":
    case "audit-entries":
    case "audit-fetch":
    case "audit-records":
    case "audit-vote":
    case "audit-ballot":
    case "audit-forget":
      return readAuditMessage(reader, type);
    case "keep":
    case "kept":
    case "fetch":
    case "fetched":
      return readGhostMessage(reader, type);
    case "members":
    case "quarantine":
    case "leave":
    case "ping":
    case "ping-ack":
    case "ping-request":
    case "ping-nack":
    case "gossip":
    case "roster":
    case "roster-buckets":
    case "roster-rows":
      return readMembershipMessage(reader, type);
    case "read":
      return {
        type,
        request: reader.varint(),
        shard: readShard(reader),
        kind: reader.u8(),
        key: reader.latin1(KEY_BYTES_MAX),
      };
    case "read-reply":
      return { type, request: reader.varint(), whole: readFlag(reader), records: readRecords(reader) };
    case "follow":
    case "followed":
      return {
        type,
        space: readSpace(reader),
        shards: readList(reader, SHARDS_MAX, (from) => from.varint(SHARDS_MAX - 1)),
      };
    case "news":
      return { type, space: readSpace(reader), records: readRecords(reader) };
    case "request":
      return readRequest(reader);
    case "response":
      return readResponse(reader);
    case "whisper":
      return { type, topic: reader.latin1(KEY_BYTES_MAX) as Key, bytes: reader.blob(WHISPER_BYTES_MAX) };
    default:
      return assertNever(type);
  }
}
