/** Many clients that ask for more than there is room for, and go, stall and pile up as they like: nothing of it is left behind. */

import type { Socket } from "node:net";
import { encode } from "@msgpack/msgpack";
import { afterEach, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import type { FakeStore } from "../support/fake-store.ts";
import { openSocket } from "../support/raw-http.ts";
import { TestClient } from "../support/ws-client.ts";

const KIB = 1024;
const LIMITS = {
  valueBytesMax: 600 * KIB,
  bodyBytesInFlightMax: 1024 * KIB,
  roomWaitMs: 1_500,
  roomKeepMs: 200,
};
/** Around what is short, what a value may be, and what there is room for. */
const LENGTHS = [1, 64 * KIB, 64 * KIB + 1, 100 * KIB, 600 * KIB, 600 * KIB + 1, 1100 * KIB];
const CLIENTS = 24;
const STEPS = 6;
const SLOW_MS = 60;

let doors: TestDoors;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await doors.server.close(0);
});

/** Operations of the store take a while, which clients use to go. */
function slowDown(store: FakeStore, random: SeededRandom): void {
  for (const operation of ["get", "put"] as const) {
    const original = store[operation].bind(store) as (...given: unknown[]) => Promise<unknown>;
    const slow = async (...given: unknown[]): Promise<unknown> => {
      await passed(random.below(SLOW_MS));
      const done = await original(...given);
      await passed(random.below(SLOW_MS));
      return done;
    };
    Object.defineProperty(store, operation, { value: slow });
  }
}

const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function requestOf(random: SeededRandom): Buffer {
  const length = random.pick(LENGTHS);
  if (random.below(3) === 0) return Buffer.from(`GET /v1/kv/l${length} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const body = Buffer.alloc(length, "x");
  const head = `PUT /v1/kv/k${random.below(9)} HTTP/1.1\r\nHost: localhost\r\n`;
  if (random.below(2) === 0) return Buffer.concat([Buffer.from(`${head}Content-Length: ${length}\r\n\r\n`), body]);
  const chunk = `${length.toString(16)}\r\n`;
  return Buffer.concat([
    Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`),
    body,
    Buffer.from("\r\n0\r\n\r\n"),
  ]);
}

/** Requests one behind the other, of which the last may be cut short; then it waits, does not read, or goes. */
async function overHttp(random: SeededRandom): Promise<void> {
  const socket = await openSocket(doors.port);
  sockets.push(socket);
  socket.on("error", () => {});
  if (random.below(4) > 0) socket.resume();
  for (let i = random.between(1, 4); i > 0; i--) {
    const request = requestOf(random);
    socket.write(random.below(4) === 0 ? request.subarray(0, random.between(1, request.length)) : request);
  }
  await passed(random.below(400));
  if (random.below(2) === 0) socket.destroy();
}

/** In two frames, of which the last, which makes it long, is often so short that it comes with its head. */
function sendInPieces(socket: WebSocket, key: string, random: SeededRandom): void {
  const message = { id: 0, op: "put", key, value: "x".repeat(64 * KIB + random.pick([0, 50_000])) };
  const binary = socket.protocol === "atoll.v1.msgpack";
  const bytes = binary ? encode(message) : Buffer.from(JSON.stringify(message));
  const first = random.pick([64 * KIB, 50_000]);
  socket.send(bytes.subarray(0, first), { fin: false, binary });
  socket.send(bytes.subarray(first), { binary });
}

async function overWebSocket(random: SeededRandom): Promise<void> {
  const protocol = random.below(2) === 0 ? "atoll.v1.json" : "atoll.v1.msgpack";
  const { socket, ...client } = await TestClient.open(doors.port, protocol).then((opened) => ({
    socket: opened.socket,
    ask: (fields: Parameters<TestClient["ask"]>[0]) => void opened.ask(fields),
  }));
  sockets.push(Reflect.get(socket, "_socket") as Socket);
  if (random.below(4) === 0) socket.pause();
  for (let i = random.between(1, 4); i > 0; i--) {
    const length = random.pick(LENGTHS);
    const key = random.below(2) === 0 ? `k${random.below(9)}` : `l${length}`;
    if (key.startsWith("l")) client.ask({ op: "get", key });
    else if (random.below(3) === 0) sendInPieces(socket, key, random);
    else client.ask({ op: "put", key, value: "x".repeat(length) });
  }
  // What has no end is the last of a connection.
  if (random.below(3) === 0) socket.send(Buffer.alloc(random.pick(LENGTHS), " "), { fin: false, binary: false });
  await passed(random.below(400));
  if (random.below(2) === 0) socket.terminate();
}

it.each([1, 2, 3])(
  "nothing is lent, waited for or counted once all have gone or been cut off: seed %i",
  async (seed) => {
    const random = new SeededRandom(`room ${seed}`);
    doors = await openDoors({ limits: LIMITS });
    for (const length of LENGTHS) await doors.store.put(`l${length}` as Key, new Uint8Array(length));
    slowDown(doors.store, random.fork("store"));
    const visit = async (i: number): Promise<void> => {
      const own = random.fork(`client ${i}`);
      for (let step = 0; step < STEPS; step++) await (i % 2 === 0 ? overHttp(own) : overWebSocket(own));
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => visit(i)));
    const { metrics } = doors.server;
    for (const socket of sockets) socket.destroy();
    const left = () => [
      metrics.connections,
      metrics.account.lentBytes,
      metrics.account.waiting,
      metrics.bodyBytesInFlight,
      metrics.shortBodyBytesInFlight,
    ];
    await expect.poll(left, { timeout: 10_000 }).toEqual([0, 0, 0, 0, 0]);
    const body = new Uint8Array(LIMITS.valueBytesMax);
    expect((await fetch(`${doors.url}/v1/kv/fresh`, { method: "PUT", body })).status).toBe(201);
    expect((await (await fetch(`${doors.url}/v1/kv/fresh`)).arrayBuffer()).byteLength).toBe(body.length);
    await expect.poll(left).toEqual([expect.any(Number), 0, 0, 0, 0]);
  },
  60_000,
);
