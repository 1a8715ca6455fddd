/**
 * One measurement of `register-table.ts`, alone in its process: `register-table-child.mjs <what>` prints the figures as
 * a line of JSON. The twins are what one would write without the table: objects in a Map.
 */

import { PerformanceObserver, performance } from "node:perf_hooks";
import { mix32 } from "../../src/base/hash.ts";
import type { Key } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { RecordWriter } from "../../src/core/record/record.ts";
import { Arena } from "../../src/core/table/arena.ts";
import { RegisterTable } from "../../src/core/table/register-table.ts";

const REGISTERS = 3_000_000;
const KEY_BYTES = 16;
const VALUE_BYTES = 100;
const TABLES = 256;
const BATCH = 5_000;
const ORIGIN = 2 ** 40 + 1;
const TIMESTAMP = 2 ** 50;

export interface Figures {
  /** Of the timed part: keys come ready, as from a parser. */
  readonly insertsPerSecond: number;
  /** Resident bytes a register beyond key and value. */
  readonly overheadBytes: number;
  /** Longest pause of a garbage collection while everything was overwritten once. */
  readonly pauseMs: number;
  readonly overwritesPerSecond: number;
}

/** Puts one batch of registers. */
type Put = (keys: readonly Key[], shards: Uint8Array, first: number) => void;

const value = new Uint8Array(VALUE_BYTES).fill(7);

function createTablePut(): Put {
  const arena = new Arena();
  const tables = Array.from({ length: TABLES }, (_, i) => new RegisterTable(arena, { k0: mix32(i), k1: mix32(~i) }));
  const writer = new RecordWriter();
  return (keys, shards, first) => {
    for (let i = 0; i < keys.length; i++) {
      const length = writer.write({
        flags: 0,
        kind: KIND_PLAIN,
        key: keys[i] as Key,
        value,
        timestamp: TIMESTAMP + first + i,
        origin: ORIGIN,
        sequence: first + i + 1,
      });
      const table = tables[shards[i] as number] as RegisterTable;
      const slot = table.find(writer.view, 0);
      if (slot === 0) table.insert(writer.view, writer.bytes, 0, length);
      else table.replace(slot, writer.bytes, 0, length);
    }
  };
}

interface Twin {
  value: Uint8Array;
  timestamp: number;
  origin: number;
  sequence: number;
  expiresAt: number;
  kind: number;
  flags: number;
}

function createMapPut(copy: (value: Uint8Array) => Uint8Array): Put {
  const map = new Map<Key, Twin>();
  return (keys, _shards, first) => {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as Key;
      const held = map.get(key);
      if (held === undefined) {
        map.set(key, {
          value: copy(value),
          timestamp: TIMESTAMP + first + i,
          origin: ORIGIN,
          sequence: first + i + 1,
          expiresAt: Infinity,
          kind: KIND_PLAIN,
          flags: 0,
        });
      } else {
        held.value = copy(value);
        held.timestamp = TIMESTAMP + first + i;
        held.sequence = first + i + 1;
      }
    }
  };
}

const contestants: Readonly<Record<string, () => Put>> = {
  table: createTablePut,
  map: () => createMapPut((bytes) => bytes.slice()),
  /** Small buffers share slabs of 8 KiB: faster, but one that stays keeps its whole slab. */
  "map-pooled": () => createMapPut((bytes) => Buffer.from(bytes)),
};

/** Resident bytes once the garbage and what the collector keeps for itself are given back. */
async function settledBytes(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return process.memoryUsage.rss();
}

const keyBytes = Buffer.alloc(KEY_BYTES);
const shards = new Uint8Array(BATCH);

/** Fresh, flat strings in no order, as they come out of a parser. */
function keysOf(first: number): Key[] {
  const keys: Key[] = [];
  for (let i = 0; i < BATCH; i++) {
    const hash = mix32(first + i);
    keyBytes.writeUInt32LE(hash, 0);
    keyBytes.writeUInt32LE(first + i, 4);
    keyBytes.writeUInt32LE(mix32(hash), 8);
    shards[i] = hash >>> 24;
    keys.push(keyBytes.toString("latin1") as Key);
  }
  return keys;
}

/** Ms that `put` itself took for all registers. */
function putAll(put: Put, round: number): number {
  let elapsedMs = 0;
  for (let first = 0; first < REGISTERS; first += BATCH) {
    const keys = keysOf(first);
    const from = performance.now();
    put(keys, shards, round * REGISTERS + first);
    elapsedMs += performance.now() - from;
  }
  return elapsedMs;
}

async function measure(create: () => Put): Promise<Figures> {
  // What making the keys takes, above all a young generation at its full size, is not the registers'.
  putAll(() => {}, 0);
  const before = await settledBytes();
  const put = create();
  const insertMs = putAll(put, 0);
  const overheadBytes = ((await settledBytes()) - before) / REGISTERS - KEY_BYTES - VALUE_BYTES;
  let pauseMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) pauseMs = Math.max(pauseMs, entry.duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  const overwriteMs = putAll(put, 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  observer.disconnect();
  return {
    insertsPerSecond: (REGISTERS / insertMs) * 1000,
    overheadBytes,
    pauseMs,
    overwritesPerSecond: (REGISTERS / overwriteMs) * 1000,
  };
}

const create = contestants[process.argv[2] ?? ""];
if (create !== undefined) process.stdout.write(`${JSON.stringify(await measure(create))}\n`);
