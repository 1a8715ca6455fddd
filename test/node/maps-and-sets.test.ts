/** Maps and sets over HTTP, and the same keys to Redis clients: hashes and sets. */

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { HttpAndRedis } from "../redis/http-and-redis.ts";
import type { RespClient } from "../redis/resp-client.ts";

let atoll: HttpAndRedis;
let redis: RespClient;

beforeAll(async () => {
  atoll = await HttpAndRedis.start([
    { token: "reader", scopes: ["read"] },
    { token: "tenant", scopes: ["read", "write"], prefix: "t:" },
  ]);
  redis = atoll.redis;
});

afterAll(() => atoll.stop());

beforeEach(async () => {
  await redis.send("DEL", "k", "a/b", "..", "t:k", "s", "k2");
});

function send(method: string, path: string, body?: RequestInit["body"], token = "all"): Promise<Response> {
  return atoll.fetch(path, { method, token, ...(body === undefined ? {} : { body }) });
}

async function statusOf(method: string, path: string, body?: RequestInit["body"], token?: string): Promise<number> {
  const answer = await send(method, path, body, token);
  await answer.body?.cancel();
  return answer.status;
}

async function contentOf(path: string): Promise<unknown> {
  const answer = await send("GET", path);
  expect(answer.status).toBe(200);
  return answer.json();
}

