/** Sockets of the Redis door: TLS, how many there may be, and readers that do not read. */

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, test } from "vitest";
import type { DoorLimits } from "../../../src/doors/limits.ts";
import { Pubsub } from "../../../src/doors/redis/pubsub/pubsub.ts";
import { RespClient } from "../../redis/resp-client.ts";
import { openRedisDoor, type TestRedisDoor } from "../../support/redis-door.ts";

let doors: TestRedisDoor | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await doors?.door.close(0);
  doors = undefined;
});

async function open(options: Parameters<typeof openRedisDoor>[0]): Promise<TestRedisDoor> {
  doors = await openRedisDoor(options);
  return doors;
}

async function tls() {
  const folder = new URL("../../support/tls/", import.meta.url);
  const [cert, key] = await Promise.all([
    readFile(new URL("peer.cert.pem", folder)),
    readFile(new URL("peer.key.pem", folder)),
  ]);
  return { cert, key };
}

function track<T extends Socket>(socket: T): T {
  sockets.push(socket);
  socket.on("error", () => {});
  return socket;
}

/** One that reads nothing. */
async function silent(port: number): Promise<Socket> {
  const socket = track(connect(port, "127.0.0.1"));
  socket.pause();
  await once(socket, "connect");
  return socket;
}

test("over TLS commands are carried out, long values whole, and who does not shake hands is counted and closed", async () => {
  const { port, metrics } = await open({ tls: await tls(), limits: { headersTimeoutMs: 200 } });
  const socket = track(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }));
  await once(socket, "secureConnect");
  const long = "x".repeat(3_000_000);
  socket.write(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${long.length}\r\n${long}\r\n`);
  expect(String((await once(socket, "data"))[0])).toBe("+OK\r\n");
  socket.write("GET a\r\n");
  let got = 0;
  socket.on("data", (chunk: Buffer) => {
    got += chunk.length;
  });
  await expect.poll(() => got).toBe(long.length + "$3000000\r\n\r\n".length);

  for (const bytes of ["PING\r\n", ""]) {
    const before = metrics.tlsFailures;
    const other = track(connect(port, "127.0.0.1"));
    other.write(bytes);
    other.resume();
    await once(other, "close");
    await expect.poll(() => metrics.tlsFailures).toBe(before + 1);
  }
});

test.each<[string, Partial<DoorLimits>]>([
  ["in all", { connectionsMax: 2 }],
  ["from one address", { connectionsPerAddressMax: 2 }],
])("there are only so many connections %s, and one that goes makes room for another", async (_, limits) => {
  const { port, metrics } = await open({ limits });
  const [one, other] = [await RespClient.connect(port), await RespClient.connect(port)];
  expect(await one.send("PING")).toEqual({ status: "PONG" });
  const third = await RespClient.connect(port);
  expect(await third.send("PING")).toEqual({ error: "ERR max number of clients reached" });
  expect(metrics.connectionsRefused).toBe(1);
  await other.close();
  await expect.poll(async () => (await RespClient.connect(port)).send("PING")).toEqual({ status: "PONG" });
});

test("under TLS those count as well that have not shaken hands yet", async () => {
  const { port, metrics } = await open({ tls: await tls(), limits: { connectionsMax: 2 } });
  await Promise.all([silent(port), silent(port)]);
  const third = track(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }));
  await new Promise((resolve) => third.on("close", resolve));
  expect(metrics.connectionsRefused).toBe(1);
});

test("who reads nothing of what it is answered is cut off, and one that reads slowly is not", async () => {
  const { port } = await open({ limits: { stalledReaderTimeoutMs: 1000 } });
  const client = await RespClient.connect(port);
  await client.send("SET", "long", Buffer.alloc(12_000_000, "x"));
  const stalled = await silent(port);
  const closed = once(stalled, "close");
  stalled.write("GET long\r\n");
  const slow = track(connect(port, "127.0.0.1"));
  let read = 0;
  slow.on("data", (chunk: Buffer) => {
    read += chunk.length;
    slow.pause();
    setTimeout(() => slow.resume(), 8);
  });
  slow.write("GET long\r\n");
  await expect.poll(() => read, { timeout: 20_000 }).toBe(12_000_000 + "$12000000\r\n\r\n".length);
  stalled.resume();
  await closed;
});

test("a subscriber that lets too much wait is cut off, and what it listens to is shown until then", async () => {
  const pubsub = new Pubsub({
    peers: { whisper: () => {}, onWhisper: () => () => {} },
    store: { watch: () => ({ resume: () => "", close: () => {} }) } as never,
    commands: { tellOf: () => {} },
    clock: { now: () => 0 },
    scheduler: { after: () => () => {} },
  });
  const { port } = await open({ extensions: [pubsub.extension], limits: { outputBytesMax: 1_000_000 } });
  const client = await RespClient.connect(port);
  const listening = await silent(port);
  listening.write("SUBSCRIBE a b\r\nPSUBSCRIBE c*\r\nSSUBSCRIBE d\r\n");
  const list = async () => String(await client.send("CLIENT", "LIST"));
  await expect.poll(list).toContain("sub=2 psub=1 ssub=1");
  expect(await list()).toContain("flags=P");
  const message = Buffer.alloc(100_000, "m");
  await expect
    .poll(
      async () => {
        await client.send("PUBLISH", "a", message);
        return list();
      },
      { timeout: 20_000 },
    )
    .not.toContain("sub=2");
  expect(await client.send("PUBLISH", "a", "m")).toBe(0);
});
