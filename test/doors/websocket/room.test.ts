/** Long messages and answers at the WebSocket door: nothing of them is in memory before there is room for it. */

import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { createLimits, messageBytesMax } from "../../../src/doors/limits.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { Gate } from "../../support/gate.ts";
import { type Fields, TestClient } from "../../support/ws-client.ts";

const LONG = 300_000;
const LIMITS = { valueBytesMax: LONG, bodyBytesInFlightMax: 1_000_000, roomKeepMs: 300, roomWaitMs: 1500 };
/** What is taken for a message of which more frames are to come. */
const MOST = messageBytesMax(createLimits(LIMITS));
const MSGPACK = "atoll.v1.msgpack";

let doors: TestDoors;
const clients: TestClient[] = [];

beforeEach(async () => {
  doors = await openDoors({ limits: LIMITS });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await doors.server.close(0);
});

async function connect(protocol = "atoll.v1.json"): Promise<TestClient> {
  const client = await TestClient.open(doors.port, protocol);
  clients.push(client);
  return client;
}

const account = () => doors.server.metrics.account;
const put = (key: string): Fields => ({ op: "put", key, value: "x".repeat(LONG) });
const stored = (key: string) => doors.store.slots.get(key as Key)?.entry?.value.length;

describe.each(["atoll.v1.json", MSGPACK])("long messages in %s", (protocol) => {
  it("are carried out, one behind the other, and leave no room taken", async () => {
    const client = await connect(protocol);
    const keys = Array.from({ length: 8 }, (_, i) => `k${i}`);
    const answers = await Promise.all(keys.map((key) => client.ask(put(key))));
    expect(answers.map(({ ok }) => ok)).toEqual(keys.map(() => true));
    expect(keys.map(stored)).toEqual(keys.map(() => LONG));
    const reads = await Promise.all(keys.map((key) => client.ask({ op: "get", key })));
    expect(reads.map(({ value }) => (value as string | Uint8Array).length)).toEqual(keys.map(() => LONG));
    await expect.poll(() => [account().lentBytes, account().waiting]).toEqual([0, 0]);
  });
});

describe("a long message", () => {
  it("waits for room while others have it, and short ones do not", async () => {
    // Of JSON there are three copies for a moment: one that has come half-way has all the room.
    const [first, second, third] = [await connect(), await connect(), await connect()];
    first.socket.send(JSON.stringify({ id: 1, ...put("half") }).slice(0, LONG), { fin: false });
    await expect.poll(() => account().lentBytes).toBe(3 * MOST);
    const answer = second.ask(put("whole"));
    await expect.poll(() => account().waiting).toBe(1);
    expect(await third.ask({ op: "put", key: "short", value: "x" })).toMatchObject({ ok: true });
    expect(stored("whole")).toBeUndefined();
    // Whoever keeps the room and does not go on is cut off.
    expect(await first.closed).toBe(4408);
    expect(await answer).toMatchObject({ ok: true });
    expect(stored("whole")).toBe(LONG);
    await expect.poll(() => account().lentBytes).toBe(0);
  });

  it("that comes to be long with its last frame, which is here by then, leaves no room taken, then or with the next", async () => {
    const client = await connect();
    for (const key of ["a", "b"]) {
      const message = JSON.stringify({ id: key, op: "put", key, value: "x".repeat(65_530) });
      const answer = client.raw(message.slice(0, 65_530), { fin: false });
      client.socket.send(message.slice(65_530));
      expect(await answer).toMatchObject({ id: key, ok: true });
      await expect.poll(() => account().lentBytes).toBe(0);
    }
    expect(await client.ask(put("c"))).toMatchObject({ ok: true });
    await expect.poll(() => account().lentBytes).toBe(0);
  });

  it("gives its room back when its client goes", async () => {
    const client = await connect();
    client.socket.send("x".repeat(LONG), { fin: false });
    await expect.poll(() => account().lentBytes).toBe(3 * MOST);
    client.socket.terminate();
    await expect.poll(() => account().lentBytes).toBe(0);
  });

  it("that claims to be longer than any may be takes no room, and its connection is not kept for it", async () => {
    const client = await connect(MSGPACK);
    client.socket.pause();
    const head = Buffer.alloc(14);
    head.set([0x82, 0xff, 0x40]);
    let most = 0;
    const ask = doors.server.metrics.account;
    (Reflect.get(client.socket, "_socket") as Socket).write(head);
    await expect
      .poll(
        () => {
          most = Math.max(most, ask.lentBytes, ask.waiting);
          return doors.server.metrics.connections;
        },
        { timeout: 10_000, interval: 5 },
      )
      .toBe(0);
    expect([most, doors.server.metrics.errorCount("BODY_TOO_LARGE")]).toEqual([0, 1]);
  });

  it("does not ask for room before what came ahead of it on its connection has had its own", async () => {
    await doors.store.put("long" as Key, new Uint8Array(LONG).fill(97));
    const client = await connect();
    const gate = new Gate(doors.store, "get");
    const read = client.ask({ op: "get", key: "long" });
    await gate.reached;
    const written = client.ask(put("behind"));
    // The bytes of the others are here by then, as far as they are read.
    expect(await (await connect()).ask({ op: "put", key: "short", value: "x" })).toMatchObject({ ok: true });
    expect([account().lentBytes, account().waiting]).toEqual([0, 0]);
    gate.open();
    expect(((await read).value as string).length).toBe(LONG);
    expect(await written).toMatchObject({ ok: true });
    await expect.poll(() => account().lentBytes).toBe(0);
  });

  it("whose write takes long is not cut off for that, and has its room until that is done though its client has gone", async () => {
    await doors.store.put("long" as Key, new Uint8Array(LONG));
    const client = await connect();
    const gate = new Gate(doors.store, "put");
    const answer = client.ask(put("slow"));
    await gate.reached;
    // Refused after longer than anybody may be slow.
    expect((await fetch(`${doors.url}/v1/kv/long`)).status).toBe(507);
    expect([account().lentBytes > LONG, client.socket.readyState]).toEqual([true, client.socket.OPEN]);
    client.close();
    await expect.poll(() => doors.server.metrics.webSockets).toBe(0);
    expect(account().lentBytes).toBeGreaterThan(LONG);
    gate.open();
    await expect.poll(() => account().lentBytes).toBe(0);
    void answer;
  });
});

