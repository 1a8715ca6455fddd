/** Keyspaces through the doors of real nodes: created at one, used at the other. */

import { expect, test } from "vitest";
import { createNode } from "../../src/index.ts";

async function send(node: { readonly address: string }, method: string, path: string, body?: string) {
  const answer = await fetch(`http://${node.address}${path}`, { method, ...(body !== undefined && { body }) });
  const text = await answer.text();
  const session = answer.headers.get("atoll-session") ?? "";
  return { status: answer.status, body: text === "" ? undefined : (JSON.parse(text) as unknown), session };
}

test("a keyspace that is created at one node is there at the other, and keeps to its times to live", async () => {
  const one = await createNode({ port: 0, data: "none", region: "eu" });
  await one.start();
  const port = Number(one.address.split(":")[1]);
  const join = [{ type: "address", host: "127.0.0.1", port }] as const;
  const two = await createNode({ port: 0, data: "none", region: "us", join });
  await two.start();
  const isMet = async () => (await two.store.status()).members.map(({ state }) => state);
  await expect.poll(isMet, { timeout: 5000 }).toContain("alive");

  expect(await send(one, "PUT", "/v1/keyspaces/7/kv/k", "1")).toMatchObject({
    status: 404,
    body: { code: "UNKNOWN_KEYSPACE" },
  });
  const seven = { name: "7", replication: { eu: 1, us: 2 }, maxTtlMs: 60_000 };
  const underReplicated = [{ region: "us", wanted: 2, has: 1 }];
  const created = await send(one, "POST", "/v1/admin/keyspaces", JSON.stringify(seven));
  expect(created).toMatchObject({ status: 201, body: { ...seven, underReplicated } });
  expect(await send(one, "PUT", "/v1/keyspaces/7/kv/k", "1")).toMatchObject({ status: 201 });
  const valueAtTwo = async () => await send(two, "GET", "/v1/keyspaces/7/kv/k");
  await expect.poll(valueAtTwo, { timeout: 5000 }).toMatchObject({ status: 200, body: 1 });
  expect(await send(two, "GET", "/v1/kv/k")).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });

  const refused = { status: 400, body: { code: "TTL_OVER_MAX", retry: false } };
  expect(await send(two, "PUT", "/v1/keyspaces/7/kv/k?ttl=61s", "1")).toMatchObject(refused);
  const batch = { operations: [{ type: "put", key: "k", value: "x", ttlMs: 61_000 }, { type: "put", key: "l", value: "x" }] }; // biome-ignore format: short
  const results = { results: [{ ok: false, code: "TTL_OVER_MAX" }, { ok: true }] };
  expect(await send(two, "POST", "/v1/keyspaces/7/batch", JSON.stringify(batch))).toMatchObject({
    status: 200,
    body: results,
  });
  const expires = await fetch(`http://${two.address}/v1/keyspaces/7/kv/l`);
  expect(Date.parse(expires.headers.get("atoll-expires-at") ?? "")).toBeLessThanOrEqual(Date.now() + 60_000);

  const everywhere = { status: 409, body: { code: "KEYSPACE_EVERYWHERE" } };
  for (const policy of ['"replication":2', '"replication":"all","regions":["local"]']) {
    expect(await send(two, "POST", "/v1/admin/keyspaces", `{"name":"default",${policy}}`)).toMatchObject(everywhere);
  }
  const changed = await send(two, "POST", "/v1/admin/keyspaces", '{"name":"default","maxTtlMs":90000}');
  expect(changed).toMatchObject({ status: 200, body: { name: "default", maxTtlMs: 90_000, underReplicated: [] } });
  const listed = async () => (await send(one, "GET", "/v1/admin/keyspaces")).body;
  await expect.poll(listed, { timeout: 5000 }).toEqual({
    keyspaces: [
      { ...seven, underReplicated },
      { name: "default", replication: "all", maxTtlMs: 90_000, underReplicated: [] },
    ],
  });
  await Promise.all([one.stop(), two.stop()]);
});

test("who carries a session from a keyspace that is not known here yet is told to wait, not that the session is wrong", async () => {
  const one = await createNode({ port: 0, data: "none" });
  const two = await createNode({ port: 0, data: "none" });
  await Promise.all([one.start(), two.start()]);
  await send(one, "POST", "/v1/admin/keyspaces", '{"name":"new"}');
  const { session } = await send(one, "PUT", "/v1/keyspaces/new/kv/k", "1");
  const answer = await fetch(`http://${two.address}/v1/kv/k?wait=50ms`, { headers: { "atoll-session": session } });
  expect([answer.status, await answer.json()]).toMatchObject([503, { code: "SESSION_BEHIND" }]);
  await Promise.all([one.stop(), two.stop()]);
});

test("creating and listing keyspaces takes the scope admin", async () => {
  const tokens = [
    { token: "w".repeat(20), scopes: ["read", "write"] as const },
    { token: "a".repeat(20), scopes: ["admin"] as const },
  ];
  const node = await createNode({ port: 0, data: "none", tokens });
  await node.start();
  const statusWith = async (token: string, method: string) => {
    const init = {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(method === "POST" && { body: '{"name":"a"}' }),
    };
    return (await fetch(`http://${node.address}/v1/admin/keyspaces`, init)).status;
  };
  expect(await statusWith("w".repeat(20), "POST")).toBe(403);
  expect(await statusWith("w".repeat(20), "GET")).toBe(403);
  expect(await statusWith("a".repeat(20), "POST")).toBe(201);
  expect(await statusWith("a".repeat(20), "GET")).toBe(200);
  await node.stop();
});
