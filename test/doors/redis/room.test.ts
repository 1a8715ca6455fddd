/** What clients of the Redis door have under way takes room of the account, which nobody keeps who does nothing with it. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RespClient } from "../../redis/resp-client.ts";
import { openRedisDoor, type TestRedisDoor } from "../../support/redis-door.ts";

const LIMITS = { bodyBytesInFlightMax: 1_000_000, roomKeepMs: 300, roomWaitMs: 1500, valueBytesMax: 800_000 };
const LONG = Buffer.alloc(700_000, "x");
const OOM = { error: expect.stringMatching(/^OOM of the 1000000 bytes/) };

let doors: TestRedisDoor;
let client: RespClient;
const sockets: Socket[] = [];

beforeEach(async () => {
  doors = await openRedisDoor({ limits: LIMITS });
  client = await RespClient.connect(doors.port);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await doors.door.close(0);
});

/** One that sends what it is told to, and reads nothing unless it is told to. */
async function open(): Promise<Socket> {
  const socket = connect(doors.port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  socket.pause();
  await once(socket, "connect");
  return socket;
}

function encoded(...words: readonly (string | Buffer)[]): Buffer {
  const parts = words.map((word) => Buffer.from(word));
  return Buffer.concat([
    Buffer.from(`*${parts.length}\r\n`),
    ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from("\r\n")]),
  ]);
}

const lent = () => doors.account.lentBytes;

test("who queues long values behind MULTI and falls silent is cut off once others wait", async () => {
  const silent = await open();
  silent.write(Buffer.concat([encoded("MULTI"), encoded("SET", "a", LONG), encoded("SET", "b", "1")]));
  await expect.poll(lent).toBeGreaterThan(600_000);
  const closed = once(silent, "close");
  expect(await client.send("SET", "c", LONG)).toEqual({ status: "OK" });
  silent.resume();
  await closed;
  expect(await client.send("EXISTS", "a")).toBe(0);
  await expect.poll(lent).toBe(0);
});

test("what is queued behind MULTI in short pieces counts, and is refused where there is no room", async () => {
  const [one, other] = [await RespClient.connect(doors.port), await open()];
  await one.send("MULTI");
  for (let i = 0; i < 100; i++) expect(await one.send("SET", `k${i}`, "x".repeat(5000))).toEqual({ status: "QUEUED" });
  expect(lent()).toBeGreaterThan(400_000);
  other.write(encoded("SET", "a", LONG).subarray(0, 1000));
  await expect.poll(() => doors.account.waiting).toBe(1);
  expect(await one.send("EXEC")).toHaveLength(100);
  await expect.poll(() => doors.account.waiting).toBe(0);
  await one.send("MULTI");
  const replies = [];
  for (let i = 0; i < 100; i++) replies.push(await one.send("SET", `k${i}`, "x".repeat(5000)));
  expect(replies[0]).toEqual({ status: "QUEUED" });
  expect(replies).toContainEqual(OOM);
  expect(await one.send("EXEC")).toHaveProperty("error", expect.stringContaining("EXECABORT"));
  other.destroy();
  await expect.poll(lent).toBe(0);
});

test("a command of many short arguments that is never completed takes room, and ends where there is none", async () => {
  const slow = await open();
  const part = encoded("x".repeat(100)).subarray(4);
  slow.write("*100000\r\n$4\r\nMSET\r\n");
  for (let i = 0; i < 3000; i++) slow.write(part);
  await expect.poll(lent).toBeGreaterThan(500_000);
  const other = await open();
  other.resume();
  const said = once(other, "data");
  other.write("*100000\r\n$4\r\nMSET\r\n");
  for (let i = 0; i < 3000; i++) {
    other.write(part);
    // Who was first moves on, and is not cut off.
    if (i % 1000 === 0) slow.write(part);
  }
  const [answer] = await said;
  expect(String(answer)).toMatch(/^-OOM of the 1000000 bytes/);
  await once(other, "close");
});

test("keys that are watched take room as well", async () => {
  const words = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
  expect(await client.send("WATCH", ...words)).toEqual({ status: "OK" });
  expect(lent()).toBeGreaterThan(200_000);
  expect(await client.send("UNWATCH")).toEqual({ status: "OK" });
  await expect.poll(lent).toBe(0);
});

