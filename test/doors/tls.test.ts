/** What attackers try before there is HTTP: garbage for TLS, and handshakes that are begun and left. */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuth } from "../../src/doors/auth.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { openSocket, readAll } from "../support/raw-http.ts";

const TIMEOUT_MS = 300;
const AT_LAST_MS = 3_000;

let open: TestDoors;
let guarded: TestDoors;
let hello: Buffer;

beforeAll(async () => {
  const folder = new URL("../support/tls/", import.meta.url);
  const [cert, key] = await Promise.all([
    readFile(new URL("peer.cert.pem", folder)),
    readFile(new URL("peer.key.pem", folder)),
  ]);
  const limits = { headersTimeoutMs: TIMEOUT_MS, strangerTimeoutMs: TIMEOUT_MS };
  const auth = createAuth([{ token: "good", scopes: ["read"] }]);
  const upgrades = {
    "/x": (_request: unknown, socket: Duplex, head: Buffer) => {
      socket.write(head);
      socket.pipe(socket);
    },
  };
  open = await openDoors({ tls: { cert, key }, limits, upgrades });
  guarded = await openDoors({ tls: { cert, key }, limits, upgrades, auth });
  hello = await clientHello();
});

afterAll(async () => {
  await Promise.all([open.server.close(100), guarded.server.close(100)]);
});

/** The first message of a handshake. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  client.on("error", () => {});
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  server.close();
  return bytes;
}

async function ask(client: TLSSocket): Promise<string> {
  const answered = once(client, "data");
  client.write("GET /v1/keys HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n\r\n");
  return String((await answered)[0]).slice(0, 12);
}

const attacks: readonly (readonly [name: string, bytes: () => Buffer])[] = [
  ["nothing", () => Buffer.alloc(0)],
  ["plain HTTP", () => Buffer.from("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ["random bytes", () => randomBytes(5_000)],
  ["zeros", () => Buffer.alloc(5_000)],
  ["half of a hello", () => hello.subarray(0, hello.length / 2)],
  ["a hello, and then nothing", () => hello],
  ["a hello, and then garbage", () => Buffer.concat([hello, randomBytes(1_000)])],
  [
    "a hello with a length that lies",
    () => Buffer.concat([hello.subarray(0, 6), Buffer.alloc(3, 0xff), hello.subarray(9)]),
  ],
  ["a record that never ends", () => Buffer.from([0x16, 3, 1, 0x40, 0, 1])],
  ["a record that is too long", () => Buffer.from([0x16, 3, 1, 0xff, 0xff, 1])],
  ["SSL 2", () => Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10])],
  ["an alert", () => Buffer.from([0x15, 3, 3, 0, 2, 2, 40])],
];

describe.each([
  ["no token is", () => open],
  ["a token is", () => guarded],
])("where %s asked for", (_name, doorsOf) => {
  it.each(attacks)("%s is closed in time and counted, and disturbs nobody", async (_attack, bytes) => {
    const { port, server } = doorsOf();
    const { metrics } = server;
    const other = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    expect(await ask(other)).toBe("HTTP/1.1 200");
    const before = metrics.tlsFailures;
    const startedAt = performance.now();
    const socket = await openSocket(port);
    const closed = readAll(socket);
    socket.write(bytes());
    expect(await ask(other)).toBe("HTTP/1.1 200");
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(AT_LAST_MS);
    await expect.poll(() => metrics.tlsFailures).toBe(before + 1);
    await expect.poll(() => metrics.connections).toBe(1);
    expect(await ask(other)).toBe("HTTP/1.1 200");
    expect(await metrics.exposition()).toContain(`\natoll_door_tls_failures_total ${before + 1}\n`);
    other.destroy();
    await expect.poll(() => metrics.connections).toBe(0);
  });

  it("a connection that somebody else takes over is neither counted nor waited for", async () => {
    const { port, server } = doorsOf();
    const taken = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    taken.write("GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    taken.write("first");
    expect(String((await once(taken, "data"))[0])).toBe("first");
    expect(server.metrics.connections).toBe(0);
    const startedAt = performance.now();
    await server.close(20_000);
    expect(performance.now() - startedAt).toBeLessThan(AT_LAST_MS);
    taken.write("second");
    expect(String((await once(taken, "data"))[0])).toBe("second");
    taken.destroy();
  });
});
