/**
 * What a register from elsewhere costs against a local write: the same registers are written to 256 shards, then taken
 * in by 256 others as they come in pushes (shards mixed) and in deltas (one shard each), each message decoded and through
 * every check that a replica makes. Once as new keys, once over what is held.
 */

import { assert } from "../../src/base/assert.ts";
import { ByteWriter } from "../../src/base/bytes.ts";
import type { Key, OriginId, ShardId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { forEachRecord } from "../../src/cluster/replication.ts";
import { HybridClock } from "../../src/core/clock.ts";
import { originOf } from "../../src/core/origin.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { keyStartAt, RecordWriter, recordLength } from "../../src/core/record/record.ts";
import { Agenda } from "../../src/core/shard/agenda.ts";
import { DeltaSession } from "../../src/core/shard/delta.ts";
import { Shard } from "../../src/core/shard/shard.ts";
import { shardOf } from "../../src/core/shard-of.ts";
import { Arena } from "../../src/core/table/arena.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/codec.ts";
import type { Records } from "../../src/wire/records.ts";
import { median } from "./median.ts";
import type { BenchmarkRow } from "./report.ts";

const REGISTERS = 200_000;
const SHARDS = 256;
const FRAME_BYTES = 64 * 1024;
const ROUNDS = 7;
const LIMITS = { keyBytesMax: 1024, valueBytesMax: 1024 };
const ORIGIN: OriginId = originOf(1, 1);
const NOW = Date.UTC(2030, 0, 1);

interface World {
  readonly shards: readonly Shard[];
  readonly writer: RecordWriter;
}

function createWorld(seed: string): World {
  const arena = new Arena();
  const agenda = new Agenda();
  const clock = new HybridClock(500);
  const writer = new RecordWriter();
  const random = new SeededRandom(seed);
  const hashSeed = { k0: random.uint32(), k1: random.uint32() };
  const shards = Array.from(
    { length: SHARDS },
    (_, id) => new Shard({ id: id as ShardId, arena, seed: hashSeed, clock, writer, agenda, isPersistent: true }),
  );
  return { shards, writer };
}

interface Job {
  readonly keys: readonly Key[];
  readonly shards: Uint16Array;
  readonly value: Uint8Array;
}

/** 16-byte keys in no order, and the shard of each. */
function createJob(): Job {
  const random = new SeededRandom("keys");
  const writer = new RecordWriter();
  const shards = new Uint16Array(REGISTERS);
  const keys = Array.from({ length: REGISTERS }, (_, i) => {
    const key = (random.uint32().toString(36).padStart(8, "0") + i.toString(36).padStart(8, "0")) as Key;
    writer.writeIdentity(KIND_PLAIN, key);
    const start = keyStartAt(writer.view, 0);
    shards[i] = shardOf(writer.view, start, start + key.length, SHARDS);
    return key;
  });
  return { keys, shards, value: new Uint8Array(100).fill(7) };
}

function writeAll({ shards }: World, job: Job): void {
  for (let i = 0; i < REGISTERS; i++) {
    const shard = shards[job.shards[i] as number] as Shard;
    shard.write({ kind: KIND_PLAIN, key: job.keys[i] as Key, value: job.value }, NOW + i / 1000);
  }
}

/** The registers as pushed: in the order of writing, cut into frames. */
function pushesOf(world: World, job: Job): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const out = new ByteWriter(FRAME_BYTES);
  for (let i = 0; i < REGISTERS; i++) {
    const shard = world.shards[job.shards[i] as number] as Shard;
    const slot = shard.find(KIND_PLAIN, job.keys[i] as Key);
    const at = shard.table.offsetOf(slot);
    const bytes = shard.table.bytesOf(slot);
    out.raw(bytes.subarray(at, at + recordLength(shard.table.viewOf(slot), at)));
    if (out.length < FRAME_BYTES && i < REGISTERS - 1) continue;
    frames.push(encodeMessage({ type: "push", confirm: false, space: DEFAULT_SPACE, records: recordsOf(out.copy()) }));
    out.clear();
  }
  return frames;
}

