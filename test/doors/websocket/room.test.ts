/** Long messages and answers at the WebSocket door: nothing of them is in memory before there is room for it. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { type Fields, TestClient } from "../../support/ws-client.ts";

const LONG = 300_000;
const MSGPACK = "atoll.v1.msgpack";

let doors: TestDoors;
const clients: TestClient[] = [];

beforeEach(async () => {
  doors = await openDoors({ limits: { bodyBytesInFlightMax: 1_000_000, roomKeepMs: 300 } });
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
    await expect.poll(() => account().lentBytes).toBe(3 * LONG);
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

  it("gives its room back when its client goes", async () => {
    const client = await connect();
    client.socket.send("x".repeat(LONG), { fin: false });
    await expect.poll(() => account().lentBytes).toBe(3 * LONG);
    client.socket.terminate();
    await expect.poll(() => account().lentBytes).toBe(0);
  });
});

it("a long answer waits for room, and is given it once that is free", async () => {
  await doors.store.put("long" as Key, new Uint8Array(LONG));
  const [first, second] = [await connect(MSGPACK), await connect()];
  first.socket.send(new Uint8Array(900_000), { fin: false });
  await expect.poll(() => account().lentBytes).toBe(900_000);
  const answer = second.ask({ op: "get", key: btoa("long"), encoding: "base64" });
  await expect.poll(() => account().waiting).toBe(1);
  first.socket.terminate();
  expect(((await answer).value as string).length).toBe((LONG / 3) * 4);
  await expect.poll(() => account().lentBytes).toBe(0);
});
