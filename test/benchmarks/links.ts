/**
 * What a link costs: `WsTransport` against bare `ws` between two ends in one process, and the two choices that its speed
 * rests on: a masking key of zero, and one write a turn. CPU time of both ends together; the median of three counts.
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { LinkId } from "../../src/replica/ports.ts";
import { systemScheduler } from "../../src/runtime/system.ts";
import { WsTransport } from "../../src/runtime/ws-transport.ts";
import { FRAME_BYTES_MAX } from "../../src/wire/frames.ts";

const ROUNDS = 3;
const TURN = 32;

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
  readonly ratio?: number;
}

interface Pipe {
  send(bytes: Uint8Array): void;
  readonly queuedBytes: number;
  onMessage: () => void;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function bareWs(options: ClientOptions): Promise<Pipe> {
  const server = createServer();
  const webSockets = new WebSocketServer({ server, maxPayload: 2 * FRAME_BYTES_MAX });
  const port = await listen(server);
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, ...options });
  const pipe: Pipe = {
    send: (bytes) => client.send(bytes),
    get queuedBytes() {
      return client.bufferedAmount;
    },
    onMessage: () => {},
    async close() {
      client.terminate();
      webSockets.close();
      server.close();
    },
  };
  webSockets.on("connection", (socket) => socket.on("message", () => pipe.onMessage()));
  await new Promise((resolve) => client.once("open", resolve));
  return pipe;
}

async function transportPipe(): Promise<Pipe> {
  const ends: { transport: WsTransport; server: Server; address: string; up: Promise<LinkId> }[] = [];
  const pipe: Pipe = {
    send: () => {},
    queuedBytes: 0,
    onMessage: () => {},
    async close() {
      for (const end of ends) await end.transport.stop();
      for (const end of ends) end.server.close();
    },
  };
  for (const id of ["a", "b"] as ReplicaId[]) {
    const server = createServer();
    const address = `127.0.0.1:${await listen(server)}`;
    const transport = new WsTransport({
      server,
      random: new SeededRandom(id),
      scheduler: systemScheduler,
      log: () => {},
    });
    const up = new Promise<LinkId>((resolve) => {
      void transport.start(
        { id, life: 1, region: "", address, cluster: "bench", shards: 256 },
        { up: resolve, down: () => {}, frame: () => pipe.onMessage(), refused: () => {} },
      );
    });
    ends.push({ transport, server, address, up });
  }
  const [a, b] = ends;
  if (a === undefined || b === undefined) throw new Error("BUG: two ends");
  a.transport.connect([b.address]);
  const link = await a.up;
  await b.up;
  pipe.send = (bytes) => a.transport.send(link, bytes, false);
  Object.defineProperty(pipe, "queuedBytes", { get: () => a.transport.queuedBytes(link) });
  return pipe;
}

/** CPU microseconds a message, sender and receiver together, sent `TURN` a turn of the event loop. */
async function cost(open: () => Promise<Pipe>, size: number, count: number): Promise<number> {
  const pipe = await open();
  const message = new Uint8Array(size).fill(7);
  let received = 0;
  const done = new Promise<void>((resolve) => {
    pipe.onMessage = () => {
      if (++received === count) resolve();
    };
  });
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    // A new view each time: the frames of a message that goes to several links are shared, and here it goes to one.
    pipe.send(message.subarray(0));
    if (i % TURN !== TURN - 1) continue;
    do await new Promise((resolve) => setImmediate(resolve));
    while (pipe.queuedBytes > 4 * FRAME_BYTES_MAX);
  }
  await done;
  const { user, system } = process.cpuUsage(before);
  await pipe.close();
  return (user + system) / count;
}

const CONTESTANTS = {
  transport: transportPipe,
  masked: () => bareWs({}),
  unmasked: () => bareWs({ generateMask: () => {} }),
};

const SIZES: readonly (readonly [label: string, size: number, count: number])[] = [
  ["100 B", 100, 100_000],
  ["4 KiB", 4096, 30_000],
  ["64 KiB", 65_536, 3000],
  ["1 MiB", FRAME_BYTES_MAX - 1, 200],
];

export async function run(): Promise<{ name: string; rows: Row[] }> {
  const rows: Row[] = [];
  for (const [label, size, count] of SIZES) {
    const figures = { transport: [] as number[], masked: [] as number[], unmasked: [] as number[] };
    await cost(CONTESTANTS.transport, size, count >> 2);
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of ["transport", "masked", "unmasked"] as const) {
        figures[name].push(await cost(CONTESTANTS[name], size, count));
      }
    }
    const value = median(figures.transport);
    for (const twin of ["masked", "unmasked"] as const) {
      rows.push({
        what: `a message of ${label} over a link`,
        value,
        unit: "us CPU",
        against: `bare ws, ${twin}`,
        ratio: median(figures[twin]) / value,
      });
    }
  }
  return { name: "links", rows };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}
