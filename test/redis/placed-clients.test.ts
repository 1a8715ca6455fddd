/** Clients and libraries as they come, at a replica that passes every command of theirs on. */

import KeyvRedis from "@keyv/redis";
import keyvTestSuite, { keyvIteratorTests } from "@keyv/test-suite";
import { RedisStore } from "connect-redis";
import { Redis } from "ioredis";
import { Keyv } from "keyv";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { createClient } from "redis";
import * as vitest from "vitest";
import { cluster } from "./placed-cluster.ts";

const { afterAll, describe, expect, test } = vitest;

const members = await cluster(["here", "there"]);
const port = members[1]?.port as number;
const stores: KeyvRedis<unknown>[] = [];

afterAll(async () => {
  for (const store of stores) await store.disconnect(true);
  await Promise.all(members.map(({ node }) => node.stop()));
});

function newStore(): KeyvRedis<unknown> {
  const store = new KeyvRedis<unknown>({ url: `redis://127.0.0.1:${port}/1` });
  stores.push(store);
  return store;
}

function newIoRedis(protocol: 2 | 3 = 2): Redis {
  return new Redis({ port, db: 1, protocol, maxRetriesPerRequest: 0 });
}

async function newNodeRedis(RESP: 2 | 3 = 2) {
  const client = createClient({ socket: { port }, database: 1, RESP });
  client.on("error", () => {});
  await client.connect();
  return client;
}

describe("@keyv/redis", () => {
  keyvTestSuite(vitest, Keyv, newStore);
  keyvIteratorTests(vitest, Keyv, newStore);
});

test.each([2, 3] as const)("ioredis, with pipelines of its own making, RESP%i", async (protocol) => {
  const client = newIoRedis(protocol);
  await client.flushdb();
  const automatic = client.duplicate({ enableAutoPipelining: true });
  const names = Array.from({ length: 300 }, (_, i) => `n:${i}`);
  expect(await Promise.all(names.map((name, i) => automatic.set(name, String(i))))).toEqual(names.map(() => "OK"));
  expect(await Promise.all(names.map((name) => automatic.get(name)))).toEqual(names.map((_, i) => String(i)));
  const answers = await client.pipeline().incr("a").lpush("a", "x").call("NOSUCH").incr("a").get("a").exec();
  expect(answers?.map(([error, value]) => error?.message.split(" ", 2).join(" ") ?? value)).toEqual([
    ...[1, "WRONGTYPE Operation", "ERR unknown", 2, "2"],
  ]);
  const heard = new Promise((resolve) => client.once("message", (_channel, message) => resolve(message)));
  const writer = newIoRedis();
  await client.subscribe("news");
  await writer.pipeline().set("a", "told").publish("news", "a").exec();
  expect(await heard).toBe("a");
  for (const each of [automatic, writer, client]) each.disconnect();
});

test.each([2, 3] as const)("node-redis, transactions included, RESP%i", async (RESP) => {
  const client = await newNodeRedis(RESP);
  await client.flushDb();
  const names = Array.from({ length: 100 }, (_, i) => `n:${i}`);
  await Promise.all(names.map((name, i) => client.set(name, String(i))));
  expect(await Promise.all(names.map((name) => client.incr(name)))).toEqual(names.map((_, i) => i + 1));
  expect(await client.multi().hSet("h", { a: "1", b: "2" }).hGetAll("h").exec()).toEqual([2, { a: "1", b: "2" }]);
  await client.watch("h");
  const other = await newNodeRedis();
  await other.hSet("h", "a", "3");
  await expect(client.multi().hSet("h", "a", "4").exec()).rejects.toThrow();
  expect(await client.hGet("h", "a")).toBe("3");
  expect(await client.mGet(["n:1", "none"])).toEqual(["2", null]);
  const found: string[] = [];
  for await (const page of client.scanIterator({ MATCH: "n:*" })) found.push(...page);
  expect(found.sort()).toEqual([...names].sort());
  for (const each of [client, other]) each.destroy();
});

test("connect-redis keeps sessions, and rate-limiter-flexible counts", async () => {
  const client = await newNodeRedis();
  const store = new RedisStore({ client, prefix: "session:", ttl: 3600 });
  await store.set("s", { cookie: { originalMaxAge: null } } as never);
  expect(await store.get("s")).toMatchObject({ cookie: {} });
  expect(await store.length()).toBe(1);
  await store.destroy("s");
  expect(await store.get("s")).toBeFalsy();
  const limiter = new RateLimiterRedis({ storeClient: client, useRedisPackage: true, points: 5, duration: 100 });
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => limiter.consume("who")));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  for (const each of tries) if (each.status === "rejected") expect(each.reason).toBeInstanceOf(RateLimiterRes);
  client.destroy();
});
