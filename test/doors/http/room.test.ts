/** Long values at the HTTP door: nothing of them is in memory before there is room for it. */

import { once } from "node:events";
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../../src/base/ids.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { Gate } from "../../support/gate.ts";
import { openSocket, parseAnswer, readAll } from "../../support/raw-http.ts";

const MIB = 1024 * 1024;
/** Room for one of the long ones here. */
const BYTES_MAX = MIB + MIB / 2;
const CRUMBS = 400_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let doors: TestDoors;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await doors.server.close(0);
});

async function start(limits: { readonly roomWaitMs?: number; readonly roomKeepMs?: number } = {}): Promise<void> {
  doors = await openDoors({ limits: { bodyBytesInFlightMax: BYTES_MAX, ...limits } });
}

async function connect(): Promise<Socket> {
  const socket = await openSocket(doors.port);
  sockets.push(socket);
  return socket;
}

/** The head of a long PUT, and all of its body but for so many bytes. */
async function begin(key: string, missing: number): Promise<Socket> {
  const socket = await connect();
  socket.write(`PUT /v1/kv/${key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${MIB}\r\n\r\n`);
  socket.write(Buffer.alloc(MIB - missing, "x"));
  return socket;
}

const lent = () => doors.server.metrics.account.lentBytes;
const waiting = () => doors.server.metrics.account.waiting;
const stored = (key: string) => doors.store.slots.get(key as Key)?.entry?.value.length;