describe("a long answer", () => {
  it.each(["before", "after"])("leaves no room taken whose client goes %s it has asked for it", async (when) => {
    await doors.store.put("long" as Key, new Uint8Array(LONG));
    const client = await connect(MSGPACK);
    const gate = new Gate(doors.store, "get", when === "after");
    void client.ask({ op: "get", key: "long" });
    await gate.reached;
    expect(account().lentBytes > 0).toBe(when === "after");
    client.close();
    await expect.poll(() => doors.server.metrics.webSockets).toBe(0);
    gate.open();
    await gate.left;
    await expect.poll(() => [account().lentBytes, account().waiting]).toEqual([0, 0]);
  });
});

it("a long answer that waits for room waits no longer once its client has gone", async () => {
  await doors.store.put("long" as Key, new Uint8Array(LONG));
  const [first, second] = [await connect(), await connect()];
  const gate = new Gate(doors.store, "put");
  const written = first.ask(put("slow"));
  await gate.reached;
  const taken = account().lentBytes;
  void second.ask({ op: "get", key: "long" });
  await expect.poll(() => account().waiting).toBe(1);
  second.close();
  await expect.poll(() => [account().waiting, account().lentBytes]).toEqual([0, taken]);
  gate.open();
  expect(await written).toMatchObject({ ok: true });
  await expect.poll(() => account().lentBytes).toBe(0);
});

it("pages of many keys have room until they are read", async () => {
  for (let i = 0; i < 1000; i++) await doors.store.put(`${i}${"k".repeat(500)}` as Key, new Uint8Array(1));
  const [first, second] = [await connect(MSGPACK), await connect()];
  first.socket.send(new Uint8Array(LONG), { fin: false });
  await expect.poll(() => account().lentBytes).toBe(MOST);
  const answer = second.ask({ op: "keys", limit: 1000 });
  await expect.poll(() => account().waiting).toBe(1);
  first.close();
  expect((await answer).keys).toHaveLength(1000);
  await expect.poll(() => account().lentBytes).toBe(0);
});

it("a long answer waits for room, and is given it once that is free", async () => {
  await doors.store.put("long" as Key, new Uint8Array(LONG));
  const [first, second] = [await connect(MSGPACK), await connect()];
  first.socket.send(new Uint8Array(LONG), { fin: false });
  await expect.poll(() => account().lentBytes).toBe(MOST);
  const answer = second.ask({ op: "get", key: btoa("long"), encoding: "base64" });
  await expect.poll(() => account().waiting).toBe(1);
  first.socket.terminate();
  expect(((await answer).value as string).length).toBe((LONG / 3) * 4);
  await expect.poll(() => account().lentBytes).toBe(0);
});
