/**
 * How a replica's state lies in its storage, an ordered map of bytes. The first byte of a key says what is there:
 *
 *     m                     the replica itself: one `Meta`
 *     r  shard  identity    a register: its record, verbatim (`core/record/record.ts`)
 *     s  shard              the head of a shard: what it claims to have, and count and sum of its registers
 *
 * A shard is its space, a u32, and its number there, a u16, big endian, so that ranges of shards are ranges of keys. A
 * register's identity is kind u8, key length u16 (big endian; its highest bit says that there is a field), key, field.
 *
 * Registers and the head that claims them go into one atomic write. The disk below may still lose entries without a
 * word: then count and sum of the registers that are there differ from those in the head. Sum means
 * `core/record/fingerprint.ts` over every record of the shard on disk, tombstones included.
 *
 * Meta and heads carry a checksum of their own, over the bytes behind it and, for a head, the shard.
 */

import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { mix32, xxHash32 } from "../base/hash.ts";
import { isReplicaId, type ReplicaId, type ShardId } from "../base/ids.ts";
import { numberOf, SHARD_ID_MAX, SPACE_SHARDS_MAX, spaceOf } from "../base/shard-id.ts";
import { FLAG_FIELD, flagsAt, identityEndAt, identityStartAt, keyLengthAt, kindAt } from "../core/record/record.ts";
import type { KeyRange } from "./ports.ts";

/** Goes up with every change that an older version could not read; `disk-migrations.ts` has a step from each to the next. */
export const DISK_FORMAT_VERSION = 5;

const META_PREFIX = 0x6d;
const REGISTER_PREFIX = 0x72;
const SHARD_HEAD_PREFIX = 0x73;

/** Bytes of a register's key before its key and field. */
const REGISTER_KEY_HEAD_BYTES = 10;
const SHARD_KEY_BYTES = 7;
const NAME_BYTES_MAX = 1024;
const META_EXTRA_BYTES_MAX = 1 << 20;
const SHARD_HEAD_BYTES_MAX = 16 << 20;

const CHECKSUM_BYTES = 4;
const META_SEED = 0x41746d31;
export const SHARD_HEAD_SEED = 0x41747331;

/** What a data folder says of the replica it belongs to. */
export interface Meta {
  readonly replica: ReplicaId;
  /** Number of the life that wrote this; the next one is greater. */
  readonly life: number;
  readonly cluster: string;
  readonly region: string;
  /** The cluster's shard count. */
  readonly shards: number;
  /** For what else the replica keeps of itself, encoded by whoever knows; up to 1 MiB. */
  readonly extra: Uint8Array;
}

export interface ShardHead {
  /** Version vector and the like, encoded by the shard; up to 16 MiB. */
  readonly head: Uint8Array;
  /** Registers of this shard on disk, tombstones included. */
  readonly count: number;
  /** Halves of the sum over their records, unsigned. */
  readonly sumHigh: number;
  readonly sumLow: number;
}

export const metaKey: Uint8Array = Uint8Array.of(META_PREFIX);

/** The meta and nothing else. */
export function metaRange(): KeyRange {
  return { from: Uint8Array.of(META_PREFIX), to: Uint8Array.of(META_PREFIX + 1) };
}

/** Appends a meta to `writer`; returns a view of it, valid until the writer is used again. */
export function encodeMeta(meta: Meta, writer: ByteWriter = new ByteWriter()): Uint8Array {
  const start = writer.reserve(CHECKSUM_BYTES);
  writer.u16(DISK_FORMAT_VERSION);
  writer.latin1(meta.replica);
  writer.varint(meta.life);
  writer.text(meta.cluster);
  writer.text(meta.region);
  writer.varint(meta.shards);
  writer.blob(meta.extra);
  return seal(writer.view().subarray(start), META_SEED);
}

