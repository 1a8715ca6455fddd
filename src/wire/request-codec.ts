/** Bytes of requests between replicas and of their answers. Whatever could not have been written is refused with `BadBytes`. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { type ErrorCode, errorTable } from "../base/errors.ts";
import type { Timestamp } from "../base/ids.ts";
import { SPACE_SHARDS_MAX } from "../base/shard-id.ts";
import { TIMESTAMP_MAX } from "../core/clock.ts";
import { areTags, decodeTags, encodeTags, TAGS_BYTES_MAX } from "../core/record/tags.ts";
import type { Condition } from "../store.ts";
import { readAckLevel, readAcks, writeAckLevel, writeAcks } from "./ack-codec.ts";
import { readCommands, readReplied, writeCommands, writeReplied } from "./command-codec.ts";
import { readFlag, readList, readOrigin, readSpace, WAIT_MS_MAX, writeList, writeOrigin } from "./fields.ts";
import { INSTANT_MAX, type MessageOf } from "./message.ts";
import {
  readCopied,
  readCopy,
  readDot,
  readKey,
  readListBody,
  readListedShard,
  readSized,
  VALUE_BYTES_MAX,
  writeCopy,
  writeDot,
  writeListBody,
  writeListedShard,
  writePlace,
  writeSized,
} from "./page-codec.ts";
import type { Request, RequestBody, Response, ResponseBody, RestoreBody, WriteBody } from "./request.ts";

/** Owners that pass a request on have an older or a later view than whoever asked. */
export const HOPS_MAX = 2;
/** More than a token of a session holds. */
const DOTS_MAX = 1024;
const CONTENT_TYPE_MAX = 255;
const VERSIONS_MAX = 4096;
const VERSION_LENGTH = 29;
const VERSION = /^[0-9a-f]{14}-[0-9a-f]{14}$/;
const MESSAGE_MAX = 1024;
/** One for each shard, and for the lives of one replica that are not sealed yet. */
const WRITTEN_MAX = 2 ** 20;

const CODES = Object.keys(errorTable) as ErrorCode[];
const CODE_MAX = 64;
const isCode = new Set<string>(CODES);

const bodyByte = {
  read: 1,
  write: 2,
  list: 3,
  writes: 4,
  copy: 5,
  restore: 6,
  commands: 7,
} as const satisfies Record<RequestBody["type"], number>;
const answerByte = {
  read: 1,
  written: 2,
  stale: 3,
  refused: 4,
  error: 5,
  listed: 6,
  taken: 7,
  wrote: 8,
  copied: 9,
  restored: 10,
  replied: 11,
} as const satisfies Record<ResponseBody["type"], number>;

const HAS_VALUE = 1;
const HAS_CONTENT_TYPE = 2;
const HAS_EXPIRY = 4;
const HAS_STAMP = 8;
const MAY_BE_DONE = 16;
const HAS_CONDITION = 32;
const HAS_TAGS = 64;
const HAS_ABOVE = 128;

const conditionByte = { absent: 0, present: 1, version: 2 } as const satisfies Record<Condition["type"], number>;

export function writeRequest(writer: ByteWriter, request: Request): void {
  writer.varint(request.request);
  writer.u32(request.space);
  writer.u8(request.hops);
  writeList(writer, request.after, writeDot);
  writer.varint(request.waitMs);
  const { body } = request;
  writer.u8(bodyByte[body.type]);
  switch (body.type) {
    case "read":
      writer.latin1(body.key);
      return writer.u8(body.quorum ? 1 : 0);
    case "write":
      return writeWrite(writer, body);
    case "list":
      return writeListBody(writer, body);
    case "writes":
      return;
    case "copy":
      return writeCopy(writer, body);
    case "restore":
      return writeRestore(writer, body);
    case "commands":
      return writeCommands(writer, body);
    default:
      return assertNever(body);
  }
}

export function readRequest(reader: ByteReader): MessageOf<"request"> {
  const request = reader.varint();
  const space = readSpace(reader);
  const hops = reader.u8();
  if (hops > HOPS_MAX) throw new BadBytes(`a request with ${hops} hops`);
  const after = readList(reader, DOTS_MAX, readDot);
  const waitMs = reader.varint(WAIT_MS_MAX);
  return { type: "request", request, space, hops, after, waitMs, body: readBody(reader) };
}

