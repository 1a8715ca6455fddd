/** Libraries that applications cache with, as they come, against a replica. */

import KeyvRedis, { createKeyv } from "@keyv/redis";
import keyvTestSuite, { keyvIteratorTests } from "@keyv/test-suite";
import { createCache } from "cache-manager";
import { Keyv } from "keyv";
import * as vitest from "vitest";
import { startAtoll } from "./servers.ts";

const { afterAll, describe, expect, test } = vitest;

const { node, port } = await startAtoll();
const url = `redis://127.0.0.1:${port}`;
const stores: KeyvRedis<unknown>[] = [];

afterAll(async () => {
  for (const store of stores) await store.disconnect(true);
  await node.stop();
});

function newStore(): KeyvRedis<unknown> {
  const store = new KeyvRedis<unknown>(url);
  stores.push(store);
  return store;
}

describe("@keyv/redis", () => {
  keyvTestSuite(vitest, Keyv, newStore);
  keyvIteratorTests(vitest, Keyv, newStore);
});

describe("cache-manager over keyv", () => {
  test("it gets, sets, wraps, deletes and clears", async () => {
    const stores = [createKeyv(url, { namespace: "cache" })];
    const cache = createCache({ stores, ttl: 60_000 });
    await cache.set("a", { b: 1 });
    expect(await cache.get("a")).toEqual({ b: 1 });
    await cache.mset([
      { key: "c", value: 2 },
      { key: "d", value: 3, ttl: 1000 },
    ]);
    expect(await cache.mget(["a", "c", "d", "e"])).toEqual([{ b: 1 }, 2, 3, undefined]);
    expect(await cache.ttl("c")).toBeGreaterThan(Date.now());
    let made = 0;
    for (let i = 0; i < 2; i++) expect(await cache.wrap("f", async () => ++made)).toBe(1);
    await cache.del("a");
    expect(await cache.get("a")).toBeUndefined();
    await cache.clear();
    expect(await cache.mget(["c", "d", "f"])).toEqual([undefined, undefined, undefined]);
    await cache.disconnect();
  });
});
