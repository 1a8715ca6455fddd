/** What attackers try over WebSocket: foreign pages, frames without end, readers that do not read. */

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import { defaultLimits } from "../../../src/doors/limits.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { openSocket, parseAnswer, readAll } from "../../support/raw-http.ts";
import { TestClient } from "../../support/ws-client.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

let doors: TestDoors;
let guarded: TestDoors;

beforeAll(async () => {
  doors = await openDoors({
    limits: {
      valueBytesMax: MIB,
      outputBytesMax: 2 * MIB,
      heartbeatMs: 100,
      stalledReaderTimeoutMs: 500,
      requestsInFlightMax: 8,
      fragmentsMax: 100,
    },
    allowOrigins: ["https://good.example"],
  });
  guarded = await openDoors({
    auth: createAuth([
      { token: "all", scopes: ["read", "write"] },
      { token: "reader", scopes: ["read"] },
      { token: "tenant", scopes: ["read", "write", "admin"], prefix: "t/" },
    ]),
  });
});

afterAll(async () => {
  await Promise.all([doors.server.close(100), guarded.server.close(100)]);
});

/** A WebSocket opened by hand, with nothing that reads or answers behind it. */
async function openRaw(port: number, headers: readonly string[] = []): Promise<Socket> {
  const socket = await openSocket(port);
  const key = randomBytes(16).toString("base64");
  const lines = [
    "GET /v1/ws HTTP/1.1",
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Protocol: atoll.v1.json",
    ...headers,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.on("error", () => {});
  return socket;
}

/** A masked frame (RFC 6455, 5.2), the mask being zeros. */
function frame(opcode: number, payload: string | Buffer, final = true): Buffer {
  const body = Buffer.from(payload);
  const head = [(final ? 0x80 : 0) | opcode];
  if (body.length < 126) head.push(0x80 | body.length);
  else head.push(0xfe, body.length >> 8, body.length & 255);
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}

const isServing = async (port: number): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;

describe("pages", () => {
  it.each([
    ["https://good.example", true],
    ["http://127.0.0.1:PORT", true],
    ["https://evil.example", false],
    ["https://good.example.evil.example", false],
    ["http://127.0.0.1:PORT.evil.example", false],
    ["null", false],
  ])("of %s may connect: %s", async (origin, allowed) => {
    const options = { origin: origin.replace("PORT", String(doors.port)) };
    const opening = TestClient.open(doors.port, "atoll.v1.json", options);
    if (!allowed) await expect(opening).rejects.toThrow("refused with 403");
    else (await opening).close();
  });

  it("whose name was rebound to loopback may not", async () => {
    const options = { headers: { host: "evil.example" } };
    await expect(TestClient.open(doors.port, "atoll.v1.json", options)).rejects.toThrow("refused with 403");
  });
});

describe("tokens", () => {
  const offer = (token: string) => ["atoll.v1.json", `atoll.token.${Buffer.from(token).toString("base64url")}`];

  it("are taken from the header, or from an offered subprotocol that is not answered back", async () => {
    const headers = { authorization: "Bearer all" };
    const byHeader = await TestClient.open(guarded.port, "atoll.v1.json", { headers });
    expect(await byHeader.ask({ op: "get", key: "a" })).toMatchObject({ ok: true });
    const byOffer = await TestClient.open(guarded.port, offer("all"));
    expect(byOffer.socket.protocol).toBe("atoll.v1.json");
    expect(await byOffer.ask({ op: "put", key: "a", value: "" })).toMatchObject({ ok: true });
    byHeader.close();
    byOffer.close();
  });

  it.each([
    ["none", ["atoll.v1.json"]],
    ["a wrong one", offer("wrong")],
    ["one that is no base64url", ["atoll.v1.json", "atoll.token.!!"]],
  ])("%s: refused before the upgrade", async (_name, protocols) => {
    await expect(TestClient.open(guarded.port, protocols)).rejects.toThrow("refused with 401");
  });

  it("in the URL are not looked at", async () => {
    const socket = await openSocket(guarded.port);
    const answered = readAll(socket);
    socket.write(
      "GET /v1/ws?token=all HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    expect(parseAnswer(await answered).status).toBe(401);
  });

  it("hold for every operation: scope, prefix, batches, keys, watches, status", async () => {
    const reader = await TestClient.open(guarded.port, offer("reader"));
    const forbidden = { ok: false, code: "FORBIDDEN" };
    expect(await reader.ask({ op: "put", key: "a", value: "" })).toMatchObject(forbidden);
    expect(await reader.ask({ op: "delete", key: "a" })).toMatchObject(forbidden);
    const write = {
      op: "batch",
      operations: [
        { type: "get", key: "a" },
        { type: "delete", key: "a" },
      ],
    };
    expect(await reader.ask(write)).toMatchObject(forbidden);
    expect(await reader.ask({ op: "status" })).toMatchObject({ ok: true });
    const tenant = await TestClient.open(guarded.port, offer("tenant"));
    expect(await tenant.ask({ op: "put", key: "t/a", value: "" })).toMatchObject({ ok: true });
    expect(await tenant.ask({ op: "get", key: "u/a" })).toMatchObject(forbidden);
    expect(await tenant.ask({ op: "keys" })).toMatchObject(forbidden);
    expect(await tenant.ask({ op: "keys", prefix: "t/" })).toMatchObject({ ok: true, keys: ["t/a"] });
    expect(await tenant.ask({ op: "watch", prefix: "t" })).toMatchObject(forbidden);
    expect(await tenant.ask({ op: "watch", prefix: "t/x" })).toMatchObject({ ok: true });
    expect(await tenant.ask({ op: "status" })).toMatchObject(forbidden);
    reader.close();
    tenant.close();
  });
});

/** Short frames without a mask; a ping may come before the close. */
function closeCodeIn(text: string): number | undefined {
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at + 2 <= bytes.length; at += 2 + bytes.readUInt8(at + 1)) {
    if (bytes.readUInt8(at) === 0x88) return bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

describe("frames", () => {
  it("over the limit end their connection with 1009", async () => {
    const client = await TestClient.open(doors.port);
    const limit = Math.ceil((MIB * 4) / 3) + 64 * KIB;
    client.socket.send("x".repeat(limit + 1));
    expect(await client.closed).toBe(1009);
    expect(doors.server.metrics.errorCount("BODY_TOO_LARGE")).toBe(1);
  });

  it("in endless tiny fragments end their connection", async () => {
    const socket = await openRaw(doors.port);
    const closed = readAll(socket);
    socket.write(frame(1, "x", false));
    for (let i = 0; i < 200; i++) socket.write(frame(0, "x", false));
    expect(closeCodeIn(await closed)).toBe(1008);
  });

  it("are never compressed, even when the client offers to: a bomb cannot unfold", async () => {
    const socket = await openSocket(doors.port);
    socket.on("error", () => {});
    const offered = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"];
    const lines = ["GET /v1/ws HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"];
    const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
    socket.write(`${[...lines, "Sec-WebSocket-Version: 13", key, ...offered].join("\r\n")}\r\n\r\n`);
    const head = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(head.toString()).toMatch(/^HTTP\/1.1 101/);
    expect(head.toString()).not.toMatch(/sec-websocket-extensions/i);
    const closed = readAll(socket);
    const bomb = frame(1, Buffer.from([0x4a, 0x04, 0x00]));
    bomb[0] = 0xc1;
    socket.write(bomb);
    expect(closeCodeIn(await closed)).toBe(1002);
  });

  it.each([
    ["text that is not UTF-8", frame(1, Buffer.from([0x22, 0xff, 0x22])), 1007],
    ["an opcode that is none", frame(5, "x"), 1002],
    ["a ping of 126 bytes", frame(9, "x".repeat(126)), 1002],
    ["a frame without a mask", Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002],
  ])("%s ends its connection", async (_name, bytes, code) => {
    const socket = await openRaw(doors.port);
    const closed = readAll(socket);
    socket.write(bytes);
    expect(closeCodeIn(await closed)).toBe(code);
    expect(await isServing(doors.port)).toBe(true);
  });

  it.each([
    ["nested 100,000 deep", `{"id":1,"op":"batch","operations":${"[".repeat(100_000)}`],
    ["crowded with names that collide", `{"id":1,${Array.from({ length: 80_000 }, (_, i) => `"${i * 65_536}":1`)}}`],
    ["of a huge number", '{"id":1e999,"op":"get","key":"a"}'],
  ])("%s are answered with an error, and no more", async (_name, text) => {
    const client = await TestClient.open(doors.port);
    expect(await client.raw(text)).toMatchObject({ id: null, ok: false });
    expect(await client.ask({ op: "get", key: "a" })).toMatchObject({ ok: true });
    client.close();
  });
});

describe("readers that do not read", () => {
  it("are cut off by events at the bound", async () => {
    // With a heartbeat that does not cut it off first, for answering no ping.
    const patient = await openDoors({ limits: { valueBytesMax: MIB, outputBytesMax: 2 * MIB } });
    const socket = await openRaw(patient.port);
    socket.write(frame(1, '{"id":1,"op":"watch"}'));
    await expect.poll(() => patient.store.watchers.size).toBe(1);
    socket.pause();
    const value = Buffer.alloc(100 * KIB, "x");
    for (let i = 0; i < 400 && patient.store.watchers.size === 1; i++) {
      await patient.store.put("k" as Key, value);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(patient.store.watchers.size).toBe(0);
    expect(patient.server.metrics.errorCount("SLOW_CONSUMER")).toBe(1);
    socket.destroy();
    await patient.server.close(100);
  });

  it("are told why with 4409, if they read after all", async () => {
    const client = await TestClient.open(doors.port);
    await client.ask({ op: "watch" });
    client.socket.pause();
    for (let i = 0; i < 400 && doors.store.watchers.size === 1; i++) {
      await doors.store.put("k" as Key, Buffer.alloc(100 * KIB, "x"));
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.resume();
    expect(await client.closed).toBe(4409);
  });

  it("slow down themselves by their own requests, hold little memory, and are given up in time", async () => {
    await doors.store.put("big" as Key, Buffer.alloc(MIB, "x"));
    const socket = await openRaw(doors.port);
    socket.pause();
    const before = process.memoryUsage().rss;
    const asked = Buffer.concat(
      Array.from({ length: 1_000 }, (_, id) => frame(1, `{"id":${id},"op":"get","key":"big"}`)),
    );
    socket.write(asked);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await expect.poll(() => doors.server.metrics.webSockets, { timeout: 10_000 }).toBe(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    socket.resume();
    await closed;
  });

  it("have few answers made for them, also where each is short, and far less than events are let wait", async () => {
    const patient = await openDoors();
    await patient.store.put("short" as Key, Buffer.alloc(60 * KIB, "x"));
    const { get } = patient.store;
    let begun = 0;
    patient.store.get = (...given) => {
      begun++;
      return get.apply(patient.store, given);
    };
    const socket = await openRaw(patient.port);
    socket.pause();
    socket.write(
      Buffer.concat(Array.from({ length: 1_000 }, (_, id) => frame(1, `{"id":${id},"op":"get","key":"short"}`))),
    );
    const other = await TestClient.open(patient.port);
    // As much time as others take for many of their own.
    for (let i = 0; i < 500; i++) await other.ask({ op: "put", key: "a", value: "" });
    expect(begun).toBeGreaterThan(0);
    // What the system takes over of them is among these.
    expect(begun * 60 * KIB).toBeLessThan(defaultLimits.outputBytesMax);
    socket.destroy();
    other.close();
    await patient.server.close(100);
  });

  it("cannot make pongs pile up", async () => {
    const socket = await openRaw(doors.port);
    socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(9, "x".repeat(125))));
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 200 && !socket.destroyed; i++) {
      const flushed = new Promise<void>((resolve) => socket.write(pings, () => resolve()));
      await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    await expect.poll(() => doors.server.metrics.webSockets, { timeout: 10_000 }).toBe(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
    socket.destroy();
  });

  it("and answer no ping are gone after two heartbeats", async () => {
    const socket = await openRaw(doors.port);
    const startedAt = performance.now();
    await readAll(socket);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await expect.poll(() => doors.server.metrics.webSockets).toBe(0);
  });
});

describe("requests", () => {
  it("of which too many are under way at once wait for their turn, and all are answered", async () => {
    const { put } = doors.store;
    let running = 0;
    let most = 0;
    doors.store.put = async (key, value, options) => {
      running++;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      return put.call(doors.store, key, value, options);
    };
    const client = await TestClient.open(doors.port);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => client.ask({ op: "put", key: "a", value: "" })),
    );
    doors.store.put = put;
    expect(answers.every((answer) => answer.ok === true)).toBe(true);
    expect(most).toBe(8);
    client.close();
  });

  it("for inherited names find what was put there, and nothing else", async () => {
    const client = await TestClient.open(doors.port);
    for (const key of [...Object.getOwnPropertyNames(Object.prototype), "\0", "../x", "\ufeff"]) {
      expect(await client.ask({ op: "get", key }), key).toMatchObject({ found: false });
      expect(await client.ask({ op: "put", key, value: key })).toMatchObject({ ok: true, existed: false });
      expect(await client.ask({ op: "get", key })).toMatchObject({ found: true, value: key });
      expect(await client.ask({ op: "delete", key })).toMatchObject({ existed: true });
    }
    client.close();
  });

  it("of which the server shuts down in the middle end with 1001", async () => {
    const other = await openDoors();
    const client = await TestClient.open(other.port);
    const closed = other.server.close(1_000);
    expect(await client.closed).toBe(1001);
    await closed;
  });
});
