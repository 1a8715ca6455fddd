/** Fields that several messages have. Readers refuse with `BadBytes` what writers would not have written. */

import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { isReplicaId, type OriginId, type ReplicaId, type ShardId, type SpaceId } from "../base/ids.ts";
import { SHARD_ID_MAX, SPACE_MAX } from "../base/shard-id.ts";
import type { Digest } from "../core/digest.ts";
import { LIFE_MAX, lifeOf, originOf, replicaOf } from "../core/origin.ts";
import type { Records } from "./records.ts";

export const KEY_BYTES_MAX = 65535;
export const MEMBERS_MAX = 4096;
/** In one message. */
export const SHARDS_MAX = 65536;
/** For as long as a timer can run. */
export const WAIT_MS_MAX = 2 ** 31 - 1;

export function writeList<T>(
  writer: ByteWriter,
  items: readonly T[],
  write: (writer: ByteWriter, item: T) => void,
): void {
  writer.varint(items.length);
  for (const item of items) write(writer, item);
}

export function readList<T>(reader: ByteReader, max: number, read: (reader: ByteReader) => T): T[] {
  const count = reader.varint(max);
  if (count > reader.remaining) throw new BadBytes(`a list of ${count} in ${reader.remaining} bytes`);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read(reader));
  return items;
}

export function writeRecords(writer: ByteWriter, records: Records): void {
  writer.raw(records.bytes.subarray(records.start, records.end));
}

/** Records stand last in their message and reach to its end. */
export function readRecords(reader: ByteReader): Records {
  const start = reader.skip(reader.remaining);
  const { bytes } = reader;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, start, end: reader.end };
}

export function readFlag(reader: ByteReader): boolean {
  const byte = reader.u8();
  if (byte > 1) throw new BadBytes(`flag ${byte}`);
  return byte === 1;
}

export function readShard(reader: ByteReader): ShardId {
  return reader.varint(SHARD_ID_MAX) as ShardId;
}

export function readSpace(reader: ByteReader): SpaceId {
  const space = reader.u32();
  if (space > SPACE_MAX) throw new BadBytes(`space ${space}`);
  return space as SpaceId;
}

export function readReplicaId(reader: ByteReader): ReplicaId {
  const id = reader.latin1(64);
  if (!isReplicaId(id)) throw new BadBytes("replica id out of form");
  return id;
}

export function writeOrigin(writer: ByteWriter, origin: OriginId): void {
  writer.u32(replicaOf(origin));
  writer.varint(lifeOf(origin));
}

export function readOrigin(reader: ByteReader): OriginId {
  const replica = reader.u32();
  return originOf(replica, reader.varint(LIFE_MAX));
}

export function writeDigest(writer: ByteWriter, digest: Digest): void {
  writer.u32(digest.high);
  writer.u32(digest.low);
}

export function readDigest(reader: ByteReader): Digest {
  return { high: reader.u32(), low: reader.u32() };
}
