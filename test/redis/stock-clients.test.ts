/** The clients that people have, as they come, over a real port. */

import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { startAtoll } from "./servers.ts";

const TOKEN = "a-token-of-some-length";

let atoll: { readonly node: Node; readonly port: number };
let guarded: { readonly node: Node; readonly port: number };

beforeAll(async () => {
  atoll = await startAtoll();
  guarded = await startAtoll({ tokens: [{ token: TOKEN, scopes: ["read", "write"] }] });
});

afterAll(async () => {
  await Promise.all([atoll.node.stop(), guarded.node.stop()]);
});

test.each([2, 3] as const)("ioredis connects, reads, writes and waits for nothing else, RESP%i", async (protocol) => {
  const client = new Redis({ port: atoll.port, protocol, maxRetriesPerRequest: 0 });
  await client.flushdb();
  expect(await client.set("a", "1", "EX", 100)).toBe("OK");
  expect(await client.incr("a")).toBe(2);
  expect(await client.mget("a", "b")).toEqual(["2", null]);
  expect(await client.getBuffer("a")).toEqual(Buffer.from("2"));
  expect(await client.multi().set("b", "x").get("b").pttl("a").exec()).toEqual([
    [null, "OK"],
    [null, "x"],
    [null, expect.any(Number)],
  ]);
  const answers = await client.pipeline().set("c", "y").get("c").call("NOSUCH").exec();
  expect(answers?.map(([error, value]) => error?.message.slice(0, 19) ?? value)).toEqual([
    "OK",
    "y",
    "ERR unknown command",
  ]);
  const keys: string[] = [];
  for await (const page of client.scanStream({ match: "*", count: 2 })) keys.push(...(page as string[]));
  expect(keys.sort()).toEqual(["a", "b", "c"]);
  await client.quit();
});

test.each([2, 3] as const)("node-redis connects, reads and writes, RESP%i", async (RESP) => {
  const client = createClient({ socket: { port: atoll.port }, RESP });
  client.on("error", () => {});
  await client.connect();
  await client.flushDb();
  expect(await client.set("a", "1", { expiration: { type: "PX", value: 100_000 } })).toBe("OK");
  expect(await client.get("a")).toBe("1");
  expect(await client.mGet(["a", "b"])).toEqual(["1", null]);
  expect(await client.multi().incr("a").exists("a").exec()).toEqual([2, 1]);
  expect(await client.expire("a", 50)).toBe(1);
  const keys: string[] = [];
  for await (const page of client.scanIterator({ MATCH: "*", TYPE: "string" })) keys.push(...page);
  expect(keys).toEqual(["a"]);
  await expect(client.sendCommand(["NOSUCH"])).rejects.toThrow("ERR unknown command 'NOSUCH'");
  await client.close();
});

test("both show a token as a password, and are told that another is wrong", async () => {
  const io = new Redis({ port: guarded.port, password: TOKEN, maxRetriesPerRequest: 0 });
  expect(await io.set("a", "1")).toBe("OK");
  await io.quit();
  const client = createClient({ socket: { port: guarded.port, reconnectStrategy: false }, password: TOKEN });
  client.on("error", () => {});
  await client.connect();
  expect(await client.get("a")).toBe("1");
  await client.close();
  const other = createClient({ socket: { port: guarded.port, reconnectStrategy: false }, password: "wrong" });
  other.on("error", () => {});
  await expect(other.connect()).rejects.toThrow("WRONGPASS");
});

test("a transaction of node-redis fails where what it watches was written by another", async () => {
  const client = createClient({ socket: { port: atoll.port } });
  client.on("error", () => {});
  await client.connect();
  const other = client.duplicate();
  other.on("error", () => {});
  await other.connect();
  await client.watch("watched");
  await other.set("watched", "1");
  await expect(client.multi().set("watched", "2").exec()).rejects.toThrow();
  expect(await client.get("watched")).toBe("1");
  await Promise.all([client.close(), other.close()]);
});

