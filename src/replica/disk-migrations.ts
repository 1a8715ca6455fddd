/**
 * Data folders of older versions of this program, brought to the format of this one step by step, from each format to the
 * next. The formats as they were are written down here once more, so that a later change elsewhere changes no step.
 *
 *  F1. The last batch of a step holds the meta with the new format: a step that was interrupted is begun again.
 *  F2. Whatever a step has done before that can be told from what it has yet to do.
 *  F3. What was damaged before stays so: a step neither repairs it nor makes it look whole.
 */

import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import type { ShardId } from "../base/ids.ts";
import { DEFAULT_SPACE, shardIdOf } from "../base/shard-id.ts";
import {
  FLAG_FIELD,
  flagsAt,
  headLength,
  identityEndAt,
  identityStartAt,
  keyLengthAt,
  kindAt,
  RECORD_HEADER_BYTES,
} from "../core/record/record.ts";
import {
  DISK_FORMAT_VERSION,
  encodeShardHead,
  headChecksum,
  metaKey,
  metaRange,
  openMeta,
  openShardHead,
  recordKey,
  registerRange,
  SHARD_HEAD_SEED,
  sealMeta,
  shardHeadKey,
  shardHeadRange,
} from "./disk-layout.ts";
import type { Log, Storage, StorageEntry, StorageOperation } from "./ports.ts";

const BATCH_OPERATIONS = 2000;
/** Of any part of a meta. */
const PART_BYTES_MAX = 1 << 20;

/** Takes a storage from one format to the next; `rest`: of the meta, behind its format. Returns the new one, and what goes with it. */
type Step = (storage: Storage, rest: Uint8Array) => Promise<{ rest: Uint8Array; operations: StorageOperation[] }>;

/** By the format that they begin with. */
const steps: ReadonlyMap<number, Step> = new Map([
  [1, giveShardsASpace],
  [2, placeMembers],
  // Heads say more where there is more to say, and are the same where there is not.
  [3, leaveAsItIs],
  // There are records that say what they saw, and of collections and increments, which an older version takes for damage.
  [4, leaveAsItIs],
]);

/** Does nothing where there is nothing, or what is there cannot be read, or is of this format or of a newer one. Throws `DISK_FAILED`. */
export async function migrate(storage: Storage, log: Log): Promise<void> {
  const first = await readFormat(storage);
  if (first === undefined || !steps.has(first.format)) return;
  const from = first.format;
  log("info", "data-migrating", { from, to: DISK_FORMAT_VERSION });
  for (let { format, rest } = first; format < DISK_FORMAT_VERSION; format++) {
    const step = steps.get(format);
    if (step === undefined) throw new Error(`BUG: no step from format ${format}`);
    const done = await step(storage, rest);
    rest = done.rest;
    await storage.write([...done.operations, { type: "put", key: metaKey, value: sealMeta(format + 1, rest) }]);
  }
  log("info", "data-migrated", { from, to: DISK_FORMAT_VERSION });
}

async function leaveAsItIs(_storage: Storage, rest: Uint8Array) {
  return { rest, operations: [] };
}

async function readFormat(storage: Storage): Promise<{ format: number; rest: Uint8Array } | undefined> {
  for await (const entries of storage.entries(metaRange())) {
    for (const { value } of entries) {
      try {
        return openMeta(value);
      } catch (error) {
        if (!(error instanceof BadBytes)) throw error;
      }
    }
  }
  return undefined;
}

// --- From 1 to 2: a shard is a number within a space --------------------------------------------------------------

/** Prefix, shard as u16. */
const SHARD_KEY_BYTES_1 = 3;
/** And kind, key length. */
const REGISTER_KEY_HEAD_BYTES_1 = 6;

/** All shards there were are those of the default space. Registers come first, each under its new key (F2), then all heads. */
async function giveShardsASpace(storage: Storage, rest: Uint8Array) {
  let batch: StorageOperation[] = [];
  for await (const entries of storage.entries(registerRange("all"))) {
    for (const entry of entries) batch.push(...movedRegister(entry));
    if (batch.length < BATCH_OPERATIONS) continue;
    await storage.write(batch);
    batch = [];
  }
  if (batch.length > 0) await storage.write(batch);
  const operations: StorageOperation[] = [];
  let [sumBefore, sumAfter] = [0, 0];
  for await (const entries of storage.entries(shardHeadRange())) {
    for (const { key, value } of entries) {
      const head = movedHead(key, value);
      if (head === undefined) continue;
      operations.push({ type: "delete", key }, { type: "put", ...head });
      sumBefore = (sumBefore + headChecksum(value)) >>> 0;
      sumAfter = (sumAfter + headChecksum(head.value)) >>> 0;
    }
  }
  return { rest: withHeadSum(rest, sumBefore, sumAfter), operations };
}

