/** What a connection without a good token gets where one is asked for: one answer, 4 KiB of head, 5 s. Here, shorter. */

import { readFile } from "node:fs/promises";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { createAuth } from "../../src/doors/auth.ts";
import type { DoorServerOptions } from "../../src/doors/server.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { openSocket, parseAnswer, readAll } from "../support/raw-http.ts";
import { TestClient } from "../support/ws-client.ts";

const TOKEN = "good";
const GOOD = [`Authorization: Bearer ${TOKEN}`];
const TIMEOUT_MS = 400;
/** Well beyond the timeout, and far below every other one. */
const AT_LAST_MS = 2_000;

const opened: TestDoors[] = [];

async function open(options: Partial<Omit<DoorServerOptions, "store">> = {}): Promise<TestDoors> {
  const doors = await openDoors({
    auth: createAuth([{ token: TOKEN, scopes: ["read", "write", "admin"] }]),
    ...options,
    limits: { strangerTimeoutMs: TIMEOUT_MS, ...options.limits },
  });
  opened.push(doors);
  return doors;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ server }) => server.close(100)));
});

function head(line: string, headers: readonly string[] = []): string {
  return `${[`${line} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
}

/** A head of exactly so many bytes. */
function headOf(bytes: number, line: string, headers: readonly string[] = []): string {
  const rest = head(line, [...headers, "X: "]).length;
  return head(line, [...headers, `X: ${"x".repeat(bytes - rest)}`]);
}

interface Seen {
  readonly text: string;
  readonly afterMs: number;
}

/** All that comes for these bytes until the server closes, on a connection that is never closed from here. */
async function send(doors: TestDoors, bytes: string): Promise<Seen> {
  const startedAt = performance.now();
  const socket = await openSocket(doors.port);
  const answered = readAll(socket);
  if (bytes !== "") socket.write(bytes);
  return { text: await answered, afterMs: performance.now() - startedAt };
}

/** When another stranger's time is up: whoever came before it and is still here has been let stay. */
async function strangersTime(doors: TestDoors): Promise<void> {
  await readAll(await openSocket(doors.port));
}

/** One request and its answer's first line, on a connection that stays. */
async function ask(socket: Awaited<ReturnType<typeof openSocket>>, bytes: string): Promise<string> {
  const answered = new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString("latin1"))));
  socket.write(bytes);
  return (await answered).split("\r\n", 1)[0] ?? "";
}