test.each([2, 3] as const)("scores come as numbers and pages to their end, RESP%i", async (protocol) => {
  const client = createClient({ socket: { port: atoll.port }, RESP: protocol });
  client.on("error", () => {});
  await client.connect();
  await client.flushDb();
  const members = Array.from({ length: 300 }, (_, i) => ({ value: `m${i}`, score: i / 8 }));
  expect(await client.zAdd("z", members)).toBe(300);
  expect(await client.zRangeWithScores("z", 1, 2)).toEqual(members.slice(1, 3));
  expect(await client.zScore("z", "m3")).toBe(0.375);
  expect(await client.zPopMin("z")).toEqual(members[0]);
  expect(await client.zRange("z", "(1", "inf", { BY: "SCORE", LIMIT: { offset: 0, count: 1 } })).toEqual(["m9"]);
  expect(await client.zInterWithScores(["z", "z"])).toHaveLength(299);
  const seen = new Set<string>();
  for await (const page of client.zScanIterator("z")) for (const { value } of page) seen.add(value);
  expect(seen.size).toBe(299);
  expect(await client.geoAdd("g", { longitude: 13.361389, latitude: 38.115556, member: "Palermo" })).toBe(1);
  const near = { radius: 200, unit: "km" } as const;
  expect(await client.geoSearch("g", { longitude: 15, latitude: 37 }, near)).toEqual(["Palermo"]);
  await client.quit();
});

test("INFO tells what exporters read, under the names and in the forms of Redis, and counts what it should", async () => {
  const client = new Redis({ port: atoll.port, maxRetriesPerRequest: 0 });
  const told = async () =>
    new Map((await client.info("everything")).split("\r\n").flatMap((line) => [line.split(":") as [string, string]]));
  const forms: Readonly<Record<string, RegExp>> = {
    "connected_clients maxclients blocked_clients total_commands_processed total_connections_received": /^\d+$/,
    "used_memory used_memory_rss total_system_memory maxmemory rejected_connections": /^\d+$/,
    "expired_keys evicted_keys keyspace_hits keyspace_misses instantaneous_ops_per_sec": /^\d+$/,
    "pubsub_channels pubsub_patterns pubsubshard_channels loading aof_enabled": /^\d+$/,
    "used_memory_human used_memory_rss_human maxmemory_human": /^\d+B$|^\d+\.\d\d[KMG]$/,
    mem_fragmentation_ratio: /^\d+\.\d\d$/,
    "role redis_mode maxmemory_policy aof_last_write_status": /^[a-z-]+$/,
    cluster_enabled: /^0$/,
  };
  const first = await told();
  for (const [names, form] of Object.entries(forms))
    for (const name of names.split(" ")) expect(first.get(name), name).toMatch(form);
  await client.flushdb();
  await client.set("a", "1");
  await client.sadd("s", "m");
  await client.get("a");
  await client.mget("a", "none", "a");
  await client.smembers("s");
  await client.exists("none");
  await client.ttl("a");
  await client.incr("a");
  await client.get("s").catch(() => {});
  await client.set("long", "x".repeat(300_000));
  // It has to wait for room, and begins again.
  await client.mget("a", "long");
  await client.scan(0);
  await client.getset("a", "2");
  await client.getex("a");
  await client.getdel("none");
  await client.psetex("short", 1, "v");
  const reader = client.duplicate();
  const waiting = reader.blpop("list", 0);
  await vi.waitFor(async () => expect((await told()).get("blocked_clients")).toBe("1"));
  const since = async (name: string) => Number((await told()).get(name)) - Number(first.get(name));
  expect([await since("keyspace_hits"), await since("keyspace_misses")]).toEqual([10, 3]);
  await client.rpush("list", "x");
  expect(await waiting).toEqual(["list", "x"]);
  await vi.waitFor(async () => expect(await since("expired_keys")).toBeGreaterThan(0));
  await Promise.all([reader.quit(), client.quit()]);
});

test("INFO counts keys, however many members they have", async () => {
  const client = new Redis({ port: atoll.port, maxRetriesPerRequest: 0 });
  await client.flushdb();
  await client.hset("user", { name: "Ada", age: "36", city: "London" });
  await client.rpush("jobs", "a", "b", "c");
  await client.incr("visits");
  await client.set("text", "x");
  expect(await client.dbsize()).toBe(4);
  expect(await client.info("keyspace")).toContain("db0:keys=4,");
  await client.quit();
});