/** The format of a meta, and what is behind it. Throws `BadBytes`. */
export function openMeta(bytes: Uint8Array): { readonly format: number; readonly rest: Uint8Array } {
  // Checksum and version lie here in every format.
  const reader = openSealed(bytes, META_SEED);
  const format = reader.u16();
  return { format, rest: reader.raw(reader.remaining) };
}

/** A meta out of what `openMeta` took apart. */
export function sealMeta(format: number, rest: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  const start = writer.reserve(CHECKSUM_BYTES);
  writer.u16(format);
  writer.raw(rest);
  return seal(writer.view().subarray(start), META_SEED);
}

/** Throws `BadBytes`, and `DATA_NEWER_FORMAT` for what a later version of this program wrote. */
export function decodeMeta(bytes: Uint8Array): Meta {
  const { format, rest } = openMeta(bytes);
  if (format > DISK_FORMAT_VERSION) {
    throw new AtollError(
      "DATA_NEWER_FORMAT",
      `the data has format ${format}; this version reads formats up to ${DISK_FORMAT_VERSION}`,
    );
  }
  if (format < DISK_FORMAT_VERSION) throw new AtollError("DATA_UNREADABLE", `the data has format ${format}`);
  const reader = new ByteReader(rest);
  const replica = reader.latin1(NAME_BYTES_MAX);
  if (!isReplicaId(replica)) throw new BadBytes("not a replica id");
  const meta: Meta = {
    replica,
    life: reader.varint(),
    cluster: new TextDecoder().decode(reader.blob(NAME_BYTES_MAX)),
    region: new TextDecoder().decode(reader.blob(NAME_BYTES_MAX)),
    shards: reader.varint(SPACE_SHARDS_MAX),
    extra: reader.blob(META_EXTRA_BYTES_MAX).slice(),
  };
  reader.finish();
  return meta;
}

export function shardHeadKey(shard: ShardId): Uint8Array {
  return shardKey(SHARD_HEAD_PREFIX, shard);
}

/** The heads of all shards. */
export function shardHeadRange(): KeyRange {
  return { from: Uint8Array.of(SHARD_HEAD_PREFIX), to: Uint8Array.of(SHARD_HEAD_PREFIX + 1) };
}

/** Appends the head of a shard to `writer`; returns a view of it, valid until the writer is used again. */
export function encodeShardHead(
  shard: ShardId,
  { head, count, sumHigh, sumLow }: ShardHead,
  writer: ByteWriter = new ByteWriter(),
): Uint8Array {
  const start = writer.reserve(CHECKSUM_BYTES);
  writer.varint(count);
  writer.u32(sumHigh);
  writer.u32(sumLow);
  writer.blob(head);
  return seal(writer.view().subarray(start), headSeedOf(shard));
}

/** Throws `BadBytes`, also for the head of another shard. */
export function decodeShardHead(shard: ShardId, bytes: Uint8Array): ShardHead {
  return openShardHead(bytes, headSeedOf(shard));
}

/** Throws `BadBytes`, also for a head that was sealed with another seed. */
export function openShardHead(bytes: Uint8Array, seed: number): ShardHead {
  const reader = openSealed(bytes, seed);
  const count = reader.varint();
  const sumHigh = reader.u32();
  const sumLow = reader.u32();
  const head = reader.blob(SHARD_HEAD_BYTES_MAX).slice();
  reader.finish();
  return { head, count, sumHigh, sumLow };
}

/** The key under which the record at `at` lies. */
export function recordKey(view: DataView, at: number, shard: ShardId): Uint8Array {
  const writer = new ByteWriter(64);
  writeRecordKey(view, at, shard, writer);
  return writer.copy();
}

/** Appends the key under which the record at `at` lies to `writer`. */
export function writeRecordKey(view: DataView, at: number, shard: ShardId, writer: ByteWriter): void {
  const start = identityStartAt(view, at);
  const length = identityEndAt(view, at) - start;
  const to = writer.reserve(REGISTER_KEY_HEAD_BYTES + length);
  const { bytes } = writer;
  writeShard(bytes, to, REGISTER_PREFIX, shard);
  bytes[to + 7] = kindAt(view, at);
  bytes[to + 8] = lengthByte(view, at);
  bytes[to + 9] = keyLengthAt(view, at);
  // For so few bytes a loop is faster than a view and `set`.
  for (let i = 0; i < length; i++) bytes[to + REGISTER_KEY_HEAD_BYTES + i] = view.getUint8(start + i);
}