describe("a connection without a good token", () => {
  const refused: readonly (readonly [name: string, bytes: string, status: number])[] = [
    ["a request without one", head("GET /v1/kv/a"), 401],
    ["a wrong one", head("GET /v1/kv/a", ["Authorization: Bearer bad"]), 401],
    ["several requests at once", head("GET /v1/kv/a").repeat(5), 401],
    ["15 KiB of headers", headOf(15 * 1024, "GET /v1/kv/a"), 431],
    ["a byte over 4 KiB of head", headOf(4097, "GET /healthz"), 431],
    ["4 KiB of head", headOf(4096, "GET /healthz"), 200],
    ["a path that is not", head("GET /nowhere"), 404],
    ["a method that is none", head("POST /v1/kv/a"), 405],
    ["a preflight", head("OPTIONS /v1/kv/a"), 204],
    ["a probe", head("GET /healthz"), 200],
    ["the description", head("GET /openapi.json"), 200],
    ["metrics", head("GET /metrics"), 401],
    ["no upgrade where one is due", head("GET /v1/ws"), 401],
    ["an upgrade", head("GET /v1/ws", ["Connection: Upgrade", "Upgrade: websocket"]), 401],
    ["another's upgrade", headOf(4097, "GET /x", ["Connection: Upgrade", "Upgrade: websocket"]), 431],
  ];

  it.each(refused)("is closed with the answer to %s", async (_name, bytes, status) => {
    const doors = await open({ limits: { strangerTimeoutMs: 20_000 }, upgrades: { "/x": () => {} } });
    const { text, afterMs } = await send(doors, bytes);
    const answer = parseAnswer(text);
    expect([answer.status, answer.headers.get("connection")]).toEqual([status, "close"]);
    expect(text.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(afterMs).toBeLessThan(AT_LAST_MS);
  });

  it("is closed with the answer when its body drips on", async () => {
    const doors = await open();
    const startedAt = performance.now();
    const socket = await openSocket(doors.port);
    const answered = readAll(socket);
    socket.write(head("PUT /v1/kv/a", ["Content-Length: 4000"]));
    const drip = setInterval(() => socket.write("x"), 10);
    const answer = parseAnswer(await answered);
    clearInterval(drip);
    expect([answer.status, answer.headers.get("connection")]).toEqual([401, "close"]);
    expect(performance.now() - startedAt).toBeLessThan(AT_LAST_MS);
    await expect.poll(() => doors.server.metrics.connections).toBe(0);
  });

  const unfinished = head("GET /v1/kv/a").slice(0, -2);

  it.each([
    ["says nothing", "", ""],
    ["does not finish its head", unfinished, "HTTP/1.1 408"],
    ["has a good token in a head that it does not finish", `${unfinished}${GOOD[0]}\r\n`, "HTTP/1.1 408"],
  ])("is closed in time when it %s", async (_name, bytes, answer) => {
    const doors = await open();
    const { text, afterMs } = await send(doors, bytes);
    expect(text.slice(0, 12)).toMatch(answer);
    expect(afterMs).toBeLessThan(AT_LAST_MS);
    expect(doors.server.metrics.errorCount("TIMEOUT")).toBe(1);
  });

  it("is closed long before its time when its head goes on beyond 4 KiB", async () => {
    const doors = await open({ limits: { strangerTimeoutMs: 10_000 } });
    const { text, afterMs } = await send(doors, headOf(5_000, "GET /v1/kv/a").slice(0, -2));
    expect(parseAnswer(text).status).toBe(431);
    expect(afterMs).toBeLessThan(5_000);
    expect(doors.server.metrics.errorCount("HEADERS_TOO_LARGE")).toBe(1);
  });

  it("is closed in time when it does not take its answer", async () => {
    const doors = await open();
    const socket = await openSocket(doors.port);
    socket.on("error", () => {});
    socket.pause();
    socket.write(head("GET /openapi.json"));
    await expect.poll(() => doors.server.metrics.connections).toBe(1);
    await expect.poll(() => doors.server.metrics.connections, { timeout: AT_LAST_MS }).toBe(0);
    socket.destroy();
  });
});

describe("a connection with a good token", () => {
  it.each([
    ["at once", head("GET /v1/kv/a", GOOD)],
    ["late in a head over 4 KiB", headOf(15 * 1024, "GET /v1/kv/a").replace("\r\n\r\n", `\r\n${GOOD[0]}\r\n\r\n`)],
    ["where none is needed", head("GET /healthz", GOOD)],
    ["in a request that fails", head("GET /nowhere", GOOD)],
  ])("shown %s stays, whatever it asks next without one", async (_name, first) => {
    const doors = await open();
    const socket = await openSocket(doors.port);
    await doors.store.put("a" as Key, Buffer.from("x"));
    expect(await ask(socket, first)).toMatch(/^HTTP\/1.1 (200|404)/);
    await strangersTime(doors);
    expect(await ask(socket, headOf(8_000, "GET /healthz"))).toBe("HTTP/1.1 200 OK");
    expect(await ask(socket, head("GET /v1/kv/a", GOOD))).toBe("HTTP/1.1 200 OK");
    socket.destroy();
  });

  it("ends with a request that shows a wrong one", async () => {
    const doors = await open();
    const { text } = await send(doors, head("GET /v1/kv/a", GOOD) + head("GET /v1/kv/a"));
    expect(text.match(/HTTP\/1.1 \d+|Connection: \S+/g)).toEqual([
      "HTTP/1.1 404",
      "Connection: keep-alive",
      "HTTP/1.1 401",
      "Connection: close",
    ]);
  });

  it("stays as a WebSocket", async () => {
    const doors = await open();
    const client = await TestClient.open(doors.port, "atoll.v1.json", {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    await strangersTime(doors);
    expect(await client.ask({ op: "get", key: "a" })).toMatchObject({ ok: true });
    client.close();
  });
});

it("is left to whoever takes an upgrade over, who knows callers by something else", async () => {
  const doors = await open({
    upgrades: { "/x": (_request, socket) => socket.on("data", (chunk) => socket.write(chunk)) },
  });
  const socket = await openSocket(doors.port);
  socket.write(head("GET /x", ["Connection: Upgrade", "Upgrade: websocket"]));
  await strangersTime(doors);
  expect(await ask(socket, "still here\r\n")).toBe("still here");
  socket.destroy();
});

it("is nobody's concern where no token is asked for", async () => {
  const doors = await openDoors({ limits: { strangerTimeoutMs: 50, headersTimeoutMs: 500 } });
  opened.push(doors);
  const socket = await openSocket(doors.port);
  expect(await ask(socket, headOf(8_000, "GET /healthz"))).toBe("HTTP/1.1 200 OK");
  await strangersTime(doors);
  expect(await ask(socket, headOf(8_000, "GET /v1/keys"))).toBe("HTTP/1.1 200 OK");
  socket.destroy();
});

describe("under TLS", () => {
  const folder = new URL("../support/tls/", import.meta.url);

  async function openTls(): Promise<TestDoors> {
    const [cert, key] = await Promise.all(
      ["peer.cert.pem", "peer.key.pem"].map((name) => readFile(new URL(name, folder))),
    );
    return open({ tls: { cert: cert ?? "", key: key ?? "" } });
  }

  const secure = (doors: TestDoors) => {
    const socket = connectTls({ port: doors.port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("error", () => {});
    return socket;
  };

  it("time counts from the connection, handshake or not", async () => {
    const doors = await openTls();
    const startedAt = performance.now();
    await Promise.all([readAll(await openSocket(doors.port)), readAll(secure(doors))]);
    expect(performance.now() - startedAt).toBeLessThan(AT_LAST_MS);
  });

  it("a refused request ends its connection, and a good token keeps it", async () => {
    const doors = await openTls();
    const socket = secure(doors);
    expect(await ask(socket, head("GET /v1/keys", GOOD))).toBe("HTTP/1.1 200 OK");
    const other = secure(doors);
    const answered = readAll(other);
    other.write(head("GET /v1/keys"));
    expect(parseAnswer(await answered)).toMatchObject({ status: 401 });
    await strangersTime(doors);
    expect(await ask(socket, head("GET /v1/keys", GOOD))).toBe("HTTP/1.1 200 OK");
    socket.destroy();
  });
});
