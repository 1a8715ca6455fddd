/** Shards by themselves, and records and their texts for tests of what becomes of them. */

import { ByteWriter, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key, OriginId, ShardId } from "../../src/base/ids.ts";
import { HybridClock, timestampFromMs } from "../../src/core/clock.ts";
import { checkRecord } from "../../src/core/containers/record-check.ts";
import { originOf } from "../../src/core/origin.ts";
import { BUCKETS } from "../../src/core/record/bucket.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  expiresAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  keyAt,
  originAt,
  type RecordFields,
  RecordWriter,
  recordLength,
  sequenceAt,
  timestampAt,
} from "../../src/core/record/record.ts";
import { Agenda } from "../../src/core/shard/agenda.ts";
import type { ApplyResult } from "../../src/core/shard/arrivals.ts";
import type { ConflictListener } from "../../src/core/shard/conflict.ts";
import { DeltaSession } from "../../src/core/shard/delta.ts";
import { PurgeMarks } from "../../src/core/shard/purge-marks.ts";
import { Shard } from "../../src/core/shard/shard.ts";
import { Arena } from "../../src/core/table/arena.ts";

export const NOW = 1_800_000_000_000;
const LIMITS = { keyBytesMax: 1024, valueBytesMax: 4096 };
export const BOUND_MS = 500;

/** The origin of a life of a replica, by a small number for it. */
export function origin(replica: number, life = 1): OriginId {
  return originOf(replica, life);
}

export interface LooseShard {
  readonly shard: Shard;
  readonly clock: HybridClock;
  readonly agenda: Agenda;
  /** Holds the record that the last write made. */
  readonly writer: RecordWriter;
}

export interface LooseShardOptions {
  readonly id?: number;
  readonly isPersistent?: boolean;
  readonly conflicts?: ConflictListener;
  readonly fallingAtOnceMax?: number;
}

export function createShard(options: LooseShardOptions = {}): LooseShard {
  const clock = new HybridClock(BOUND_MS);
  const writer = new RecordWriter();
  const agenda = new Agenda();
  const shard = new Shard({
    id: (options.id ?? 0) as ShardId,
    arena: new Arena(),
    agenda,
    seed: { k0: 1, k1: 2 },
    clock,
    writer,
    isPersistent: options.isPersistent ?? true,
    fallingAtOnceMax: options.fallingAtOnceMax,
    ...(options.conflicts === undefined ? {} : { conflicts: options.conflicts }),
  });
  return { shard, clock, writer, agenda };
}

/** A record by itself. */
export interface Loose {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export function loose(bytes: Uint8Array): Loose {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** A plain live register of origin 1, sequence 1, stamped now, unless told otherwise. */
export function record(fields: Partial<Omit<RecordFields, "key">> & { readonly key: string }): Loose {
  const writer = new RecordWriter();
  const isFallen = ((fields.flags ?? 0) & (FLAG_DEAD | FLAG_GONE)) !== 0;
  const length = writer.write({
    flags: 0,
    kind: 0,
    value: isFallen ? undefined : new Uint8Array(0),
    timestamp: timestampFromMs(NOW),
    origin: origin(1),
    sequence: 1,
    ...fields,
    key: fields.key as Key,
  });
  return loose(writer.bytes.slice(0, length));
}

/** The record that was written last. */
export function written({ writer }: LooseShard, length: number): Loose {
  return loose(writer.bytes.slice(0, length));
}

export function apply({ shard }: LooseShard, { view, bytes }: Loose, now = NOW): ApplyResult {
  return shard.apply(view, bytes, 0, bytes.length, now);
}

export function push({ shard }: LooseShard, { view, bytes }: Loose, now = NOW): ApplyResult {
  return shard.applyPushed(view, bytes, 0, bytes.length, now);
}

/** The same stamp purged from every bucket. */
/** Sends what the other lacks, whole. Every record passes the check of records from outside. */
export function sendDelta(from: LooseShard, to: LooseShard, now = NOW): void {
  const session = new DeltaSession(from.shard, to.shard.vector);
  while (!session.isDone) {
    const writer = new ByteWriter();
    session.writeChunk(writer, 1);
    const { bytes, view } = loose(writer.copy());
    for (let at = 0; at < bytes.length; at += recordLength(view, at)) {
      const length = checkRecord(view, at, bytes.length, LIMITS);
      apply(to, loose(bytes.slice(at, at + length)), now);
    }
  }
  to.shard.claim(session.claim, from.shard.graves.marks);
}

export function purgeMarks(stamp: number): PurgeMarks {
  const marks = new PurgeMarks();
  for (let bucket = 0; bucket < BUCKETS; bucket++) marks.raise(bucket, stamp);
  return marks;
}

/** Key, fate, stamp, dot, expiry and value of a record. */
export function textOf(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const flags = flagsAt(view, at);
  const fate = (flags & FLAG_DEAD) !== 0 ? "dead" : (flags & FLAG_GONE) !== 0 ? "gone" : "live";
  const start = bodyStartAt(view, at);
  const value = fate === "live" ? latin1FromBytes(bytes, start, start + bodyLengthAt(view, at)) : "";
  const dot = `${originAt(view, at)}:${sequenceAt(view, at)}`;
  return `${keyAt(view, bytes, at)} ${fate} ${timestampAt(view, at)} ${dot} ${expiresAt(view, at)} ${value}`;
}

/** Every register held, in order of its text. */
export function dump(shard: Shard): string[] {
  const lines: string[] = [];
  shard.forEachHeld((slot) => lines.push(textOf(shard.table.viewOf(slot), shard.table.offsetOf(slot))));
  return lines.sort();
}

/** The vector as a text that is equal exactly when it is. */
export function vectorText({ vector }: Shard): string {
  const sealed = [...vector.sealedEntries()].map(([replica, life]) => `${replica}<${life}`);
  return [...sealed.sort(), ...[...vector.entries()].map(([each, sequence]) => `${each}:${sequence}`).sort()].join(" ");
}