describe("a long body", () => {
  it("is not received before there is room for it, and then is, whole; short ones do not wait", async () => {
    await start();
    const first = await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const second = await begin("second", 0);
    const answered = readAll(second);
    await expect.poll(waiting).toBe(1);
    await expect.poll(() => doors.server.metrics.bodyBytesInFlight).toBe(MIB - 1);
    expect((await fetch(`${doors.url}/v1/kv/short`, { method: "PUT", body: "x".repeat(60_000) })).status).toBe(201);
    expect(stored("second")).toBeUndefined();
    first.write("x");
    expect(parseAnswer(await answered).status).toBe(201);
    expect([stored("first"), stored("second")]).toEqual([MIB, MIB]);
    await expect.poll(() => [lent(), waiting(), doors.server.metrics.bodyBytesInFlight]).toEqual([0, 0, 0]);
  });

  it("that does not say how long it is has to have room as well", async () => {
    await start();
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const chunked = await connect();
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    chunked.write(
      `PUT /v1/kv/chunked HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(16)}`,
    );
    await expect.poll(waiting).toBe(1);
    expect(doors.server.metrics.bodyBytesInFlight).toBeLessThan(MIB + 300_000);
    sockets[0]?.destroy();
    chunked.write("0\r\n\r\n");
    await expect.poll(() => stored("chunked")).toBe(MIB);
  });

  it("that comes in pieces of a byte takes no more for that", async () => {
    doors = await openDoors();
    const socket = await connect();
    const before = process.memoryUsage().heapUsed;
    socket.write("PUT /v1/kv/crumbs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    const crumbs = Buffer.from("1\r\nx\r\n".repeat(CRUMBS / 10));
    for (let i = 0; i < 10; i++) socket.write(crumbs);
    await expect.poll(() => doors.server.metrics.bodyBytesInFlight, { timeout: 10_000 }).toBe(CRUMBS);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(CRUMBS * 50);
    socket.write("0\r\n\r\n");
    await expect.poll(() => stored("crumbs")).toBe(CRUMBS);
  });

  it("that is refused is dropped as it comes, so that whoever sends all of it first is told why", async () => {
    await start({ roomWaitMs: 300, roomKeepMs: Infinity });
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const socket = await connect();
    socket.write("PUT /v1/kv/chunked HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.pause();
    const chunk = Buffer.from(`100000\r\n${"x".repeat(MIB)}\r\n`);
    const sent = new Promise<unknown>((resolve) => {
      socket.on("error", resolve);
      // More than systems keep of what nobody reads.
      for (let i = 0; i < 31; i++) socket.write(chunk);
      socket.write(chunk, (error) => resolve(error ?? undefined));
    });
    expect(await sent).toBeUndefined();
    expect(parseAnswer(await readAll(socket.resume())).status).toBe(507);
  });

  it("is refused with 507 and told to come again where no room comes free in time", async () => {
    await start({ roomWaitMs: 300, roomKeepMs: Infinity });
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const answer = parseAnswer(await readAll(await begin("second", 0)));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([507, "1"]);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "MEMORY_FULL", retry: true });
  });

  it("that does not come is cut off once others have waited for its room", async () => {
    await start({ roomKeepMs: 300 });
    const stalled = readAll(await begin("stalled", 1));
    await expect.poll(lent).toBe(MIB);
    const second = readAll(await begin("second", 0));
    expect(parseAnswer(await stalled).status).toBe(408);
    expect(parseAnswer(await second).status).toBe(201);
  });

  it("gives its room back when its client goes, also while that waits", async () => {
    await start();
    const first = await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const second = await begin("second", 1);
    await expect.poll(waiting).toBe(1);
    // Nothing is read of it: that it has gone is found once it has room.
    second.destroy();
    first.destroy();
    await expect.poll(() => [lent(), waiting()]).toEqual([0, 0]);
  });

  it("leaves nothing behind where all of it came, and its client went, while its room was waited for", async () => {
    await start();
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    await expect.poll(() => doors.server.metrics.bodyBytesInFlight).toBe(MIB - 1);
    const chunked = await connect();
    const chunk = `10001\r\n${"x".repeat(65_537)}\r\n`;
    chunked.write(`PUT /v1/kv/c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`);
    await expect.poll(waiting).toBe(1);
    chunked.destroy();
    await expect.poll(waiting).toBe(0);
    const { metrics } = doors.server;
    await expect.poll(() => [metrics.bodyBytesInFlight, metrics.shortBodyBytesInFlight]).toEqual([MIB - 1, 0]);
  });

  it("behind another request does not ask for room before that has had its own", async () => {
    await start();
    await doors.store.put("long" as Key, new Uint8Array(MIB));
    const gate = new Gate(doors.store, "get");
    const socket = await connect();
    const answered = readAll(socket);
    socket.write("GET /v1/kv/long HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const head = `PUT /v1/kv/behind HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${MIB}\r\n\r\n`;
    socket.write(head + "x".repeat(MIB));
    await gate.reached;
    // What the server reads of the others is here by then.
    expect((await fetch(`${doors.url}/v1/kv/short`, { method: "PUT", body: "x" })).status).toBe(201);
    expect([lent(), waiting()]).toEqual([0, 0]);
    gate.open();
    const text = await answered;
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 201"]);
    await expect.poll(lent).toBe(0);
  });

  it("whose write takes long is not cut off for that, and has its room until that is done though its client has gone", async () => {
    await start({ roomKeepMs: 300, roomWaitMs: 1500 });
    const gate = new Gate(doors.store, "put");
    const slow = await begin("slow", 0);
    await gate.reached;
    // Refused after longer than anybody may be slow.
    expect(parseAnswer(await readAll(await begin("second", 0))).status).toBe(507);
    expect([lent(), slow.destroyed]).toEqual([MIB, false]);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => doors.server.metrics.connections).toBe(0);
    expect(lent()).toBe(MIB);
    gate.open();
    await expect.poll(lent).toBe(0);
  });
});

