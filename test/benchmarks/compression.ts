/**
 * What compression between regions saves and costs: messages that hold one value, as pushes do, over a link that compresses
 * beside the same over one that does not, bytes on the wire and CPU time of both ends together. And why it is not
 * `permessage-deflate`: the same messages over bare `ws` that does that, without context takeover. Medians of three.
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { LinkId } from "../../src/replica/ports.ts";
import { systemScheduler } from "../../src/runtime/system.ts";
import { WsTransport } from "../../src/runtime/ws-transport.ts";
import { FRAME_BYTES_MAX } from "../../src/wire/frames.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const ROUNDS = 3;
/** Messages that leave in one turn of the event loop. */
const TURN = 32;
const VARIANTS = 64;

interface Pipe {
  send(bytes: Uint8Array): void;
  readonly queuedBytes: number;
  readonly bytesOut: number;
  onMessage: () => void;
  close(): Promise<void>;
}

/** A link between two regions. */
async function transportPipe(compressRegions: boolean): Promise<Pipe> {
  const servers = [createServer(), createServer()];
  let onMessage = () => {};
  const ends = await Promise.all(
    servers.map(async (server, index) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const id = `r${index}` as ReplicaId;
      const random = new SeededRandom(id);
      const transport = new WsTransport({ server, random, scheduler: systemScheduler, log: () => {}, compressRegions });
      const facts = { id, life: 1, region: id, address, cluster: "bench", shards: 256 };
      const up = new Promise<LinkId>((resolve) => {
        void transport.start(facts, { up: resolve, down: () => {}, frame: () => onMessage(), refused: () => {} });
      });
      return { transport, address, up };
    }),
  );
  const [a, b] = ends;
  if (a === undefined || b === undefined) throw new Error("BUG: two ends");
  a.transport.connect([b.address]);
  const [link] = await Promise.all([a.up, b.up]);
  return {
    send: (bytes) => a.transport.send(link, bytes, false),
    get queuedBytes() {
      return a.transport.queuedBytes(link);
    },
    get bytesOut() {
      const bytes = a.transport.statistics().find(({ name }) => name === "link_bytes_total");
      return bytes?.samples.find(({ labels }) => labels.direction === "out")?.value ?? Number.NaN;
    },
    set onMessage(run: () => void) {
      onMessage = run;
    },
    async close() {
      for (const end of ends) await end.transport.stop();
      for (const server of servers) server.close();
    },
  };
}

/** `ws` by itself, compressing each message by its own means. */
async function deflatingWs(): Promise<Pipe> {
  const server = createServer();
  const perMessageDeflate = { serverNoContextTakeover: true, clientNoContextTakeover: true };
  const webSockets = new WebSocketServer({ server, perMessageDeflate, maxPayload: 2 * FRAME_BYTES_MAX });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    perMessageDeflate: { ...perMessageDeflate, zlibDeflateOptions: { level: 1 } },
    generateMask: () => {},
  });
  let onMessage = () => {};
  let socket = { bytesWritten: 0 };
  client.on("upgrade", (response) => {
    socket = response.socket;
  });
  webSockets.on("connection", (accepted) => accepted.on("message", () => onMessage()));
  await new Promise((resolve) => client.once("open", resolve));
  return {
    send: (bytes) => client.send(bytes),
    get queuedBytes() {
      return client.bufferedAmount;
    },
    get bytesOut() {
      return socket.bytesWritten;
    },
    set onMessage(run: () => void) {
      onMessage = run;
    },
    async close() {
      client.terminate();
      webSockets.close();
      server.close();
    },
  };
}

interface Cost {
  readonly cpuUs: number;
  readonly wireBytes: number;
}

/** What a message costs, sender and receiver together. */
async function cost(open: () => Promise<Pipe>, messages: readonly Uint8Array[], count: number): Promise<Cost> {
  const pipe = await open();
  let received = 0;
  const done = new Promise<void>((resolve) => {
    pipe.onMessage = () => {
      if (++received === count) resolve();
    };
  });
  const bytesBefore = pipe.bytesOut;
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    // A new view each time: what is made of a message that goes to several links is shared, and here it goes to one.
    pipe.send((messages[i % messages.length] ?? new Uint8Array(0)).subarray(0));
    if (i % TURN !== TURN - 1) continue;
    do await new Promise((resolve) => setImmediate(resolve));
    while (pipe.queuedBytes > 4 * FRAME_BYTES_MAX);
  }
  await done;
  const { user, system } = process.cpuUsage(before);
  const wireBytes = (pipe.bytesOut - bytesBefore) / count;
  await pipe.close();
  return { cpuUs: (user + system) / count, wireBytes };
}

/** An order as a shop would keep it: words that come again, and numbers that do not. */
function jsonValue(random: SeededRandom, size: number): Uint8Array {
  const words = ["shipped", "pending", "blue", "green", "Frankfurt", "Singapore", "priority", "standard"];
  const lines: string[] = [];
  let length = 0;
  while (length < size) {
    const item = {
      sku: `sku-${random.uint32() % 100_000}`,
      name: words[random.uint32() % 8],
      quantity: random.uint32() % 9,
    };
    const line = JSON.stringify({
      ...item,
      state: words[random.uint32() % 8],
      price: (random.uint32() % 100_000) / 100,
    });
    lines.push(line);
    length += line.length + 1;
  }
  return new TextEncoder().encode(`[${lines.join(",")}]`.slice(0, size));
}

function randomValue(random: SeededRandom, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, () => random.uint32() & 255);
}

const LOADS = [
  ["JSON of 1 KiB", jsonValue, 1024, 20_000],
  ["random bytes of 1 KiB", randomValue, 1024, 20_000],
  ["JSON of 64 KiB", jsonValue, 65_536, 1_500],
  ["random bytes of 64 KiB", randomValue, 65_536, 1_500],
] as const;

const CONTESTANTS = {
  compressing: () => transportPipe(true),
  plain: () => transportPipe(false),
  deflate: deflatingWs,
};

export async function run(): Promise<BenchmarkReport> {
  const rows: BenchmarkRow[] = [];
  for (const [what, make, size, count] of LOADS) {
    const random = new SeededRandom(what);
    const messages = Array.from({ length: VARIANTS }, () => make(random, size));
    const costs = { compressing: [] as Cost[], plain: [] as Cost[], deflate: [] as Cost[] };
    await cost(CONTESTANTS.compressing, messages, count >> 2);
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of ["compressing", "plain", "deflate"] as const) {
        costs[name].push(await cost(CONTESTANTS[name], messages, count));
      }
    }
    rows.push(...rowsOf(what, costs));
  }
  return { name: "compression", rows };
}

function rowsOf(what: string, costs: Readonly<Record<keyof typeof CONTESTANTS, readonly Cost[]>>): BenchmarkRow[] {
  const cpu = (name: keyof typeof CONTESTANTS) => median(costs[name].map(({ cpuUs }) => cpuUs));
  const bytes = (name: keyof typeof CONTESTANTS) => median(costs[name].map(({ wireBytes }) => wireBytes));
  const against = "not compressed";
  return [
    { what, value: bytes("compressing"), unit: "bytes", against, ratio: bytes("compressing") / bytes("plain") },
    { what, value: cpu("compressing"), unit: "us CPU", against, ratio: cpu("compressing") / cpu("plain") },
    {
      what,
      value: cpu("compressing"),
      unit: "us CPU",
      against: "permessage-deflate of ws",
      ratio: cpu("compressing") / cpu("deflate"),
    },
  ];
}