/** Nothing for what has moved already, and for what is damaged. */
function movedRegister({ key, value }: StorageEntry): StorageOperation[] {
  if (key.length < REGISTER_KEY_HEAD_BYTES_1 || value.length < RECORD_HEADER_BYTES) return [];
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (headLength(flagsAt(view, 0)) > value.length || identityEndAt(view, 0) > value.length) return [];
  if (!isRecordKey1(key, view, value)) return [];
  return [
    { type: "delete", key },
    { type: "put", key: recordKey(view, 0, shardOf1(key)), value },
  ];
}

function isRecordKey1(key: Uint8Array, view: DataView, value: Uint8Array): boolean {
  const [start, end] = [identityStartAt(view, 0), identityEndAt(view, 0)];
  const length = keyLengthAt(view, 0);
  const lengthByte = (length >>> 8) | ((flagsAt(view, 0) & FLAG_FIELD) === 0 ? 0 : 0x80);
  const head = [kindAt(view, 0), lengthByte, length & 0xff];
  const wanted = [...head, ...value.subarray(start, end)];
  const found = key.subarray(SHARD_KEY_BYTES_1);
  return found.length === wanted.length && wanted.every((byte, i) => byte === found[i]);
}

function shardOf1(key: Uint8Array): ShardId {
  return shardIdOf(DEFAULT_SPACE, ((key[1] as number) << 8) | (key[2] as number));
}

/** Undefined for one that is damaged. */
function movedHead(key: Uint8Array, value: Uint8Array): StorageEntry | undefined {
  if (key.length !== SHARD_KEY_BYTES_1) return undefined;
  const shard = shardOf1(key);
  try {
    const head = openShardHead(value, SHARD_HEAD_SEED ^ (((key[1] as number) << 8) | (key[2] as number)));
    return { key: shardHeadKey(shard), value: encodeShardHead(shard, head).slice() };
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    return undefined;
  }
}

/** The meta has the sum of all heads' checksums, which is as right as it was before (F3). */
function withHeadSum(rest: Uint8Array, sumBefore: number, sumAfter: number): Uint8Array {
  return withExtra(rest, (reader, writer) => {
    writer.varint(reader.varint());
    const told = reader.u32();
    writer.u32(told === sumBefore ? sumAfter : ~sumAfter >>> 0);
    writer.raw(reader.raw(reader.remaining));
  });
}

// --- From 2 to 3: what a dead member owns is placed elsewhere ------------------------------------------------------

/** Whether a member is placed elsewhere is told of each, and how many have been forgotten of all. */
async function placeMembers(_storage: Storage, rest: Uint8Array) {
  const placed = withExtra(rest, (reader, writer) => {
    writer.varint(reader.varint());
    writer.u32(reader.u32());
    writer.raw(placedMembers(reader.raw(reader.remaining)));
  });
  return { rest: placed, operations: [] };
}

function placedMembers(members: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  try {
    copyMembers2(new ByteReader(members), writer);
    return writer.copy();
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    // Of the first days of format 1, when members were told otherwise: it meets them again, and begins anew among them.
    return Uint8Array.of(0, 0, 0);
  }
}

function copyMembers2(reader: ByteReader, writer: ByteWriter): void {
  const count = reader.varint();
  writer.varint(count);
  for (let left = count; left > 0; left--) {
    writer.blob(reader.blob(PART_BYTES_MAX));
    writer.varint(reader.varint()); // life
    writer.blob(reader.blob(PART_BYTES_MAX)); // region
    writer.blob(reader.blob(PART_BYTES_MAX)); // address
    writer.u8(reader.u8()); // what it is
    writer.varint(reader.varint()); // epoch
    writer.u32(reader.u32()); // birth
    for (let i = 0; i < 3; i++) writer.varint(reader.varint()); // root life, when it started, given up
    writer.varint(0); // displaced
    writer.varint(reader.varint()); // when it was seen
    writer.varint(reader.varint()); // epoch now
    copyLineage2(reader, writer);
  }
  copyLineage2(reader, writer);
  // Members that were forgotten: counted in the last days of format 2.
  writer.varint(reader.remaining > 0 ? reader.varint() : 0);
  reader.finish();
}

function copyLineage2(reader: ByteReader, writer: ByteWriter): void {
  const count = reader.varint();
  writer.varint(count);
  for (let left = count; left > 0; left--) {
    writer.varint(reader.varint());
    writer.u32(reader.u32());
  }
}

/** The meta with the part that the replica keeps of itself written anew. */
function withExtra(rest: Uint8Array, rewrite: (reader: ByteReader, writer: ByteWriter) => void): Uint8Array {
  const reader = new ByteReader(rest);
  const writer = new ByteWriter();
  writer.blob(reader.blob(PART_BYTES_MAX)); // replica
  writer.varint(reader.varint()); // life
  writer.blob(reader.blob(PART_BYTES_MAX)); // cluster
  writer.blob(reader.blob(PART_BYTES_MAX)); // region
  writer.varint(reader.varint()); // shards
  const extra = new ByteWriter();
  rewrite(new ByteReader(reader.blob(PART_BYTES_MAX)), extra);
  reader.finish();
  writer.blob(extra.view());
  return writer.copy();
}