/** True when `key` is the one under which the record at `at` lies: `recordKey` without making it. */
export function isRecordKey(key: Uint8Array, view: DataView, at: number, shard: ShardId): boolean {
  const start = identityStartAt(view, at);
  const length = identityEndAt(view, at) - start;
  if (key.length !== REGISTER_KEY_HEAD_BYTES + length) return false;
  if (key[0] !== REGISTER_PREFIX || shardOfKey(key) !== shard) return false;
  if (key[7] !== kindAt(view, at) || key[8] !== lengthByte(view, at)) return false;
  if (key[9] !== (keyLengthAt(view, at) & 0xff)) return false;
  for (let i = 0; i < length; i++) {
    if (key[REGISTER_KEY_HEAD_BYTES + i] !== view.getUint8(start + i)) return false;
  }
  return true;
}

/** The high byte of the key length, and whether there is a field. */
function lengthByte(view: DataView, at: number): number {
  return (keyLengthAt(view, at) >>> 8) | ((flagsAt(view, at) & FLAG_FIELD) === 0 ? 0 : 0x80);
}

/** The shard that a key of `shardHeadRange` or `registerRange` belongs to. */
export function shardOfKey(key: Uint8Array): ShardId {
  if (key.length < SHARD_KEY_BYTES) throw new BadBytes("a key without its shard");
  let shard = 0;
  for (let i = 1; i < SHARD_KEY_BYTES; i++) shard = shard * 256 + (key[i] as number);
  if (shard > SHARD_ID_MAX) throw new BadBytes(`shard ${shard}`);
  return shard as ShardId;
}

/** The registers of one shard, or of all. */
export function registerRange(shard: ShardId | "all"): KeyRange {
  const end = Uint8Array.of(REGISTER_PREFIX + 1);
  if (shard === "all") return { from: Uint8Array.of(REGISTER_PREFIX), to: end };
  const to = shard === SHARD_ID_MAX ? end : shardKey(REGISTER_PREFIX, (shard + 1) as ShardId);
  return { from: shardKey(REGISTER_PREFIX, shard), to };
}

function shardKey(prefix: number, shard: ShardId): Uint8Array {
  const key = new Uint8Array(SHARD_KEY_BYTES);
  writeShard(key, 0, prefix, shard);
  return key;
}

/** Writes the bytes that a key begins with, from `at`. */
function writeShard(bytes: Uint8Array, at: number, prefix: number, shard: ShardId): void {
  bytes[at] = prefix;
  const space = spaceOf(shard);
  const number = numberOf(shard);
  for (let i = 0; i < 4; i++) bytes[at + 1 + i] = space >>> (24 - 8 * i);
  bytes[at + 5] = number >>> 8;
  bytes[at + 6] = number;
}

function headSeedOf(shard: ShardId): number {
  return SHARD_HEAD_SEED ^ numberOf(shard) ^ mix32(spaceOf(shard));
}

/** Fills in the checksum at the front. */
function seal(bytes: Uint8Array, seed: number): Uint8Array {
  viewOf(bytes).setUint32(0, checksumOf(bytes, seed), true);
  return bytes;
}

/** A reader of what lies behind a checksum that is right. */
function openSealed(bytes: Uint8Array, seed: number): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== checksumOf(bytes, seed)) throw new BadBytes("wrong checksum");
  return reader;
}

function checksumOf(bytes: Uint8Array, seed: number): number {
  return xxHash32(viewOf(bytes), CHECKSUM_BYTES, bytes.length, seed);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The checksum that a head bears in front. */
export function headChecksum(head: Uint8Array): number {
  return new ByteReader(head).u32();
}