function readBody(reader: ByteReader): RequestBody {
  const byte = reader.u8();
  switch (byte) {
    case bodyByte.read:
      return { type: "read", key: readKey(reader), quorum: readFlag(reader) };
    case bodyByte.write:
      return readWrite(reader);
    case bodyByte.list:
      return readListBody(reader);
    case bodyByte.writes:
      return { type: "writes" };
    case bodyByte.copy:
      return readCopy(reader);
    case bodyByte.restore:
      return readRestore(reader);
    case bodyByte.commands:
      return readCommands(reader);
    default:
      throw new BadBytes(`a request of unknown type ${byte}`);
  }
}

function writeWrite(writer: ByteWriter, body: WriteBody): void {
  writer.u8(
    (body.value === undefined ? 0 : HAS_VALUE) |
      (body.contentType === undefined ? 0 : HAS_CONTENT_TYPE) |
      (body.expiresAt === undefined ? 0 : HAS_EXPIRY) |
      (body.stamp === undefined ? 0 : HAS_STAMP) |
      (body.mayBeDone ? MAY_BE_DONE : 0) |
      (body.condition === undefined ? 0 : HAS_CONDITION) |
      (body.tags === undefined ? 0 : HAS_TAGS) |
      (body.above === undefined ? 0 : HAS_ABOVE),
  );
  writer.latin1(body.key);
  writeAckLevel(writer, body.ack);
  writer.varint(body.ackTimeoutMs);
  if (body.contentType !== undefined) writer.latin1(body.contentType);
  if (body.expiresAt !== undefined) writer.varint(body.expiresAt);
  if (body.stamp !== undefined) writer.varint(body.stamp);
  if (body.tags !== undefined) writer.blob(encodeTags(body.tags));
  if (body.above !== undefined) writer.varint(body.above);
  if (body.condition !== undefined) writeCondition(writer, body.condition);
  if (body.value !== undefined) writer.blob(body.value);
}

function readWrite(reader: ByteReader): WriteBody {
  const flags = reader.u8();
  const key = readKey(reader);
  const ack = readAckLevel(reader);
  const ackTimeoutMs = reader.varint(WAIT_MS_MAX);
  const contentType = flags & HAS_CONTENT_TYPE ? reader.latin1(CONTENT_TYPE_MAX) : undefined;
  const expiresAt = flags & HAS_EXPIRY ? reader.varint(INSTANT_MAX) : undefined;
  const stamp = flags & HAS_STAMP ? (reader.varint(TIMESTAMP_MAX) as Timestamp) : undefined;
  const tags = flags & HAS_TAGS ? readTags(reader) : undefined;
  const above = flags & HAS_ABOVE ? (reader.varint(TIMESTAMP_MAX) as Timestamp) : undefined;
  const condition = flags & HAS_CONDITION ? readCondition(reader) : undefined;
  const mayBeDone = (flags & MAY_BE_DONE) !== 0;
  if (condition !== undefined && mayBeDone) throw new BadBytes("a condition that may have been decided");
  const value = flags & HAS_VALUE ? reader.blob(VALUE_BYTES_MAX) : undefined;
  if (value === undefined && tags !== undefined) throw new BadBytes("a deletion with tags");
  const content = { value, contentType, tags, above, expiresAt };
  return { type: "write", key, ...content, stamp, mayBeDone, condition, ack, ackTimeoutMs };
}

function readTags(reader: ByteReader): readonly string[] {
  const bytes = reader.blob(TAGS_BYTES_MAX);
  if (!areTags(bytes, 0, bytes.length)) throw new BadBytes("tags out of form");
  return decodeTags(bytes, 0, bytes.length);
}

function writeCondition(writer: ByteWriter, condition: Condition): void {
  writer.u8(conditionByte[condition.type]);
  if (condition.type !== "version") return;
  // What has not the form of a version is that of nothing.
  const versions = condition.versions.filter((version) => VERSION.test(version)).slice(0, VERSIONS_MAX);
  writeList(writer, versions, (out, version) => out.latin1(version));
}

