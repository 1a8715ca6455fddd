/** Bytes of what is said of values that are with a peer and not here. */

import { assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import type { Key, Timestamp } from "../base/ids.ts";
import {
  KEY_BYTES_MAX,
  readFlag,
  readList,
  readOrigin,
  readRecords,
  readShard,
  writeList,
  writeOrigin,
  writeRecords,
} from "./fields.ts";
import type { GhostMessage } from "./ghost-message.ts";
import { KEEP_MAX, type VersionFacts } from "./version-facts.ts";

export function writeGhostMessage(writer: ByteWriter, message: GhostMessage): void {
  switch (message.type) {
    case "keep":
      writer.varint(message.question);
      writer.u8(message.isGoing ? 1 : 0);
      return writeList(writer, message.versions, writeVersionFacts);
    case "kept":
      writer.varint(message.question);
      writer.u8(message.isWhole ? 1 : 0);
      writer.u8(message.isGoing ? 1 : 0);
      writePlaces(writer, message.places);
      return writePlaces(writer, message.noRoom);
    case "fetch":
      writer.varint(message.request);
      return writeVersionFacts(writer, message.version);
    case "fetched":
      writer.varint(message.request);
      writer.u8(message.isSure ? 1 : 0);
      return writeRecords(writer, message.records);
    default:
      return assertNever(message);
  }
}

export function readGhostMessage(reader: ByteReader, type: GhostMessage["type"]): GhostMessage {
  switch (type) {
    case "keep":
      return {
        type,
        question: reader.varint(),
        isGoing: readFlag(reader),
        versions: readList(reader, KEEP_MAX, readVersionFacts),
      };
    case "kept":
      return {
        type,
        question: reader.varint(),
        isWhole: readFlag(reader),
        isGoing: readFlag(reader),
        places: readPlaces(reader),
        noRoom: readPlaces(reader),
      };
    case "fetch":
      return { type, request: reader.varint(), version: readVersionFacts(reader) };
    case "fetched":
      return { type, request: reader.varint(), isSure: readFlag(reader), records: readRecords(reader) };
    default:
      return assertNever(type);
  }
}

function writeVersionFacts(writer: ByteWriter, version: VersionFacts): void {
  writer.varint(version.shard);
  writer.u8(version.kind);
  writer.latin1(version.key);
  writer.varint(version.timestamp);
  writeOrigin(writer, version.origin);
  writer.varint(version.sequence);
  writer.u32(version.checksum);
}

function readVersionFacts(reader: ByteReader): VersionFacts {
  return {
    shard: readShard(reader),
    kind: reader.u8(),
    key: reader.latin1(KEY_BYTES_MAX) as Key,
    timestamp: reader.varint() as Timestamp,
    origin: readOrigin(reader),
    sequence: reader.varint(),
    checksum: reader.u32(),
  };
}

/** Ascending, each told by its distance from the last. */
function writePlaces(writer: ByteWriter, places: readonly number[]): void {
  let next = 0;
  writeList(writer, places, (out, place) => {
    out.varint(place - next);
    next = place + 1;
  });
}

function readPlaces(reader: ByteReader): number[] {
  let next = 0;
  return readList(reader, KEEP_MAX, (from) => {
    if (next >= KEEP_MAX) throw new BadBytes(`place ${next} of a question`);
    const place = next + from.varint(KEEP_MAX - 1 - next);
    next = place + 1;
    return place;
  });
}
