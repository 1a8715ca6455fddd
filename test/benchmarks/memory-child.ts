/** One replica in a process of its own, which fills itself at its parent's word and tells what it takes. */

import { randomFillSync } from "node:crypto";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { createNode, type Node } from "../../src/node/create-node.ts";
import type { PutOptions } from "../../src/store.ts";
import { OwnPauses } from "./own-pauses.ts";

export interface Facts {
  /** A folder, or none. */
  readonly data: string;
  readonly memoryBytes: number;
  readonly join?: string;
}

export interface Filling {
  /** Keys are `prefix` and a number, one of `count` from `first` on. */
  readonly prefix: string;
  readonly first: number;
  readonly count: number;
  readonly valueBytes: number;
  /** Unix ms. */
  readonly expiresAt?: number;
}

export interface Figures {
  readonly registers: number;
  readonly tombstones: number;
  /** By the replica's own count. */
  readonly registerBytes: number;
  readonly valuesOnDiskOnly: number;
  readonly heapBytes: number;
  readonly bufferBytes: number;
  /** Since the last time. */
  readonly longestPauseMs: number;
  readonly valuesRead: number;
}

export interface MemoryCommands {
  start(facts: Facts): Promise<{ readonly port: number }>;
  /** Resolves once the disk has it all. */
  fill(filling: Filling): Promise<void>;
  figures(): Promise<Figures>;
  /** Asks for a key that many times at once; resolves to how many values were read from disk for that. */
  askAtOnce(asked: { readonly key: string; readonly times: number }): Promise<number>;
  /** Counts from now on what is told of keys that begin so. */
  watch(prefix: string): Promise<void>;
  /** What a watcher was told so far, by the type of event, and when the last of it was, unix ms. */
  events(): Promise<{ readonly counts: Readonly<Record<string, number>>; readonly lastAt: number }>;
  /** Keys that are listed under a prefix, a thousand at most. */
  listed(prefix: string): Promise<number>;
  stop(): Promise<void>;
}

/** What values are cut from. */
const POOL_BYTES = 1024 * 1024;
const FILL_BATCH = 200;
const FULL_PAUSE_MS = 10;
const DISK_WITHIN_MS = 120_000;

function pause(ms = 0): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}

let running: Node | undefined;
const pauses = new OwnPauses();

function node(): Node {
  if (running === undefined) throw new Error("BUG: not started");
  return running;
}

/** From disk, because somebody wanted them. */
async function valuesRead(): Promise<number> {
  const metrics = await (await fetch(`http://${node().address}/metrics`)).text();
  return Number(/^atoll_values_read_total (\d+)/m.exec(metrics)?.[1] ?? 0);
}

const counts: Record<string, number> = {};
let lastEventAt = 0;

const commands: MemoryCommands = {
  async start({ data, memoryBytes, join }) {
    const [host = "", port = ""] = join?.split(":") ?? [];
    running = await createNode({
      host: "127.0.0.1",
      port: 0,
      join: join === undefined ? [] : [{ type: "address", host, port: Number(port) }],
      data,
      memoryBytes,
      logLevel: "error",
    });
    await running.start();
    return { port: Number(running.address.split(":").at(-1)) };
  },

  async fill({ prefix, first, count, valueBytes, expiresAt }) {
    const { store } = node();
    const put = async (key: Key, value: Uint8Array, ttl: PutOptions): Promise<void> => {
      for (;;) {
        try {
          await store.put(key, value, ttl);
          return;
        } catch (error) {
          // The disk takes them more slowly than they come.
          if (!(error instanceof AtollError) || error.code !== "MEMORY_FULL") throw error;
          await pause(FULL_PAUSE_MS);
        }
      }
    };
    const pool = randomFillSync(new Uint8Array(POOL_BYTES));
    const random = new SeededRandom("values");
    for (let i = 0; i < count; i += FILL_BATCH) {
      const batch = Array.from({ length: Math.min(FILL_BATCH, count - i) }, (_, k) => {
        const at = random.uint32() % (POOL_BYTES - valueBytes);
        const ttl = expiresAt === undefined ? {} : { ttlMs: Math.max(1, expiresAt - Date.now()) };
        return put(`${prefix}${first + i + k}` as Key, pool.subarray(at, at + valueBytes), ttl);
      });
      await Promise.all(batch);
      await pause();
    }
    const end = `${prefix}${first + count - 1}` as Key;
    await store.put(end, (await store.get(end)).entry?.value ?? pool.subarray(0, 0), {
      ack: "disk",
      ackTimeoutMs: DISK_WITHIN_MS,
      ...(expiresAt === undefined ? {} : { ttlMs: Math.max(1, expiresAt - Date.now()) }),
    });
  },

  async figures() {
    const { registers, tombstones, memoryBytes, valuesOnDiskOnly = 0 } = await node().store.status();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return {
      registers,
      tombstones,
      registerBytes: memoryBytes,
      valuesOnDiskOnly,
      heapBytes: heapUsed,
      bufferBytes: arrayBuffers,
      longestPauseMs: pauses.take(),
      valuesRead: await valuesRead(),
    };
  },

  async askAtOnce({ key, times }) {
    const before = await valuesRead();
    await Promise.all(Array.from({ length: times }, () => node().store.get(key as Key)));
    return (await valuesRead()) - before;
  },

  async watch(prefix) {
    node().store.watch({ prefix }, ({ type }) => {
      counts[type] = (counts[type] ?? 0) + 1;
      lastEventAt = Date.now();
    });
  },

  async events() {
    return { counts, lastAt: lastEventAt };
  },

  async listed(prefix) {
    return (await node().store.keys({ prefix, limit: 1000 })).keys.length;
  },

  async stop() {
    await node().stop();
  },
};

export type MemoryCall = { readonly command: keyof MemoryCommands; readonly parameter?: unknown };

process.on("message", async ({ command, parameter }: MemoryCall) => {
  try {
    const run = commands[command] as (given: unknown) => Promise<unknown>;
    process.send?.({ result: await run(parameter) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
