/** Counters over HTTP, and the same keys to Redis clients and as values. */

import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { RespClient } from "../redis/resp-client.ts";
import { startAtoll } from "../redis/servers.ts";

let node: Node;
let redis: RespClient;
let base: string;

beforeAll(async () => {
  const tokens = [
    { token: "all", scopes: ["read", "write"] },
    { token: "reader", scopes: ["read"] },
    { token: "writer", scopes: ["write"] },
  ] as const;
  const started = await startAtoll({ tokens: [...tokens] });
  node = started.node;
  base = `http://${node.address}/v1`;
  redis = await RespClient.connect(started.port);
  await redis.send("AUTH", "all");
});

afterAll(async () => {
  await redis.close();
  await node.stop();
});

beforeEach(async () => {
  await redis.send("DEL", "n");
});

async function add(by: unknown, token = "all"): Promise<readonly [number, unknown]> {
  return send("POST", JSON.stringify({ by }), token);
}

async function send(method: string, body?: string, token = "all"): Promise<readonly [number, unknown]> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const answer = await fetch(`${base}/counters/n`, { method, headers, ...(body !== undefined && { body }) });
  const content = (await answer.json()) as { readonly value?: unknown; readonly code?: string };
  return [answer.status, content.value ?? content.code];
}

describe("a counter", () => {
  it("is added to and read, here, by Redis clients and as a value", async () => {
    expect(await send("GET")).toEqual([404, "NOT_FOUND"]);
    expect(await add(5)).toEqual([200, 5]);
    expect(await redis.send("DECRBY", "n", "7")).toBe(-2);
    expect(await send("GET")).toEqual([200, -2]);
    const value = await fetch(`${base}/kv/n`, { headers: { authorization: "Bearer all" } });
    expect(await value.text()).toBe("-2");
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
