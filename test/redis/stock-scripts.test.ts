/** Libraries whose work is done by scripts, as they come, over a real port. */

import rateLimit from "@fastify/rate-limit";
import { Queue } from "bullmq";
import fastify from "fastify";
import { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { createClient } from "redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { startAtoll } from "./servers.ts";

let atoll: { readonly node: Node; readonly port: number };

beforeAll(async () => {
  atoll = await startAtoll();
});

afterAll(async () => {
  await atoll.node.stop();
});

/** Two of three go through, then nobody, and after a deletion again. */
async function limits(limiter: RateLimiterRedis): Promise<void> {
  expect((await limiter.consume("who", 1)).remainingPoints).toBe(1);
  expect((await limiter.consume("who", 1)).remainingPoints).toBe(0);
  await expect(limiter.consume("who", 1)).rejects.toBeInstanceOf(RateLimiterRes);
  expect((await limiter.get("who"))?.consumedPoints).toBe(3);
  await limiter.penalty("who", 2);
  await limiter.reward("who", 1);
  expect((await limiter.get("who"))?.consumedPoints).toBe(4);
  expect(await limiter.delete("who")).toBe(true);
  expect((await limiter.consume("who", 1)).msBeforeNext).toBeGreaterThan(0);
}

test("rate-limiter-flexible counts with ioredis", async () => {
  const storeClient = new Redis({ port: atoll.port, maxRetriesPerRequest: 0 });
  await limits(new RateLimiterRedis({ storeClient, points: 2, duration: 100, keyPrefix: "io" }));
  await storeClient.quit();
});

test("rate-limiter-flexible counts with node-redis", async () => {
  const storeClient = createClient({ socket: { port: atoll.port } });
  storeClient.on("error", () => {});
  await storeClient.connect();
  await limits(
    new RateLimiterRedis({ storeClient, useRedisPackage: true, points: 2, duration: 100, keyPrefix: "node" }),
  );
  await storeClient.close();
});

test("@fastify/rate-limit counts requests", async () => {
  const redis = new Redis({ port: atoll.port, maxRetriesPerRequest: 0 });
  const app = fastify();
  await app.register(rateLimit, { max: 2, timeWindow: 100_000, redis });
  app.get("/", async () => "hello");
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await app.inject({ url: "/" })).statusCode);
  expect(statuses).toEqual([200, 200, 429]);
  await app.close();
  await redis.quit();
});

test("a lock is released by who holds it only", async () => {
  const redis = new Redis({ port: atoll.port, maxRetriesPerRequest: 0 });
  redis.defineCommand("release", {
    numberOfKeys: 1,
    lua: "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end",
  });
  const release = (by: string): Promise<number> => (redis as unknown as Releasing).release("lock", by);
  expect(await redis.set("lock", "one", "PX", 100_000, "NX")).toBe("OK");
  expect(await redis.set("lock", "two", "PX", 100_000, "NX")).toBe(null);
  expect(await release("two")).toBe(0);
  expect(await release("one")).toBe(1);
  expect(await redis.set("lock", "two", "PX", 100_000, "NX")).toBe("OK");
  await redis.quit();
});

interface Releasing {
  release(key: string, by: string): Promise<number>;
}

test("what BullMQ lacks is said by name", async () => {
  const queue = new Queue("jobs", { connection: { port: atoll.port, maxRetriesPerRequest: 0 } });
  queue.on("error", () => {});
  await expect(queue.add("job", { number: 1 })).rejects.toThrow("Unknown Redis command called from script");
  await queue.close();
});
