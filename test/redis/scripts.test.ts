/** Scripts over the door: what a token lets them do, how long they may run, and where they are carried out. */

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { type Answer, RespClient } from "./resp-client.ts";
import { startAtoll } from "./servers.ts";

const tokens = {
  all: { token: "a-token-for-everything", scopes: ["read", "write", "admin"] },
  own: { token: "a-token-for-one-prefix", scopes: ["read", "write"], prefix: "own:" },
  reader: { token: "a-token-that-only-reads", scopes: ["read"] },
} as const;

let atoll: { readonly node: Node; readonly port: number };

beforeAll(async () => {
  atoll = await startAtoll({ tokens: Object.values(tokens) });
});

afterAll(async () => {
  await atoll.node.stop();
});

async function connected(who: keyof typeof tokens): Promise<RespClient> {
  const client = await RespClient.connect(atoll.port);
  await client.send("AUTH", tokens[who].token);
  return client;
}

function errorOf(answer: Answer): string {
  return typeof answer === "object" && answer !== null && "error" in answer ? String(answer.error) : "none";
}

test("each command of a script is held against the token", async () => {
  const own = await connected("own");
  expect(await own.send("EVAL", "return redis.call('set', KEYS[1], 1)", "1", "own:a")).toEqual({ status: "OK" });
  expect(errorOf(await own.send("EVAL", "return 1", "1", "other"))).toContain("NOPERM");
  const noKey = "can't access at least one of the keys mentioned in the command arguments";
  expect(errorOf(await own.send("EVAL", "return redis.call('set', 'other', 1)", "0"))).toContain(noKey);
  expect(await own.send("EVAL", "return redis.pcall('get', 'other').err", "0")).toContain(noKey);
  expect(errorOf(await own.send("EVAL", "return redis.call('publish', 'other', 1)", "0"))).toContain("can't publish");
  expect(await own.send("EVAL", "return redis.acl_check_cmd('get', 'other')", "0")).toBe(null);
  await own.close();
  const reader = await connected("reader");
  expect(await reader.send("EVAL", "return redis.call('get', 'own:a')", "0")).toBe("1");
  const noCommand = "can't run this command or subcommand";
  expect(errorOf(await reader.send("EVAL", "return redis.call('set', 'own:a', 2)", "0"))).toContain(noCommand);
  expect(errorOf(await reader.send("SCRIPT", "FLUSH"))).toContain("NOPERM");
  await reader.close();
});

test("a script that goes on for too long is ended, its writes stay, and others go on", async () => {
  const client = await connected("all");
  expect(await client.send("CONFIG", "GET", "lua-time-limit")).toEqual(["lua-time-limit", "250"]);
  expect(await client.send("CONFIG", "SET", "busy-reply-threshold", "20")).toEqual({ status: "OK" });
  expect(await client.send("CONFIG", "GET", "lua-time-limit")).toEqual(["lua-time-limit", "20"]);
  expect(errorOf(await client.send("CONFIG", "SET", "lua-time-limit", "0"))).toContain("between 1 and 10000");
  const text = "redis.call('set', 'before', 1) while true do end";
  expect(errorOf(await client.send("EVAL", text, "0"))).toContain("longer than 20 ms");
  expect(await client.send("GET", "before")).toBe("1");
  expect(await client.send("EVAL", "return 1", "0")).toBe(1);
  await client.close();
});

test("a connection is not changed by a script", async () => {
  const client = await connected("all");
  expect(errorOf(await client.send("EVAL", "return redis.call('select', 1)", "0"))).toContain(
    "not allowed from script",
  );
  expect(await client.send("EVAL", "return redis.call('echo', 'hello')", "0")).toBe("hello");
  await client.close();
});