function readCondition(reader: ByteReader): Condition {
  const byte = reader.u8();
  if (byte === conditionByte.absent) return { type: "absent" };
  if (byte === conditionByte.present) return { type: "present" };
  if (byte !== conditionByte.version) throw new BadBytes(`a condition of unknown type ${byte}`);
  return { type: "version", versions: readList(reader, VERSIONS_MAX, (from) => from.latin1(VERSION_LENGTH)) };
}

function writeRestore(writer: ByteWriter, { stamp, isOurs, records }: RestoreBody): void {
  writer.u8((stamp === undefined ? 0 : 1) | (isOurs ? 2 : 0));
  if (stamp !== undefined) writer.varint(stamp);
  writeSized(writer, records);
}

function readRestore(reader: ByteReader): RestoreBody {
  const flags = reader.u8();
  if (flags > 3) throw new BadBytes("a restore with unknown flags");
  const stamp = flags & 1 ? (reader.varint(TIMESTAMP_MAX) as Timestamp) : undefined;
  return { type: "restore", stamp, isOurs: (flags & 2) !== 0, records: readSized(reader) };
}

export function writeResponse(writer: ByteWriter, { request, body }: Response): void {
  writer.varint(request);
  writer.u8(answerByte[body.type]);
  switch (body.type) {
    case "read":
      writeList(writer, body.beside, writeDot);
      return writeSized(writer, body.records);
    case "written":
      writer.varint(body.timestamp);
      writeOrigin(writer, body.origin);
      writer.varint(body.sequence);
      writer.u8(body.existed ? 1 : 0);
      return writeAcks(writer, body.acks);
    case "stale":
      return writer.varint(body.above);
    case "refused":
    case "taken":
      return;
    case "error":
      writer.latin1(body.code);
      return writer.latin1(body.message.slice(0, MESSAGE_MAX));
    case "listed":
      return writeList(writer, body.pages, writeListedShard);
    case "wrote":
      return writeList(writer, body.dots, writeDot);
    case "copied":
      writer.varint(body.done);
      writePlace(writer, body);
      return writeSized(writer, body.records);
    case "replied":
      return writeReplied(writer, body);
    case "restored":
      for (const count of [body.restored, body.kept, body.forgotten, body.expired]) writer.varint(count);
      return;
    default:
      return assertNever(body);
  }
}

export function readResponse(reader: ByteReader): MessageOf<"response"> {
  return { type: "response", request: reader.varint(), body: readAnswer(reader) };
}

function readAnswer(reader: ByteReader): ResponseBody {
  const byte = reader.u8();
  switch (byte) {
    case answerByte.read:
      return { type: "read", beside: readList(reader, DOTS_MAX, readDot), records: readSized(reader) };
    case answerByte.written:
      return readWritten(reader);
    case answerByte.stale:
      return { type: "stale", above: reader.varint(TIMESTAMP_MAX) as Timestamp };
    case answerByte.refused:
      return { type: "refused" };
    case answerByte.taken:
      return { type: "taken" };
    case answerByte.error:
      return { type: "error", code: readCode(reader), message: reader.latin1(MESSAGE_MAX) };
    case answerByte.listed:
      return { type: "listed", pages: readList(reader, SPACE_SHARDS_MAX, readListedShard) };
    case answerByte.wrote:
      return { type: "wrote", dots: readList(reader, WRITTEN_MAX, readDot) };
    case answerByte.copied:
      return readCopied(reader);
    case answerByte.replied:
      return readReplied(reader);
    case answerByte.restored:
      return {
        ...{ type: "restored", restored: reader.varint(), kept: reader.varint() },
        ...{ forgotten: reader.varint(), expired: reader.varint() },
      };
    default:
      throw new BadBytes(`an answer of unknown type ${byte}`);
  }
}

function readWritten(reader: ByteReader): ResponseBody {
  const timestamp = reader.varint(TIMESTAMP_MAX) as Timestamp;
  const origin = readOrigin(reader);
  const sequence = reader.varint();
  return { type: "written", timestamp, origin, sequence, existed: readFlag(reader), acks: readAcks(reader) };
}

/** One that this version does not know is the other's own affair. */
function readCode(reader: ByteReader): ErrorCode {
  const code = reader.latin1(CODE_MAX);
  return isCode.has(code) ? (code as ErrorCode) : "INTERNAL";
}
