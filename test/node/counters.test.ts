/** Counters over HTTP, and the same keys to Redis clients and as values. */

import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { HttpAndRedis } from "../redis/http-and-redis.ts";
import type { RespClient } from "../redis/resp-client.ts";

let atoll: HttpAndRedis;
let redis: RespClient;

beforeAll(async () => {
  atoll = await HttpAndRedis.start([
    { token: "reader", scopes: ["read"] },
    { token: "writer", scopes: ["write"] },
  ]);
  redis = atoll.redis;
});

afterAll(() => atoll.stop());

beforeEach(async () => {
  await redis.send("DEL", "n");
});

async function add(by: unknown, token = "all"): Promise<readonly [number, unknown]> {
  return send("POST", JSON.stringify({ by }), token);
}

async function send(method: string, body?: string, token = "all"): Promise<readonly [number, unknown]> {
  const sent = body !== undefined && { body, headers: { "content-type": "application/json" } };
  const answer = await atoll.fetch("/counters/n", { method, token, ...sent });
  const content = (await answer.json()) as { readonly value?: unknown; readonly code?: string };
  return [answer.status, content.value ?? content.code];
}

describe("a counter", () => {
  it("is added to and read, here, by Redis clients and as a value", async () => {
    expect(await send("GET")).toEqual([404, "NOT_FOUND"]);
    expect(await add(5)).toEqual([200, 5]);
    expect(await redis.send("DECRBY", "n", "7")).toBe(-2);
    expect(await send("GET")).toEqual([200, -2]);
    const value = await atoll.fetch("/kv/n");
    expect(await value.text()).toBe("-2");
  });

  it("gives a session that has seen what it comes to, or that it was deleted", async () => {
    const seen = () => atoll.seenBy("/counters/n");
    await redis.send("SET", "n", "1");
    const base = await seen();
    await add(5);
    const added = await seen();
    expect([base.length, added.length]).toEqual([1, 1]);
    expect(added[0]).toBeGreaterThan(base[0] ?? 0);
    const [put, remove] = [() => redis.send("SET", "n", "1"), () => redis.send("DEL", "n")];
    expect(await atoll.seenAfter(put, remove, "/counters/n")).toHaveLength(1);
  });

  it("is given its end as a whole with an addition, and only where something was added", async () => {
    const post = async (ttl: string, by: number) =>
      (
        await atoll.fetch(`/counters/n?ttl=${ttl}`, {
          method: "POST",
          body: JSON.stringify({ by }),
          headers: { "content-type": "application/json" },
        })
      ).status;
    await add(1);
    expect(await post("1m", 2)).toBe(200);
    const left = (await redis.send("PTTL", "n")) as number;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
    expect(await add(3)).toEqual([200, 6]);
    expect(await redis.send("PTTL", "n")).toBeGreaterThan(0);
    expect(await post("never", 4)).toBe(400);
    expect(await send("GET")).toEqual([200, 6]);
    await redis.send("SET", "n", "text");
    expect(await post("1m", 5)).toBe(409);
    expect(await redis.send("PTTL", "n")).toBe(-1);
  });

  it("has a version as a value that every addition changes, wherever it was made", async () => {
    const etagOf = async () => (await atoll.fetch("/kv/n")).headers.get("etag") ?? "";
    const put = async (etag: string) =>
      (await atoll.fetch("/kv/n", { method: "PUT", body: "7", headers: { "if-match": etag } })).status;
    await add(5);
    const first = await etagOf();
    await redis.send("INCR", "n");
    const second = await etagOf();
    expect(second).not.toBe(first);
    expect(await put(first)).toBe(412);
    expect(await send("GET")).toEqual([200, 6]);
    expect(await put(second)).toBe(204);
    await add(1);
    await redis.send("PEXPIRE", "n", "100000");
    await add(1);
    expect(await put(await etagOf())).toBe(204);
    expect(await send("GET")).toEqual([200, 7]);
  });

  it("takes fractions, and whole numbers on top of them", async () => {
    expect(await add(0.1)).toEqual([200, 0.1]);
    expect(await add(0.2)).toEqual([200, 0.3]);
    expect(await add(4)).toEqual([200, 4.3]);
  });

  it("is text where a double does not hold it, and never too great", async () => {
    await redis.send("SET", "n", "9223372036854775806");
    expect(await add(1)).toEqual([200, "9223372036854775807"]);
    expect(await add(1)).toEqual([409, "NUMBER_OVERFLOW"]);
    expect(await send("GET")).toEqual([200, "9223372036854775807"]);
  });

  it("is none where something else is under the key", async () => {
    await redis.send("SET", "n", "text");
    expect(await add(1)).toEqual([409, "NOT_A_NUMBER"]);
    expect(await add(0.5)).toEqual([409, "NOT_A_NUMBER"]);
    expect(await send("GET")).toEqual([409, "NOT_A_NUMBER"]);
    await redis.send("DEL", "n");
    await redis.send("SADD", "n", "x");
    expect(await add(1)).toEqual([409, "WRONG_TYPE"]);
    expect(await send("GET")).toEqual([409, "WRONG_TYPE"]);
  });

  test.each(["{}", '{"by":"1"}', '{"by":1,"to":2}', "[1]", '{"by":9007199254740993}', '{"by":1e400}'])(
    "refuses %s",
    async (body) => {
      expect(await send("POST", body)).toEqual([400, "BAD_REQUEST"]);
    },
  );

  it("is added to with tokens that may read and write, since what it comes to is answered, and read with those that may read", async () => {
    for (const token of ["reader", "writer"]) expect(await add(0, token), token).toEqual([403, "FORBIDDEN"]);
    expect(await send("GET", undefined, "writer")).toEqual([403, "FORBIDDEN"]);
    expect(await send("GET", undefined, "reader")).toEqual([404, "NOT_FOUND"]);
  });
});