/** The registers as deltas carry them to somebody who covers `covered` of each shard. */
function deltasOf(world: World, covered: readonly VersionVector[]): { shard: ShardId; frames: Uint8Array[] }[] {
  return world.shards.map((shard, i) => {
    const session = new DeltaSession(shard, covered[i] ?? new VersionVector());
    const frames: Uint8Array[] = [];
    while (!session.isDone) {
      const out = new ByteWriter(FRAME_BYTES);
      session.writeChunk(out, FRAME_BYTES);
      const delta = { type: "delta", ready: false, session: 1, claim: undefined, marks: undefined } as const;
      frames.push(encodeMessage({ ...delta, records: recordsOf(out.copy()) }));
    }
    return { shard: shard.id, frames };
  });
}

function recordsOf(bytes: Uint8Array): Records {
  return { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
}

function recordsIn(frame: Uint8Array): Records {
  const message = decodeMessage(frame);
  assert("records" in message, "a message without records");
  return message.records;
}

function receivePushes(world: World, frames: readonly Uint8Array[]): void {
  for (const frame of frames) {
    forEachRecord(recordsIn(frame), world.shards, LIMITS, (shard, view, bytes, at, length) => {
      shard.applyPushed(view, bytes, at, length, NOW);
    });
  }
}

function receiveDeltas(world: World, deltas: ReturnType<typeof deltasOf>, source: World): void {
  for (const { shard: id, frames } of deltas) {
    for (const frame of frames) {
      forEachRecord(recordsIn(frame), world.shards, LIMITS, (shard, view, bytes, at, length) => {
        shard.apply(view, bytes, at, length, NOW);
      });
    }
    const shard = world.shards[id] as Shard;
    shard.claim((source.shards[id] as Shard).vector.snapshot());
  }
}

function nsEach(run: () => void): number {
  globalThis.gc?.();
  const from = performance.now();
  run();
  return ((performance.now() - from) * 1e6) / REGISTERS;
}

/** As if the disk had taken it all. */
function clean(world: World): void {
  for (const shard of world.shards) {
    shard.unsaved.take(
      () => {},
      () => {},
    );
  }
}

interface Figures {
  readonly local: number;
  readonly pushed: number;
  readonly carried: number;
}

/** One round: new keys first, then all of them again. */
function measureRound(job: Job, round: number): { readonly fresh: Figures; readonly over: Figures } {
  const source = createWorld(`source ${round}`);
  const pushed = createWorld(`pushed ${round}`);
  const carried = createWorld(`carried ${round}`);
  for (const shard of source.shards) shard.beginLife(ORIGIN);
  const pass = (): Figures => {
    const covered = source.shards.map((shard) => shard.vector.snapshot());
    const local = nsEach(() => writeAll(source, job));
    const pushes = pushesOf(source, job);
    const deltas = deltasOf(source, covered);
    const figures = {
      local,
      pushed: nsEach(() => receivePushes(pushed, pushes)),
      carried: nsEach(() => receiveDeltas(carried, deltas, source)),
    };
    for (const world of [source, pushed, carried]) clean(world);
    return figures;
  };
  return { fresh: pass(), over: pass() };
}

export function measureApplying(): BenchmarkRow[] {
  const job = createJob();
  const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) => measureRound(job, round)).slice(1);
  return (["fresh", "over"] as const).flatMap((pass) =>
    (["pushed", "carried"] as const).map((way) => ({
      what: `${way === "pushed" ? "a pushed register" : "a register of a delta"}, ${pass === "fresh" ? "new key" : "known key"}`,
      value: median(rounds.map((round) => round[pass][way])),
      unit: "ns",
      against: `local write (${Math.round(median(rounds.map((round) => round[pass].local)))} ns)`,
      ratio: median(rounds.map((round) => round[pass][way] / round[pass].local)),
      target: "<= 2x",
    })),
  );
}
