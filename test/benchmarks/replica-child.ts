/**
 * One replica of a benchmark, in a process of its own, told by its parent what to do. Beside the replica it can speak
 * over bare sockets, so that what the machine itself adds shows in the same run.
 */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { createNode, type Node } from "../../src/node/create-node.ts";

export const RECORD_BYTES = 148;
const VALUE_BYTES = 100;
const FILL_BATCH = 500;
const DISK_WITHIN_MS = 60_000;

export interface StartFacts {
  readonly id: string;
  readonly data: string;
  readonly join: readonly { readonly host: string; readonly port: number }[];
  readonly advertise?: string;
}

export interface State {
  readonly digest: string;
  readonly registers: number;
  readonly ready: boolean;
  readonly alive: number;
  /** Comparisons begun here. */
  readonly rounds: number;
}

/** What a parent may ask, and what it is answered. */
export interface Commands {
  start(facts: StartFacts): Promise<{ readonly address: string; readonly barePort: number }>;
  /** Writes `count` registers of 148 bytes under a prefix of 4 characters; resolves once the disk has the last `onDisk`. */
  fill(prefix: string, count: number, onDisk?: number): Promise<void>;
  meet(barePorts: readonly number[]): Promise<void>;
  /** Writes, evenly spread, values that say when they were written; `bare` sends them over the bare sockets instead. */
  pace(way: "store" | "bare", perSecond: number, seconds: number): Promise<void>;
  /** Ms from each paced write elsewhere to its arrival here, since the last call. */
  lags(): Promise<readonly number[]>;
  cut(ids: readonly string[]): Promise<void>;
  state(): Promise<State>;
  /** Since the last call: the longest delay of the event loop, and CPU time, ms. */
  load(): Promise<{ readonly delayMs: number; readonly cpuMs: number }>;
  stop(): Promise<void>;
}

const PACED = "paced/";
let running: Node | undefined;
let lags: number[] = [];
const bareSockets: Socket[] = [];
const delays = monitorEventLoopDelay({ resolution: 1 });
let usage = process.cpuUsage();

function node(): Node {
  if (running === undefined) throw new Error("BUG: not started");
  return running;
}

/** Microseconds of the one monotonic clock that all processes of a machine share. */
function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function noteArrival(value: Uint8Array): void {
  const written = new DataView(value.buffer, value.byteOffset).getFloat64(0);
  lags.push((monotonic() - written) / 1000);
}

function pause(ms = 0): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)));
}

const commands: Commands = {
  async start({ id, data, join, advertise }) {
    running = await createNode({
      id: id as ReplicaId,
      region: "here",
      host: "127.0.0.1",
      port: 0,
      redisPort: 0,
      ...(advertise === undefined ? {} : { advertise }),
      join: join.map((target) => ({ type: "address", ...target })),
      cluster: "bench",
      shards: 256,
      data,
      memoryBytes: 4 * 1024 ** 3,
      tokens: [],
      allowOrigins: [],
      insecure: false,
      maxClockOffsetMs: 500,
      retentionMs: 86_400_000,
      enableFaults: true,
      logLevel: "error",
    });
    await running.start();
    const server = createServer(receiveBare).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    delays.enable();
    return { address: running.address, barePort: (server.address() as AddressInfo).port };
  },

  async fill(prefix, count, onDisk = 0) {
    const { store } = node();
    const value = new Uint8Array(VALUE_BYTES).fill(7);
    const waits: Promise<unknown>[] = [];
    for (let i = 0; i < count; i++) {
      const key = (prefix + i.toString(36).padStart(12, "0")) as Key;
      if (i < count - onDisk) void store.put(key, value);
      else waits.push(store.put(key, value, { ack: "disk", ackTimeoutMs: DISK_WITHIN_MS }));
      if (i % FILL_BATCH === FILL_BATCH - 1) await pause();
    }
    await Promise.all(waits);
  },

  async meet(barePorts) {
    for (const port of barePorts) {
      const socket = connect(port, "127.0.0.1").setNoDelay();
      await new Promise((resolve) => socket.once("connect", resolve));
      bareSockets.push(socket);
    }
    node().store.watch({ prefix: PACED }, (event) => {
      // What was written here arrives at once and is not meant.
      if (event.type === "put" && !event.key.startsWith(PACED + node().id)) noteArrival(event.entry.value);
    });
  },

  async pace(way, perSecond, seconds) {
    const from = monotonic();
    const all = perSecond * seconds;
    const { store, id } = node();
    for (let done = 0; done < all; await pause(1)) {
      const due = Math.min(all, Math.floor(((monotonic() - from) / 1e6) * perSecond));
      for (; done < due; done++) {
        const value = new Uint8Array(VALUE_BYTES);
        new DataView(value.buffer).setFloat64(0, monotonic());
        if (way === "store") void store.put(`${PACED}${id}${done}` as Key, value);
        else for (const socket of bareSockets) socket.write(value);
      }
    }
  },

  async lags() {
    const taken = lags;
    lags = [];
    return taken;
  },

  async cut(ids) {
    node().store.cut(ids as readonly ReplicaId[]);
  },

  async state() {
    const { digest, registers, ready, members } = await node().store.status();
    const metrics = await (await fetch(`http://${node().address}/metrics`)).text();
    const rounds = Number(/^atoll_anti_entropy_rounds_total (\d+)/m.exec(metrics)?.[1]);
    return { digest, registers, ready, alive: members.filter(({ state }) => state === "alive").length, rounds };
  },

  async load() {
    const { user, system } = process.cpuUsage(usage);
    usage = process.cpuUsage();
    const delayMs = delays.max / 1e6;
    delays.reset();
    return { delayMs, cpuMs: (user + system) / 1000 };
  },

  async stop() {
    await node().stop();
  },
};

/** Values of a fixed length, back to back. */
function receiveBare(socket: Socket): void {
  socket.setNoDelay();
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (; rest.length >= VALUE_BYTES; rest = rest.subarray(VALUE_BYTES)) noteArrival(rest);
  });
  socket.on("error", () => {});
}

export interface Call {
  readonly number: number;
  readonly command: keyof Commands;
  readonly parameters: readonly unknown[];
}

export interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

async function answer({ number, command, parameters }: Call): Promise<Answer> {
  try {
    const run = commands[command] as (...given: readonly unknown[]) => Promise<unknown>;
    return { number, result: await run(...parameters) };
  } catch (error) {
    return { number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on("message", async (call: Call) => {
  const answered = await answer(call);
  process.send?.(answered, () => {
    if (call.command === "stop") process.exit();
  });
});
