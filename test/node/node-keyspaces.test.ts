/** Keyspaces in a program: what the doors offer of them, a node offers too. */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AtollError, createNode, type KeyspaceSettings, keyFromText, type Node } from "../../src/index.ts";

const KEY = keyFromText("k");
const VALUE = Uint8Array.of(1);

let node: Node;
beforeEach(async () => {
  node = await createNode({ port: 0, data: "none", region: "eu" });
});
afterEach(() => node.stop());

describe("of a node that runs", () => {
  beforeEach(() => node.start());

  test("a keyspace is created, has keys and times to live of its own, and is changed as a whole", async () => {
    const settings = { replication: { eu: 2 }, maxTtlMs: 60_000 };
    const underReplicated = [{ region: "eu", wanted: 2, has: 1 }];
    const sessions = { name: "sessions", ...settings, underReplicated };
    expect(await node.defineKeyspace("sessions", settings)).toEqual({ existed: false, keyspace: sessions });
    const everywhere = { name: "default", replication: "all", underReplicated: [] };
    expect(node.keyspaces()).toEqual([everywhere, sessions]);

    const keyspace = node.keyspace("sessions");
    await expect(keyspace.put(KEY, VALUE, { ttlMs: 60_001 })).rejects.toMatchObject({ code: "TTL_OVER_MAX" });
    await keyspace.put(KEY, VALUE);
    expect((await keyspace.get(KEY)).entry?.expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
    expect((await node.store.get(KEY)).entry).toBeUndefined();
    expect((await keyspace.keys({ prefix: "", limit: 10 })).keys).toEqual([KEY]);

    const changed = { name: "sessions", replication: "all", underReplicated: [] };
    expect(await node.defineKeyspace("sessions")).toEqual({ existed: true, keyspace: changed });
    await keyspace.put(KEY, VALUE);
    expect((await keyspace.get(KEY)).entry?.expiresAt).toBeUndefined();
  });

  test("what is defined here the doors serve, and the reverse", async () => {
    await node.defineKeyspace("from-here");
    await node.keyspace("from-here").put(KEY, new TextEncoder().encode("v"));
    const read = await fetch(`http://${node.address}/v1/keyspaces/from-here/kv/k`);
    expect(await read.text()).toBe("v");
    await fetch(`http://${node.address}/v1/admin/keyspaces`, { method: "POST", body: '{"name":"from-there"}' });
    await fetch(`http://${node.address}/v1/keyspaces/from-there/kv/k`, { method: "PUT", body: "w" });
    const { entry } = await node.keyspace("from-there").get(KEY);
    expect(new TextDecoder().decode(entry?.value)).toBe("w");
  });

  test("default is the store, and has settings too", async () => {
    expect(node.keyspace("default")).toBe(node.store);
    expect(await node.defineKeyspace("default", { defaultTtlMs: 60_000 })).toMatchObject({ existed: true });
    await node.store.put(KEY, VALUE);
    expect((await node.store.get(KEY)).entry?.expiresAt).toBeDefined();
  });

  test.each(["sessions", "", "NO SUCH", "__proto__"])("there is no keyspace %j", (name) => {
    expect(() => node.keyspace(name)).toThrow(expect.objectContaining({ code: "UNKNOWN_KEYSPACE" }));
  });

  const refused: readonly [string, string, object][] = [
    ["BAD_KEYSPACE_NAME", "Sessions", {}],
    ["KEYSPACE_EVERYWHERE", "default", { replication: 2 }],
    ["KEYSPACE_WITHOUT_OWNERS", "s", { replication: { mars: 1 } }],
    ["POLICY_NO_REGION", "s", { replication: 2, regions: [] }],
    ["POLICY_REGION_NOT_ALLOWED", "s", { replication: { eu: 1, us: 1 }, regions: ["eu"] }],
    ["POLICY_REGION_WITHOUT_COPIES", "s", { replication: { eu: 1 }, regions: ["eu", "us"] }],
    ["POLICY_BAD_REPLICATION", "s", { replication: 0 }],
    ["POLICY_BAD_REPLICATION", "s", { replication: "two" }],
    ["POLICY_BAD_REPLICATION", "s", { replication: { eu: "1" } }],
    ["POLICY_BAD_REGION", "s", { regions: "eu" }],
    ["POLICY_TTL_OVER_MAX", "s", { defaultTtlMs: 2, maxTtlMs: 1 }],
    ["POLICY_BAD_MEMORY_SHARE", "s", { memoryShare: 2 }],
    ["BAD_TTL", "s", { maxTtlMs: 0 }],
    ["BAD_REQUEST", "s", { maxTtlMs: "1h" }],
    ["BAD_REQUEST", "s", { maxTTL: 60_000 }],
  ];
  test.each(refused)("refuses with %s: %s, %j, and defines nothing", async (code, name, settings) => {
    const error = await node.defineKeyspace(name, settings as Partial<KeyspaceSettings>).catch((caught) => caught);
    expect(error).toBeInstanceOf(AtollError);
    expect(error).toMatchObject({ code });
    expect(node.keyspaces().map((keyspace) => keyspace.name)).toEqual(["default"]);
  });
});

test("before it is started, and after it has stopped, a node says so", async () => {
  const at = (code: string) => expect.objectContaining({ code });
  expect(() => node.keyspace("s")).toThrow(at("NOT_READY"));
  expect(() => node.keyspaces()).toThrow(at("NOT_READY"));
  await expect(node.defineKeyspace("s")).rejects.toThrow(at("NOT_READY"));
  await node.start();
  await node.defineKeyspace("s");
  const keyspace = node.keyspace("s");
  await node.stop();
  expect(() => node.keyspace("s")).toThrow(at("SHUTTING_DOWN"));
  await expect(node.defineKeyspace("s")).rejects.toThrow(at("SHUTTING_DOWN"));
  await expect(keyspace.get(KEY)).rejects.toThrow(at("SHUTTING_DOWN"));
});
