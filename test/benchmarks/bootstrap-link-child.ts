/**
 * What a link carries, for `bootstrap.ts`. `bootstrap-link-child.mjs send COUNT INTO` makes up the records of so many
 * registers, in frames as long as the chunks of a delta, has a second process (`receive COUNT INTO PORT`) fetch them over a bare
 * WebSocket on the loopback, and prints what that took there (`LinkFigures`, a line of JSON). INTO is `table`: bare register
 * tables, where nothing is checked, summed up or chained; or `shard`: shards, which is all that, and no replica around them.
 * Neither is kept on disk.
 */

import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { WebSocket, WebSocketServer } from "ws";
import { mix32 } from "../../src/base/hash.ts";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { forEachRecord } from "../../src/cluster/replication.ts";
import { CHUNK_BYTES } from "../../src/cluster/serving.ts";
import { HybridClock } from "../../src/core/clock.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { keyStartAt, RecordWriter, recordLength } from "../../src/core/record/record.ts";
import { Agenda } from "../../src/core/shard/agenda.ts";
import { Shard } from "../../src/core/shard/shard.ts";
import { shardOf } from "../../src/core/shard-of.ts";
import { Arena } from "../../src/core/table/arena.ts";
import { RegisterTable } from "../../src/core/table/register-table.ts";

/** Ms until all was taken in, and CPU time of the process that took it. */
export interface LinkFigures {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Takes in what lies behind the head of a frame; returns how many registers that were. */
type TakeIn = (view: DataView, frame: Uint8Array) => number;

const SHARDS = 256;
const LIMITS = { keyBytesMax: 1024, valueBytesMax: 1024 };
const VALUE_BYTES = 100;
const ORIGIN = 2 ** 40 + 1;
const TIMESTAMP = 2 ** 50;
/** In front of a frame: the shard of its records. */
const HEAD_BYTES = 2;
const QUEUE_BYTES_MAX = 4 * 1024 * 1024;

/** The records of one shard, cut into frames. */
class Frames {
  readonly all: Uint8Array[] = [];
  readonly #shard: number;
  #frame = new Uint8Array(CHUNK_BYTES);
  #length = 0;

  constructor(shard: number) {
    this.#shard = shard;
  }

  add(record: Uint8Array): void {
    if (this.#length + record.length > CHUNK_BYTES) this.end();
    if (this.#length === 0) {
      this.#length = HEAD_BYTES;
      new DataView(this.#frame.buffer).setUint16(0, this.#shard, true);
    }
    this.#frame.set(record, this.#length);
    this.#length += record.length;
  }

  end(): void {
    if (this.#length === 0) return;
    this.all.push(this.#frame.slice(0, this.#length));
    this.#length = 0;
  }
}

function framesOf(count: number): Uint8Array[] {
  const writer = new RecordWriter();
  const shards = Array.from({ length: SHARDS }, (_, shard) => new Frames(shard));
  const value = new Uint8Array(VALUE_BYTES).fill(7);
  for (let i = 0; i < count; i++) {
    const key = `boot${i.toString(36).padStart(12, "0")}` as Key;
    const stamps = { timestamp: TIMESTAMP + i, origin: ORIGIN, sequence: i + 1 };
    const length = writer.write({ flags: 0, kind: KIND_PLAIN, key, value, ...stamps });
    const keyStart = keyStartAt(writer.view, 0);
    const shard = shardOf(writer.view, keyStart, keyStart + key.length, SHARDS);
    (shards[shard] as Frames).add(writer.bytes.subarray(0, length));
  }
  for (const frames of shards) frames.end();
  return shards.flatMap(({ all }) => all);
}

async function send(count: number, into: string): Promise<void> {
  const frames = framesOf(count);
  const server = createServer();
  const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  webSockets.on("connection", (socket) => void sendAll(socket, frames));
  const script = process.argv[1] as string;
  const receiving = [script, "receive", String(count), into, String(port)];
  const { stdout } = await promisify(execFile)(process.execPath, receiving);
  process.stdout.write(stdout);
  webSockets.close();
  server.close();
}

async function sendAll(socket: WebSocket, frames: readonly Uint8Array[]): Promise<void> {
  for (const frame of frames) {
    socket.send(frame);
    while (socket.bufferedAmount > QUEUE_BYTES_MAX) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function receive(count: number, takeIn: TakeIn, port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once("open", resolve));
  const from = performance.now();
  const usage = process.cpuUsage();
  let held = 0;
  await new Promise<void>((resolve) => {
    socket.on("message", (data: Buffer) => {
      const frame = new Uint8Array(data.buffer, data.byteOffset, data.length);
      held += takeIn(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), frame);
      if (held === count) resolve();
    });
  });
  const { user, system } = process.cpuUsage(usage);
  const figures: LinkFigures = { ms: performance.now() - from, cpuMs: (user + system) / 1000 };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  socket.terminate();
}

function intoTables(): TakeIn {
  const arena = new Arena();
  const tables = Array.from({ length: SHARDS }, (_, i) => new RegisterTable(arena, { k0: mix32(i), k1: mix32(~i) }));
  return (view, frame) => {
    const table = tables[view.getUint16(0, true)] as RegisterTable;
    let count = 0;
    for (let at = HEAD_BYTES; at < frame.length; count++) {
      const length = recordLength(view, at);
      table.insert(view, frame, at, length);
      at += length;
    }
    return count;
  };
}

function intoShards(): TakeIn {
  const seed = { k0: mix32(1), k1: mix32(2) };
  const around = { arena: new Arena(), clock: new HybridClock(500), writer: new RecordWriter(), agenda: new Agenda() };
  const shards = Array.from(
    { length: SHARDS },
    (_, id) => new Shard({ id: id as ShardId, seed, ...around, isPersistent: false }),
  );
  const now = Date.now();
  return (view, bytes) => {
    let count = 0;
    const records = { view, bytes, start: HEAD_BYTES, end: bytes.length };
    forEachRecord(records, shards, LIMITS, (shard, from, frame, at, length) => {
      shard.apply(from, frame, at, length, now);
      count++;
    });
    return count;
  };
}

const [, , way, count = "0", into = "table", port = "0"] = process.argv;
if (way === "send") await send(Number(count), into);
if (way === "receive") await receive(Number(count), into === "table" ? intoTables() : intoShards(), Number(port));