describe("a long answer", () => {
  const LONG = 8 * MIB;

  async function read(key: string): Promise<Socket> {
    const socket = await connect();
    socket.pause();
    socket.write(`GET /v1/kv/${key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    return socket;
  }

  it("is made once there is room for it, and readers that take none are cut off once others wait", async () => {
    await start({ roomKeepMs: 300 });
    await doors.store.put("long" as Key, new Uint8Array(LONG));
    const stalled = await read("long");
    await expect.poll(lent).toBe(LONG);
    const second = await read("long");
    await expect.poll(waiting).toBe(1);
    const answered = readAll(second.resume());
    const closed = once(stalled, "close");
    stalled.on("error", () => {});
    // It finds out once it looks.
    await expect.poll(waiting, { timeout: 15_000 }).toBe(0);
    stalled.resume();
    await closed;
    expect(stalled.bytesRead).toBeLessThan(LONG);
    expect(parseAnswer(await answered).body.length).toBe(LONG);
    await expect.poll(lent).toBe(0);
  }, 30_000);

  it.each(["before", "after"])("leaves no room taken whose client goes %s it has asked for it", async (when) => {
    await start();
    await doors.store.put("long" as Key, new Uint8Array(LONG));
    const gate = new Gate(doors.store, "get", when === "after");
    const socket = await read("long");
    await gate.reached;
    expect(lent()).toBe(when === "after" ? LONG : 0);
    socket.destroy();
    await expect.poll(() => doors.server.metrics.connections).toBe(0);
    gate.open();
    await gate.left;
    await expect.poll(() => [lent(), waiting()]).toEqual([0, 0]);
  });

  it("of a batch that finds no more room says so where that is missing, has none left taken, and what it writes is written", async () => {
    await start();
    const short = MIB / 16 + 1;
    for (const key of ["a", "b"]) await doors.store.put(key as Key, new Uint8Array(short));
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const operations = [
      { type: "get", key: "a" },
      { type: "get", key: "b" },
      { type: "put", key: "c", value: "x" },
    ];
    const answer = await fetch(`${doors.url}/v1/batch`, { method: "POST", body: JSON.stringify({ operations }) });
    const { results } = (await answer.json()) as { readonly results: readonly unknown[] };
    expect(results).toMatchObject([{ found: true }, { ok: false, code: "MEMORY_FULL" }, { ok: true }]);
    expect([stored("c"), lent()]).toEqual([1, MIB]);
  });

  it("of a batch takes room for its values and for its text, and is given back though its client has gone meanwhile", async () => {
    await start();
    await doors.store.put("long" as Key, new Uint8Array(100_000));
    const gate = new Gate(doors.store, "get", true);
    const socket = await connect();
    const value = "x".repeat(70_000);
    const body = JSON.stringify({
      operations: [
        { type: "put", key: "a", value },
        { type: "get", key: "long" },
      ],
    });
    socket.write(`POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await gate.reached;
    expect(lent()).toBe(3 * body.length + 4 * 100_000);
    socket.destroy();
    await expect.poll(() => doors.server.metrics.connections).toBe(0);
    expect(lent()).toBe(3 * body.length + 4 * 100_000);
    gate.open();
    await expect.poll(() => [lent(), waiting()]).toEqual([0, 0]);
  });

  it.each([
    ["keys", "/v1/keys?limit=2000"],
    ["a document", "/v1/docs/d"],
    ["a document as an update", "/v1/docs/d?sv=AA"],
  ])("made of %s has room until it is read", async (_, path) => {
    await start();
    for (let i = 0; i < 2000; i++) await doors.store.put(`${i}${"k".repeat(500)}` as Key, new Uint8Array(1));
    const doc = new Y.Doc();
    doc.getText("t").insert(0, "x".repeat(2 * MIB));
    const update = Y.encodeStateAsUpdate(doc);
    expect((await fetch(`${doors.url}/v1/docs/d`, { method: "POST", body: update })).status).toBe(201);
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    const socket = await connect();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await expect.poll(waiting).toBe(1);
    sockets[0]?.destroy();
    expect(parseAnswer(await readAll(socket)).status).toBe(200);
    await expect.poll(lent).toBe(0);
  });

  it("that is short does not wait", async () => {
    await start();
    await doors.store.put("short" as Key, new Uint8Array(1000));
    await begin("first", 1);
    await expect.poll(lent).toBe(MIB);
    expect((await (await fetch(`${doors.url}/v1/kv/short`)).arrayBuffer()).byteLength).toBe(1000);
  });
});