describe("a map", () => {
  it("has fields that are put, read and deleted one by one", async () => {
    expect(await statusOf("PUT", "/maps/k/name", "Ada")).toBe(201);
    expect(await statusOf("PUT", "/maps/k/name", "Eve")).toBe(204);
    const read = await send("GET", "/maps/k/name");
    expect([read.status, await read.text(), read.headers.get("content-type")]).toEqual([
      200,
      "Eve",
      "application/octet-stream",
    ]);
    expect(await statusOf("GET", "/maps/k/no")).toBe(404);
    expect(await statusOf("DELETE", "/maps/k/name")).toBe(204);
    expect(await statusOf("DELETE", "/maps/k/name")).toBe(204);
    expect(await statusOf("GET", "/maps/k/name")).toBe(404);
    expect(await statusOf("GET", "/maps/k")).toBe(404);
  });

  it("is a hash to Redis clients, with fields of any bytes", async () => {
    await redis.send("HSET", "k", "a", "1", "b", "two");
    expect(await contentOf("/maps/k")).toEqual({ fields: { a: "1", b: "two" } });
    await send("PUT", "/maps/k/c%2Fd/e%FF", new Uint8Array([0, 255]));
    expect(await redis.send("HSTRLEN", "k", Buffer.from("c/d/e\xff", "latin1"))).toBe(2);
    const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");
    expect(await contentOf("/maps/k")).toEqual({
      encoding: "base64",
      fields: {
        [base64("a")]: base64("1"),
        [base64("b")]: base64("two"),
        [base64("c/d/e\xff")]: base64("\0\xff"),
      },
    });
    expect(await contentOf("/maps/a%2Fb?encoding=base64").catch(() => "none")).toBe("none");
  });

  it("has fields that end by themselves where a time to live is asked for, until they are put without", async () => {
    const ttlOf = async (field: string) => (await redis.send("HPTTL", "k", "FIELDS", "1", field)) as readonly number[];
    expect(await statusOf("PUT", "/maps/k/short?ttl=1m", "1")).toBe(201);
    expect(await statusOf("PUT", "/maps/k/long", "2")).toBe(201);
    const [left = 0] = await ttlOf("short");
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
    const endOf = async (field: string) => (await send("GET", `/maps/k/${field}`)).headers.get("atoll-expires-at");
    expect(Date.parse((await endOf("short")) ?? "") / 1000).toBeCloseTo((Date.now() + left) / 1000, -1);
    expect(await endOf("long")).toBe(null);
    expect(await ttlOf("long")).toEqual([-1]);
    expect(await redis.send("PTTL", "k")).toBe(-1);
    expect(await statusOf("PUT", "/maps/k/long?ttl=10h", "3")).toBe(204);
    expect(await statusOf("PUT", "/maps/k/short", "4")).toBe(204);
    expect(await ttlOf("short")).toEqual([-1]);
    expect(await contentOf("/maps/k")).toEqual({ fields: { short: "4", long: "3" } });
    expect(await statusOf("PUT", "/maps/k/new?ttl=0", "5")).toBe(400);
    expect(await statusOf("GET", "/maps/k/new")).toBe(404);
    await redis.send("SET", "s", "text");
    expect(await statusOf("PUT", "/maps/s/f?ttl=1m", "6")).toBe(409);
  });

  it("is reached by keys and fields that a URL normalises away", async () => {
    expect(await statusOf("PUT", "/maps/a%2Fb/x", "1")).toBe(201);
    expect(await redis.send("HLEN", "a/b")).toBe(1);
    expect(await statusOf("PUT", "/maps?key=..&field=..", "dots")).toBe(201);
    expect(await (await send("GET", "/maps?key=..&field=..")).text()).toBe("dots");
    expect(await contentOf("/maps?key=..")).toEqual({ fields: { "..": "dots" } });
    expect(await statusOf("PUT", "/maps/k/f?field=g", "1")).toBe(400);
    expect(await statusOf("PUT", "/maps/k/", "empty")).toBe(201);
    expect(await contentOf("/maps/k")).toEqual({ fields: { "": "empty" } });
    expect(await statusOf("PUT", "/maps/k/__proto__", "p")).toBe(201);
    expect(await (await send("GET", "/maps/k")).text()).toContain('"__proto__":"p"');
  });

  it("comes page by page, and is deleted as a whole", async () => {
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field-${i}`, String(i)]));
    await redis.send("HSET", "k", ...Object.entries(fields).flat());
    const seen: Record<string, string> = {};
    let pages = 0;
    for (let cursor = ""; ; pages++) {
      const page = (await contentOf(`/maps/k?limit=50${cursor}`)) as {
        fields: Record<string, string>;
        cursor?: string;
      };
      Object.assign(seen, page.fields);
      if (page.cursor === undefined) break;
      cursor = `&cursor=${page.cursor}`;
    }
    expect(seen).toEqual(fields);
    expect(pages).toBeGreaterThan(3);
    expect(await statusOf("GET", "/maps/k?limit=0")).toBe(400);
    expect(await statusOf("GET", "/maps/k?cursor=abc")).toBe(400);
    expect(await statusOf("DELETE", "/maps/k")).toBe(204);
    expect(await statusOf("DELETE", "/maps/k")).toBe(204);
    expect(await redis.send("EXISTS", "k")).toBe(0);
  });
});

describe("a set", () => {
  it("has members that are added, asked for and removed", async () => {
    expect(await statusOf("PUT", "/sets/k/red")).toBe(201);
    expect(await statusOf("PUT", "/sets/k/red")).toBe(204);
    expect(await contentOf("/sets/k/red")).toEqual({ isMember: true });
    expect(await statusOf("GET", "/sets/k/blue")).toBe(404);
    await redis.send("SADD", "k", "green");
    const { members } = (await contentOf("/sets/k")) as { members: string[] };
    expect(members.sort()).toEqual(["green", "red"]);
    expect(await statusOf("DELETE", "/sets/k/red")).toBe(204);
    expect(await statusOf("DELETE", "/sets/k/red")).toBe(204);
    expect(await redis.send("SMEMBERS", "k")).toEqual(["green"]);
    expect(await statusOf("DELETE", "/sets/k")).toBe(204);
    expect(await statusOf("GET", "/sets/k")).toBe(404);
  });

  it("has members that end by themselves where a time to live is asked for, until they are added without", async () => {
    const endOf = async (member: string) => (await send("GET", `/sets/k/${member}`)).headers.get("atoll-expires-at");
    expect(await statusOf("PUT", "/sets/k/red?ttl=1m")).toBe(201);
    expect(await statusOf("PUT", "/sets/k/blue?ttl=1m")).toBe(201);
    expect(Date.parse((await endOf("red")) ?? "")).toBeGreaterThan(Date.now());
    expect(await redis.send("PTTL", "k")).toBe(-1);
    expect(await redis.send("SADD", "k", "red", "green")).toBe(1);
    expect(await endOf("red")).toBe(null);
    expect(await statusOf("PUT", "/sets/k/green?ttl=1m")).toBe(204);
    expect(await endOf("green")).not.toBe(null);
    expect(await redis.send("SMOVE", "k", "k2", "blue")).toBe(1);
    expect((await send("GET", "/sets/k2/blue")).headers.get("atoll-expires-at")).toBe(null);
    expect(await statusOf("PUT", "/sets/k2/blue?ttl=1m")).toBe(204);
    expect(await statusOf("PUT", "/sets/k2/blue")).toBe(204);
    expect((await send("GET", "/sets/k2/blue")).headers.get("atoll-expires-at")).toBe(null);
    expect(await statusOf("PUT", "/sets/k/short?ttl=1ms")).toBe(201);
    await vi.waitFor(async () => expect(await statusOf("GET", "/sets/k/short")).toBe(404));
    expect(await redis.send("SISMEMBER", "k", "short")).toBe(0);
  });

  it("tells of members that are no text as base64", async () => {
    await send("PUT", "/sets/k/%FF");
    expect(await contentOf("/sets/k")).toEqual({ members: ["/w=="], encoding: "base64" });
    expect(await contentOf("/sets?key=k&member=%FF")).toEqual({ isMember: true });
  });
});

describe("maps and sets", () => {
  it("answer 409 WRONG_TYPE where something else is under the key, and leave it alone", async () => {
    await redis.send("SET", "s", "text");
    await redis.send("HSET", "k", "f", "v");
    for (const [method, path] of [
      ["GET", "/maps/s"],
      ["GET", "/maps/s/f"],
      ["PUT", "/maps/s/f"],
      ["DELETE", "/maps/s/f"],
      ["DELETE", "/maps/s"],
      ["GET", "/sets/k"],
      ["GET", "/sets/k/f"],
      ["PUT", "/sets/k/f"],
      ["DELETE", "/sets/k/f"],
      ["DELETE", "/sets/k"],
    ] as const) {
      const answer = await send(method, path);
      expect([answer.status, ((await answer.json()) as { code: string }).code], path).toEqual([409, "WRONG_TYPE"]);
    }
    expect(await redis.send("GET", "s")).toBe("text");
    expect(await redis.send("HGET", "k", "f")).toBe("v");
  });

  it("ask for the scopes and the prefix of a token", async () => {
    expect(await statusOf("GET", "/maps/k", undefined, "none")).toBe(401);
    expect(await statusOf("PUT", "/maps/k/f", "v", "reader")).toBe(403);
    expect(await statusOf("DELETE", "/sets/k/f", undefined, "reader")).toBe(403);
    expect(await statusOf("GET", "/maps/k", undefined, "reader")).toBe(404);
    expect(await statusOf("PUT", "/maps/t:k/f", "v", "tenant")).toBe(201);
    expect(await statusOf("PUT", "/maps/k/f", "v", "tenant")).toBe(403);
    expect(await statusOf("PUT", "/maps?key=k&field=f", "v", "tenant")).toBe(403);
  });

  it("say what is wrong with a key, a value or a keyspace", async () => {
    const codes = async (method: string, path: string, body?: RequestInit["body"]) => {
      const answer = await send(method, path, body);
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await codes("GET", "/maps/")).toEqual([400, "KEY_EMPTY"]);
    expect(await codes("PUT", "/maps//f", "v")).toEqual([400, "KEY_EMPTY"]);
    expect(await codes("GET", `/maps/${"k".repeat(1025)}`)).toEqual([414, "KEY_TOO_LONG"]);
    expect(await codes("PUT", "/maps/k/f", new Uint8Array(16 * 2 ** 20 + 1))).toEqual([413, "VALUE_TOO_LARGE"]);
    expect(await codes("GET", "/keyspaces/none/maps/k")).toEqual([404, "UNKNOWN_KEYSPACE"]);
    expect(await codes("GET", "/maps/k?ttl=1")).toEqual([400, "BAD_REQUEST"]);
  });

  it("are acknowledged as values are", async () => {
    for (const [method, path, status, acks] of [
      ["PUT", "/maps/k/f?ack=quorum", 201, "1/1"],
      ["DELETE", "/maps/k/f?ack=all", 204, "1/1"],
      ["DELETE", "/maps/k?ack=all", 204, "1/1"],
      ["PUT", "/sets/s/m?ack=memory", 201, "1/1"],
      ["DELETE", "/sets/s/m?ack=region", 204, "1/1"],
      // It has none.
      ["PUT", "/sets/s/m?ack=disk", 202, "0/1"],
    ] as const) {
      const answer = await send(method, path);
      expect([answer.status, answer.headers.get("atoll-acks")], path).toEqual([status, acks]);
    }
    expect((await send("PUT", "/maps/k/f")).headers.get("atoll-acks")).toBe(null);
    expect((await send("DELETE", "/maps/k/f?ack=most")).status).toBe(400);
  });

  it("give a session that has seen what was written, and what was read", async () => {
    const sessionOf = (answer: Response) => answer.headers.get("atoll-session") ?? "";
    const nothing = sessionOf(await send("GET", "/maps/k/f"));
    const written = sessionOf(await send("PUT", "/maps/k/f", "v"));
    expect(written).not.toBe(nothing);
    const read = await atoll.fetch("/maps/k/f", { headers: { "atoll-session": written } });
    expect([read.status, await read.text()]).toEqual([200, "v"]);
    expect(sessionOf(await send("GET", "/maps/k/f"))).toBe(written);
    await redis.send("SADD", "s", "m");
    expect(sessionOf(await send("GET", "/sets/s/m"))).not.toBe(nothing);
  });

  it("give a session that has seen what a page shows, and that something was removed", async () => {
    const seenBy = (path: string) => atoll.seenBy(path);
    await redis.send("HSET", "k", "a", "1", "b", "2");
    await redis.send("SADD", "s", "m");
    const [page, a, b] = [await seenBy("/maps/k"), await seenBy("/maps/k/a"), await seenBy("/maps/k/b")];
    expect(page).toEqual([Math.max(...a, ...b)]);
    expect(await seenBy("/sets/s")).toEqual(await seenBy("/sets/s/m"));
    const field = () => redis.send("HSET", "k", "a", "1");
    expect(await atoll.seenAfter(field, () => send("DELETE", "/maps/k/a"), "/maps/k/a")).toHaveLength(1);
    expect(await atoll.seenAfter(field, () => send("DELETE", "/maps/k"), "/maps/k", "/maps/k/none")).toHaveLength(2);
    const member = () => redis.send("SADD", "s", "m");
    expect(await atoll.seenAfter(member, () => redis.send("UNLINK", "s"), "/sets/s", "/sets/s/none")).toHaveLength(2);
  });
});