test("who waits takes no room of others for the words that it waits with", async () => {
  const waiting = await RespClient.connect(doors.port);
  const keys = Array.from({ length: 700 }, (_, i) => `${"k".repeat(900)}${i}`);
  const given = waiting.send("BLPOP", ...keys, "0");
  const { keyWaits } = doors.placed.driver(0).replica;
  await expect.poll(() => keyWaits.waiting).toBe(1);
  expect(lent()).toBe(0);
  expect(await client.send("SET", "other", LONG)).toEqual({ status: "OK" });
  await client.send("RPUSH", keys[600] as string, "1");
  expect(await given).toEqual([keys[600], "1"]);
  await waiting.close();
  await expect.poll(lent).toBe(0);
});

test("who stops reading a long answer is cut off once others wait for its room", async () => {
  // More than the kernel takes over for the client.
  await doors.door.close(0);
  const most = 24 * 1024 * 1024;
  doors = await openRedisDoor({ limits: { ...LIMITS, bodyBytesInFlightMax: most, roomKeepMs: 100 } });
  client = await RespClient.connect(doors.port);
  await client.send("SET", "long", LONG);
  const names = Array.from({ length: 30 }, () => "long");
  const slow = await open();
  slow.write(encoded("MGET", ...names));
  await expect.poll(lent).toBeGreaterThan(20_000_000);
  const closed = once(slow, "close");
  const got = client.send("MGET", ...names.slice(0, 10));
  expect(await got).toEqual(Array.from({ length: 10 }, () => LONG.toString()));
  slow.resume();
  await closed;
  await expect.poll(lent).toBe(0);
});

test("a command behind an answer that is being read waits for that, and both are given whole", async () => {
  await client.send("SET", "long", LONG);
  const got = await Promise.all(Array.from({ length: 12 }, () => client.send("GET", "long")));
  expect(got.every((each) => each === LONG.toString())).toBe(true);
  await expect.poll(lent).toBe(0);
});

test("what a connection is called is short", async () => {
  const long = "n".repeat(2000);
  expect(await client.send("CLIENT", "SETNAME", long)).toHaveProperty("error");
  expect(await client.send("HELLO", "2", "SETNAME", long)).toHaveProperty("error");
  expect(await client.send("CLIENT", "SETINFO", "lib-name", long)).toHaveProperty("error");
  expect(await client.send("CLIENT", "GETNAME")).toBe(null);
});

test("commands that came together do not hold up another client", async () => {
  await client.send("SET", "long", LONG);
  const other = await RespClient.connect(doors.port);
  let answered = 0;
  const many = Array.from({ length: 400 }, () => client.send("BITCOUNT", "long").then(() => answered++));
  await many[0];
  await other.send("PING");
  expect(answered).toBeLessThan(400);
  await Promise.all(many);
});

test("what a transaction asks about connections is bounded, and lists of them are given once there is room", async () => {
  await client.send("MULTI");
  for (let i = 0; i < 2000; i++) void client.send("CLIENT", "HELP");
  const replies = (await client.send("EXEC")) as unknown[];
  expect(replies[0]).toBeInstanceOf(Array);
  expect(replies.at(-1)).toHaveProperty("error");
  const others = await Promise.all(Array.from({ length: 200 }, () => RespClient.connect(doors.port)));
  await Promise.all(others.map((each) => each.send("PING")));
  const asked: number[] = [];
  const { account } = doors;
  const ask = account.ask.bind(account);
  account.ask = (bytes, waitMs) => {
    asked.push(bytes);
    return ask(bytes, waitMs);
  };
  expect(await client.send("CLIENT", "LIST")).toContain("id=");
  expect(asked).toHaveLength(1);
  await Promise.all(others.map((each) => each.close()));
});

test("an answer that is longer than all that may be under way is refused before it is made", async () => {
  await client.send("SET", "long", LONG);
  expect(await client.send("MGET", ...Array.from({ length: 100 }, () => "long"))).toEqual({
    error: expect.stringMatching(/^OOM an answer has at most/),
  });
  await client.send("MULTI");
  for (let i = 0; i < 100; i++) await client.send("EXPIRE", "long", "100");
  expect(await client.send("EXEC")).toEqual(Array.from({ length: 100 }, () => 1));
});
