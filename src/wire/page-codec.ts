/** Bytes of what pages are made of: places of the listing's order, keys, dots, registers with their length. */

import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import { SPACE_SHARDS_MAX } from "../base/shard-id.ts";
import { ORDER_MAX } from "../core/key-order.ts";
import type { Dot } from "../store.ts";
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
import type { Records } from "./records.ts";
import type { CopiedBody, CopyBody, ListBody, ListedShard } from "./request.ts";

const KEYS_MAX = 65_536;
/** Of a copy that is asked for. */
const COPY_BYTES_MAX = 2 ** 24;
export const VALUE_BYTES_MAX = 2 ** 31 - 1;

export function writeListBody(writer: ByteWriter, body: ListBody): void {
  writer.latin1(body.prefix);
  writer.varint(body.limit);
  writeList(writer, body.shards, (out, shard) => out.varint(shard));
  writePlace(writer, body);
}

export function readListBody(reader: ByteReader): ListBody {
  const prefix = reader.latin1(KEY_BYTES_MAX);
  const limit = reader.varint(KEYS_MAX);
  const shards = readList(reader, SPACE_SHARDS_MAX, readShardNumber);
  if (limit === 0 || shards.length === 0) throw new BadBytes("a listing of nothing");
  return { type: "list", prefix, limit, shards, ...readPlace(reader) };
}

export function writeCopy(writer: ByteWriter, body: CopyBody): void {
  writer.varint(body.bytesMax);
  writeList(writer, body.shards, (out, shard) => out.varint(shard));
  writePlace(writer, body);
}

export function readCopy(reader: ByteReader): CopyBody {
  const bytesMax = reader.varint(COPY_BYTES_MAX);
  const shards = readList(reader, SPACE_SHARDS_MAX, readShardNumber);
  if (bytesMax === 0 || shards.length === 0) throw new BadBytes("a copy of nothing");
  return { type: "copy", bytesMax, shards, ...readPlace(reader) };
}

export function writePlace(writer: ByteWriter, { order, after }: Pick<ListBody, "order" | "after">): void {
  writer.varint(order);
  writer.u8(after === undefined ? 0 : 1);
  if (after !== undefined) writer.latin1(after);
}

export function readPlace(reader: ByteReader): Pick<ListBody, "order" | "after"> {
  const order = reader.varint(ORDER_MAX);
  return { order, after: readFlag(reader) ? reader.latin1(KEY_BYTES_MAX) : undefined };
}

export function readCopied(reader: ByteReader): CopiedBody {
  const done = reader.varint(SPACE_SHARDS_MAX);
  return { type: "copied", done, ...readPlace(reader), records: readSized(reader) };
}

/** Last in its message, which is to be refused when it was cut short. */
export function writeSized(writer: ByteWriter, records: Records): void {
  writer.varint(records.end - records.start);
  writeRecords(writer, records);
}

export function readSized(reader: ByteReader): Records {
  const length = reader.varint(VALUE_BYTES_MAX);
  if (length !== reader.remaining) throw new BadBytes("registers of another length");
  return readRecords(reader);
}

export function writeListedShard(writer: ByteWriter, { shard, keys, next }: ListedShard): void {
  writer.varint(shard);
  writeList(writer, keys, (out, key) => out.latin1(key));
  writer.u8(next === undefined ? 0 : 1);
  if (next !== undefined) writePlace(writer, next);
}

export function readListedShard(reader: ByteReader): ListedShard {
  const shard = readShardNumber(reader);
  const keys = readList(reader, KEYS_MAX, readKey);
  return { shard, keys, next: readFlag(reader) ? readPlace(reader) : undefined };
}

export function readShardNumber(reader: ByteReader): number {
  return reader.varint(SPACE_SHARDS_MAX - 1);
}

export function readKey(reader: ByteReader): Key {
  return reader.latin1(KEY_BYTES_MAX) as Key;
}

export function writeDot(writer: ByteWriter, { shard, origin, sequence }: Dot): void {
  writer.varint(shard);
  writeOrigin(writer, origin);
  writer.varint(sequence);
}

export function readDot(reader: ByteReader): Dot {
  return { shard: readShard(reader), origin: readOrigin(reader), sequence: reader.varint() };
}
