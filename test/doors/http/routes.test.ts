/** Every route, as a table: what is sent, what is answered. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AtollError } from "../../../src/base/errors.ts";
import type { Key, OriginId, ReplicaId, ShardId } from "../../../src/base/ids.ts";
import { EMPTY_SESSION, encodeSession } from "../../../src/doors/session.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";

let doors: TestDoors;
let doorsWithFaults: TestDoors;

beforeAll(async () => {
  doors = await openDoors({ limits: { valueBytesMax: 1000, batchOperationsMax: 5 } });
  doorsWithFaults = await openDoors({ enableFaults: true });
});

afterAll(async () => {
  await Promise.all([doors.server.close(), doorsWithFaults.server.close()]);
});

interface Case {
  readonly name: string;
  readonly send: readonly [method: string, path: string, init?: Omit<RequestInit, "method">];
  readonly status: number;
  readonly code?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
}

const problem = /^application\/problem\+json$/;

async function check(port: TestDoors, expected: Case): Promise<void> {
  const [method, path, init] = expected.send;
  const answer = await fetch(`${port.url}${path}`, { ...init, method });
  const text = await answer.text();
  expect(answer.status, text).toBe(expected.status);
  expect(answer.headers.get("atoll-session")).toMatch(/^[A-Za-z0-9_-]+$/);
  if (expected.code !== undefined) {
    expect(answer.headers.get("content-type")).toMatch(problem);
    const content: unknown = JSON.parse(text);
    expect(content).toMatchObject({ code: expected.code, status: expected.status });
    expect(text).not.toContain("node_modules");
    expect(text).not.toContain("    at ");
  }
  if (expected.body !== undefined) expect(text).toBe(expected.body);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const actual = answer.headers.get(name);
    if (value instanceof RegExp) expect(actual, name).toMatch(value);
    else expect(actual, name).toBe(value);
  }
}

function table(cases: readonly Case[]): void {
  it.each(cases.map((expected) => [expected.name, expected] as const))("%s", (_name, expected) =>
    check(doors, expected),
  );
}

beforeEach(async () => {
  for (const { store } of [doors, doorsWithFaults]) {
    store.slots.clear();
    store.cuts.length = 0;
    store.acks = { reached: 2, wanted: 2, met: true };
    store.ready = true;
  }
  await doors.store.put("there" as Key, Buffer.from("value"), { contentType: "text/plain", ttlMs: 60_000 });
  await doors.store.put("plain" as Key, Buffer.from([0, 255]));
});

describe("PUT", () => {
  table([
    {
      name: "a new key is 201",
      send: ["PUT", "/v1/kv/new", { body: "x" }],
      status: 201,
      headers: { etag: /^"[^"]+"$/ },
    },
    { name: "a key that is there is 204", send: ["PUT", "/v1/kv/there", { body: "x" }], status: 204, body: "" },
    { name: "an empty value is a value", send: ["PUT", "/v1/kv/new"], status: 201 },
    { name: "in the default keyspace", send: ["PUT", "/v1/keyspaces/default/kv/n", { body: "x" }], status: 201 },
    { name: "the key in the query", send: ["PUT", "/v1/kv?key=n", { body: "x" }], status: 201 },
    {
      name: "in another keyspace",
      send: ["PUT", "/v1/keyspaces/no/kv/n", { body: "x" }],
      status: 404,
      code: "UNKNOWN_KEYSPACE",
    },
    { name: "a key twice", send: ["PUT", "/v1/kv/n?key=m", { body: "x" }], status: 400, code: "BAD_REQUEST" },
    { name: "no key", send: ["PUT", "/v1/kv/", { body: "x" }], status: 400, code: "KEY_EMPTY" },
    { name: "no key at all", send: ["PUT", "/v1/kv", { body: "x" }], status: 400, code: "KEY_EMPTY" },
    { name: "a key of 1,024 bytes", send: ["PUT", `/v1/kv/${"k".repeat(1024)}`, { body: "x" }], status: 201 },
    { name: "a key of 1,025 bytes", send: ["PUT", `/v1/kv/${"k".repeat(1025)}`], status: 414, code: "KEY_TOO_LONG" },
    { name: "a percent and no hex", send: ["PUT", "/v1/kv/%zz"], status: 400, code: "BAD_PERCENT_ENCODING" },
    { name: "a percent at the end", send: ["PUT", "/v1/kv/a%2"], status: 400, code: "BAD_PERCENT_ENCODING" },
    { name: "the largest value", send: ["PUT", "/v1/kv/n", { body: "x".repeat(1000) }], status: 201 },
    {
      name: "a byte too much",
      send: ["PUT", "/v1/kv/n", { body: "x".repeat(1001) }],
      status: 413,
      code: "VALUE_TOO_LARGE",
    },
    { name: "a TTL", send: ["PUT", "/v1/kv/n?ttl=60s", { body: "x" }], status: 201 },
    { name: "a TTL of 0", send: ["PUT", "/v1/kv/n?ttl=0", { body: "x" }], status: 400, code: "BAD_TTL" },
    { name: "a negative TTL", send: ["PUT", "/v1/kv/n?ttl=-1", { body: "x" }], status: 400, code: "BAD_TTL" },
    { name: "a TTL in no unit", send: ["PUT", "/v1/kv/n?ttl=5y", { body: "x" }], status: 400, code: "BAD_TTL" },
    { name: "a TTL over 10 years", send: ["PUT", "/v1/kv/n?ttl=3651d", { body: "x" }], status: 400, code: "BAD_TTL" },
    {
      name: "a TTL that is a huge number",
      send: ["PUT", `/v1/kv/n?ttl=${"9".repeat(400)}`],
      status: 400,
      code: "BAD_TTL",
    },
    { name: "an empty TTL", send: ["PUT", "/v1/kv/n?ttl=", { body: "x" }], status: 400, code: "BAD_TTL" },
    {
      name: "acks that were reached",
      send: ["PUT", "/v1/kv/n?ack=quorum", { body: "x" }],
      status: 201,
      headers: { "atoll-acks": "2/2" },
    },
    {
      name: "no acks asked for, none told",
      send: ["PUT", "/v1/kv/n", { body: "x" }],
      status: 201,
      headers: { "atoll-acks": null },
    },
    { name: "an unknown ack", send: ["PUT", "/v1/kv/n?ack=some", { body: "x" }], status: 400, code: "BAD_ACK" },
    { name: "an unknown parameter", send: ["PUT", "/v1/kv/n?tll=5", { body: "x" }], status: 400, code: "BAD_REQUEST" },
    {
      name: "a parameter twice",
      send: ["PUT", "/v1/kv/n?ttl=5&ttl=6", { body: "x" }],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "If-None-Match: * on a new key",
      send: ["PUT", "/v1/kv/n", { body: "x", headers: { "if-none-match": "*" } }],
      status: 201,
    },
    {
      name: "If-None-Match: * on one that is there",
      send: ["PUT", "/v1/kv/there", { headers: { "if-none-match": "*" } }],
      status: 412,
      code: "PRECONDITION_FAILED",
    },
    {
      name: "If-None-Match of a version",
      send: ["PUT", "/v1/kv/n", { headers: { "if-none-match": '"v"' } }],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "If-Match: * on a new key",
      send: ["PUT", "/v1/kv/n", { headers: { "if-match": "*" } }],
      status: 412,
      code: "PRECONDITION_FAILED",
    },
    {
      name: "If-Match of another version",
      send: ["PUT", "/v1/kv/there", { headers: { "if-match": '"v"' } }],
      status: 412,
      code: "PRECONDITION_FAILED",
    },
    {
      name: "If-Match without quotes",
      send: ["PUT", "/v1/kv/there", { headers: { "if-match": "v" } }],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "If-Match and If-None-Match",
      send: ["PUT", "/v1/kv/n", { headers: { "if-match": "*", "if-none-match": "*" } }],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "gzip",
      send: ["PUT", "/v1/kv/n", { body: "x", headers: { "content-encoding": "gzip" } }],
      status: 415,
      code: "UNSUPPORTED_ENCODING",
    },
    {
      name: "identity",
      send: ["PUT", "/v1/kv/n", { body: "x", headers: { "content-encoding": "identity" } }],
      status: 201,
    },
    {
      name: "a content type of 256 characters",
      send: ["PUT", "/v1/kv/n", { body: "x", headers: { "content-type": "t".repeat(256) } }],
      status: 400,
      code: "CONTENT_TYPE_TOO_LONG",
    },
  ]);

  it("answers 202 with the acks it got when they are fewer than asked for", async () => {
    doors.store.acks = { reached: 1, wanted: 2, met: false };
    await check(doors, {
      name: "",
      send: ["PUT", "/v1/kv/n?ack=all", { body: "x" }],
      status: 202,
      headers: { "atoll-acks": "1/2" },
    });
    expect(doors.store.slots.has("n" as Key)).toBe(true);
  });

  it("replaces the version that was read, once", async () => {
    const first = await fetch(`${doors.url}/v1/kv/there`);
    const headers = { "if-match": first.headers.get("etag") ?? "" };
    expect((await fetch(`${doors.url}/v1/kv/there`, { method: "PUT", body: "2", headers })).status).toBe(204);
    expect((await fetch(`${doors.url}/v1/kv/there`, { method: "PUT", body: "3", headers })).status).toBe(412);
  });

  it("never matches a weak tag", async () => {
    const first = await fetch(`${doors.url}/v1/kv/there`);
    const headers = { "if-match": `W/${first.headers.get("etag")}` };
    expect((await fetch(`${doors.url}/v1/kv/there`, { method: "PUT", body: "2", headers })).status).toBe(412);
  });
});

describe("GET and HEAD", () => {
  table([
    {
      name: "a key that is there",
      send: ["GET", "/v1/kv/there"],
      status: 200,
      body: "value",
      headers: {
        "content-type": "text/plain",
        etag: /^"[^"]+"$/,
        "atoll-expires-at": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
      },
    },
    {
      name: "without content type or expiry",
      send: ["GET", "/v1/kv/plain"],
      status: 200,
      headers: { "content-type": "application/octet-stream", "atoll-expires-at": null },
    },
    {
      name: "HEAD has headers and no body",
      send: ["HEAD", "/v1/kv/there"],
      status: 200,
      body: "",
      headers: { "content-length": "5" },
    },
    { name: "a key that is not", send: ["GET", "/v1/kv/no"], status: 404, code: "NOT_FOUND" },
    { name: "HEAD of a key that is not", send: ["HEAD", "/v1/kv/no"], status: 404, body: "" },
    { name: "by query", send: ["GET", "/v1/kv?key=there"], status: 200, body: "value" },
    { name: "with a quorum", send: ["GET", "/v1/kv/there?consistency=quorum"], status: 200 },
    {
      name: "with an unknown consistency",
      send: ["GET", "/v1/kv/there?consistency=best"],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "If-None-Match: * on a key that is there",
      send: ["GET", "/v1/kv/there", { headers: { "if-none-match": "*" } }],
      status: 304,
      body: "",
    },
    {
      name: "If-None-Match of another version",
      send: ["GET", "/v1/kv/there", { headers: { "if-none-match": '"v"' } }],
      status: 200,
    },
    { name: "an inherited name", send: ["GET", "/v1/kv/__proto__"], status: 404, code: "NOT_FOUND" },
  ]);

  it("answers 304 for the version that the client has, in a list, weak or strong", async () => {
    const first = await fetch(`${doors.url}/v1/kv/there`);
    const headers = { "if-none-match": `"other", W/${first.headers.get("etag")}` };
    const second = await fetch(`${doors.url}/v1/kv/there`, { headers });
    expect([second.status, second.headers.get("etag")]).toEqual([304, first.headers.get("etag")]);
  });
});

describe("DELETE", () => {
  table([
    { name: "a key that is there", send: ["DELETE", "/v1/kv/there"], status: 204, body: "" },
    { name: "a key that is not", send: ["DELETE", "/v1/kv/no"], status: 204, body: "" },
    { name: "with acks", send: ["DELETE", "/v1/kv/there?ack=all"], status: 204, headers: { "atoll-acks": "2/2" } },
    { name: "with a TTL", send: ["DELETE", "/v1/kv/there?ttl=1"], status: 400, code: "BAD_REQUEST" },
    {
      name: "If-Match of another version",
      send: ["DELETE", "/v1/kv/there", { headers: { "if-match": '"v"' } }],
      status: 412,
      code: "PRECONDITION_FAILED",
    },
  ]);
});

describe("keys, batch and the rest", () => {
  table([
    { name: "keys", send: ["GET", "/v1/keys"], status: 200, body: '{"keys":["plain","there"]}' },
    { name: "keys under a prefix", send: ["GET", "/v1/keys?prefix=the"], status: 200, body: '{"keys":["there"]}' },
    {
      name: "keys by page",
      send: ["GET", "/v1/keys?limit=1"],
      status: 200,
      body: '{"keys":["plain"],"cursor":"706c61696e"}',
    },
    {
      name: "the next page",
      send: ["GET", "/v1/keys?limit=1&cursor=706c61696e"],
      status: 200,
      body: '{"keys":["there"]}',
    },
    { name: "a cursor of nobody", send: ["GET", "/v1/keys?cursor=!"], status: 400, code: "BAD_CURSOR" },
    { name: "an empty cursor", send: ["GET", "/v1/keys?cursor="], status: 400, code: "BAD_CURSOR" },
    { name: "no keys at all", send: ["GET", "/v1/keys?limit=0"], status: 400, code: "BAD_REQUEST" },
    { name: "a limit that is none", send: ["GET", "/v1/keys?limit=1e3"], status: 400, code: "BAD_REQUEST" },
    { name: "too many keys", send: ["GET", "/v1/keys?limit=10001"], status: 400, code: "BAD_REQUEST" },
    {
      name: "a prefix over the key limit",
      send: ["GET", `/v1/keys?prefix=${"p".repeat(1025)}`],
      status: 414,
      code: "KEY_TOO_LONG",
    },
    {
      name: "conflicts, of which there are none",
      send: ["GET", "/v1/conflicts?prefix=a"],
      status: 200,
      body: '{"conflicts":[]}',
    },
    {
      name: "conflicts of all keys, counted",
      send: ["GET", "/v1/keyspaces/default/conflicts"],
      status: 200,
      body: '{"conflicts":[],"counts":{"here":0,"elsewhere":0}}',
    },
    { name: "no conflicts at all", send: ["GET", "/v1/conflicts?limit=0"], status: 400, code: "BAD_REQUEST" },
    {
      name: "conflicts of no keyspace",
      send: ["GET", "/v1/keyspaces/no/conflicts"],
      status: 404,
      code: "UNKNOWN_KEYSPACE",
    },
    { name: "a batch that is not JSON", send: ["POST", "/v1/batch", { body: "{" }], status: 400, code: "BAD_JSON" },
    {
      name: "a batch that is not UTF-8",
      send: ["POST", "/v1/batch", { body: Buffer.from([0x22, 0xff, 0x22]) }],
      status: 400,
      code: "BAD_JSON",
    },
    { name: "a batch that is a list", send: ["POST", "/v1/batch", { body: "[]" }], status: 400, code: "BAD_REQUEST" },
    {
      name: "a batch of nothing",
      send: ["POST", "/v1/batch", { body: '{"operations":[]}' }],
      status: 200,
      body: '{"results":[]}',
    },
    {
      name: "a batch of unknown operations",
      send: ["POST", "/v1/batch", { body: '{"operations":[{"type":"increment","key":"a"}]}' }],
      status: 400,
      code: "UNKNOWN_OPERATION",
    },
    {
      name: "a batch with half a surrogate pair",
      send: ["POST", "/v1/batch", { body: '{"operations":[{"type":"get","key":"\\ud800"}]}' }],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "a batch with bad base64",
      send: ["POST", "/v1/batch", { body: '{"operations":[{"type":"get","key":"a","encoding":"base64"}]}' }],
      status: 400,
      code: "BAD_REQUEST",
    },
    {
      name: "a batch with a bad TTL",
      send: ["POST", "/v1/batch", { body: '{"operations":[{"type":"put","key":"a","value":"","ttlMs":1e400}]}' }],
      status: 400,
      code: "BAD_TTL",
    },
    {
      name: "a batch over its length",
      send: ["POST", "/v1/batch", { body: JSON.stringify({ operations: Array(6).fill({ type: "get", key: "a" }) }) }],
      status: 413,
      code: "BATCH_TOO_LARGE",
    },
    { name: "the cluster", send: ["GET", "/v1/cluster"], status: 200, headers: { "content-type": "application/json" } },
    { name: "health", send: ["GET", "/healthz"], status: 200, body: '{"status":"ok"}' },
    { name: "health with a parameter", send: ["GET", "/healthz?x=1"], status: 200 },
    { name: "readiness with a parameter", send: ["GET", "/readyz?x"], status: 200 },
    { name: "metrics with parameters", send: ["GET", "/metrics?x=1&x=2&%zz"], status: 200 },
    { name: "the cluster with a parameter", send: ["GET", "/v1/cluster?x=1"], status: 400, code: "BAD_REQUEST" },
    { name: "health by HEAD", send: ["HEAD", "/healthz"], status: 200, body: "" },
    { name: "readiness", send: ["GET", "/readyz"], status: 200, body: '{"ready":true,"reasons":[]}' },
    {
      name: "metrics",
      send: ["GET", "/metrics"],
      status: 200,
      headers: { "content-type": /^text\/plain; version=0.0.4/ },
    },
    {
      name: "faults without the flag",
      send: ["PUT", "/v1/admin/faults", { body: '{"cut":[]}' }],
      status: 403,
      code: "FAULTS_DISABLED",
    },
    {
      name: "a WebSocket's path without an upgrade",
      send: ["GET", "/v1/ws"],
      status: 426,
      code: "UPGRADE_REQUIRED",
      headers: { upgrade: "websocket" },
    },
    { name: "a path that is not", send: ["GET", "/v1/nothing"], status: 404, code: "NOT_FOUND" },
    { name: "the root", send: ["GET", "/"], status: 404, code: "NOT_FOUND" },
    { name: "a keyspace alone", send: ["GET", "/v1/keyspaces/default"], status: 404, code: "NOT_FOUND" },
    {
      name: "a method that a path lacks",
      send: ["POST", "/v1/kv/a"],
      status: 405,
      code: "METHOD_NOT_ALLOWED",
      headers: { allow: "GET, HEAD, PUT, DELETE, OPTIONS" },
    },
    { name: "a method that nobody knows", send: ["PROPFIND", "/v1/kv/a"], status: 405, code: "METHOD_NOT_ALLOWED" },
    {
      name: "OPTIONS",
      send: ["OPTIONS", "/v1/kv/a"],
      status: 204,
      headers: { allow: "GET, HEAD, PUT, DELETE, OPTIONS", "access-control-allow-origin": null },
    },
    {
      name: "a session that is none",
      send: ["GET", "/v1/kv/a", { headers: { "atoll-session": "!" } }],
      status: 400,
      code: "BAD_SESSION",
    },
  ]);

  it("carries out a batch in order and answers each operation", async () => {
    const operations = [
      { type: "put", key: "a", value: "1", ttlMs: 1000, contentType: "text/plain" },
      { type: "get", key: "a" },
      { type: "put", key: "/w==", value: "/w==", encoding: "base64" },
      { type: "get", key: "/w==", encoding: "base64" },
      { type: "delete", key: "a" },
    ];
    const answer = await fetch(`${doors.url}/v1/batch`, { method: "POST", body: JSON.stringify({ operations }) });
    const content: unknown = await answer.json();
    expect(content).toMatchObject({
      results: [
        { type: "put", ok: true, existed: false, acks: { reached: 1, wanted: 1, met: true } },
        { type: "get", ok: true, found: true, value: "1", contentType: "text/plain" },
        { type: "put", ok: true },
        { type: "get", ok: true, found: true, value: "/w==", encoding: "base64" },
        { type: "delete", ok: true, existed: true },
      ],
    });
    expect(doors.store.slots.has("\xff" as Key)).toBe(true);
  });

  it("says why it is not ready", async () => {
    doors.store.ready = false;
    const answer = await fetch(`${doors.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "NOT_READY", ready: false, reasons: ["waiting for its peers"] });
  });

  it("creates, changes and shows keyspaces, and serves the keys of each", async () => {
    const post = async (body: unknown) => {
      const answer = await fetch(`${doors.url}/v1/admin/keyspaces`, { method: "POST", body: JSON.stringify(body) });
      return [answer.status, await answer.json()];
    };
    const sessions = {
      name: "sessions",
      replication: 2,
      regions: ["eu", "us"],
      defaultTtlMs: 60_000,
      maxTtlMs: 3_600_000,
    };
    expect(await post(sessions)).toEqual([201, { ...sessions, underReplicated: [{ wanted: 2, has: 1 }] }]);
    const by = { name: "sessions", replication: { eu: 1, us: 2 }, memoryShare: 0.25 };
    expect(await post(by)).toEqual([200, { ...by, underReplicated: [] }]);
    const list = await fetch(`${doors.url}/v1/admin/keyspaces`);
    expect(await list.json()).toEqual({ keyspaces: [{ ...by, underReplicated: [] }] });
    const path = "/v1/keyspaces/sessions/kv/k";
    await check(doors, { name: "", send: ["PUT", path, { body: "x" }], status: 201 });
    await check(doors, { name: "", send: ["GET", path], status: 200, body: "x" });
    await check(doors, { name: "", send: ["GET", "/v1/kv/k"], status: 404 });
  });

  table(
    [
      ["of no object", "[]", "BAD_REQUEST"],
      ["of no name", "{}", "BAD_KEYSPACE_NAME"],
      ["of a field that is not known", '{"name":"a","replicas":2}', "BAD_REQUEST"],
      ["of replication in words", '{"name":"a","replication":"two"}', "POLICY_BAD_REPLICATION"],
      ["of replication by region in words", '{"name":"a","replication":{"eu":"1"}}', "POLICY_BAD_REPLICATION"],
      ["of replication in a list", '{"name":"a","replication":[1]}', "POLICY_BAD_REPLICATION"],
      ["of regions that are no list", '{"name":"a","regions":"eu"}', "POLICY_BAD_REGION"],
      ["of regions that are no names", '{"name":"a","regions":[1]}', "POLICY_BAD_REGION"],
      ["of a time to live in words", '{"name":"a","maxTtlMs":"1h"}', "BAD_REQUEST"],
      ["of a memory share in words", '{"name":"a","memoryShare":"half"}', "BAD_REQUEST"],
    ].map(([name, body, code]) => ({
      name: `a keyspace ${name}`,
      send: ["POST", "/v1/admin/keyspaces", { body: body ?? "" }],
      status: 400,
      code: code ?? "",
    })),
  );

  it("cuts links when faults are enabled", async () => {
    const put = (body: string) => fetch(`${doorsWithFaults.url}/v1/admin/faults`, { method: "PUT", body });
    const others = { id: "replica-b" as ReplicaId, region: "us", address: "127.0.0.1:7410", life: 1 } as const;
    doorsWithFaults.store.others = [{ ...others, state: "alive" }];
    const answer = await put('{"cut":["replica-b","nobody","replica-b"]}');
    expect([answer.status, await answer.json()]).toEqual([200, { cut: ["replica-b", "nobody"], unknown: ["nobody"] }]);
    const own = await put('{"cut":["replica-b","replica-a"]}');
    expect([own.status, await own.json()]).toMatchObject([400, { code: "CANNOT_CUT_SELF" }]);
    expect((await put('{"cut":["../x"]}')).status).toBe(400);
    expect((await put('{"cut":"replica-b"}')).status).toBe(400);
    expect((await put("[]")).status).toBe(400);
    expect(doorsWithFaults.store.cuts).toEqual([["replica-b", "nobody"]]);
  });

  it("hides what went wrong inside, and counts it", async () => {
    doors.store.failNext = new Error("secret path /etc/passwd");
    const answer = await fetch(`${doors.url}/v1/kv/a`);
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).toContain("INTERNAL");
    expect(text).not.toContain("passwd");
    expect(doors.server.metrics.errorCount("INTERNAL")).toBe(1);
  });

  it("passes on what the store refuses", async () => {
    doors.store.failNext = new AtollError("MEMORY_FULL", "no room");
    await check(doors, { name: "", send: ["PUT", "/v1/kv/a"], status: 507, code: "MEMORY_FULL" });
  });
});

describe("sessions", () => {
  it("hands out the dots of what was read and written, and asks the store for them", async () => {
    const put = await fetch(`${doors.url}/v1/kv/s`, { method: "PUT", body: "1" });
    const token = put.headers.get("atoll-session") ?? "";
    const read = await fetch(`${doors.url}/v1/kv/s`, { headers: { "atoll-session": token } });
    expect(read.status).toBe(200);
    expect(doors.store.caughtUp.at(-1)).toEqual([
      { shard: 7, origin: doors.store.origin, sequence: doors.store.sequence },
    ]);
    expect(read.headers.get("atoll-session")).toBe(token);
  });

  it("is echoed by answers that saw nothing, errors included", async () => {
    const put = await fetch(`${doors.url}/v1/kv/s`, { method: "PUT", body: "1" });
    const headers = { "atoll-session": put.headers.get("atoll-session") ?? "" };
    for (const path of ["/healthz", "/v1/nothing", "/v1/kv/", "/v1/keys"]) {
      const answer = await fetch(`${doors.url}${path}`, { headers });
      expect(answer.headers.get("atoll-session"), path).toBe(headers["atoll-session"]);
    }
  });

  it("answers 503 when this replica lacks what the session has seen", async () => {
    const elsewhere = await fetch(`${doorsWithFaults.url}/v1/kv/s`, { method: "PUT", body: "1" });
    doors.store.sequence = 0;
    const headers = { "atoll-session": elsewhere.headers.get("atoll-session") ?? "" };
    await check(doors, {
      name: "",
      send: ["GET", "/v1/kv/s?wait=10ms", { headers }],
      status: 503,
      code: "SESSION_BEHIND",
    });
    await check(doors, { name: "", send: ["GET", "/v1/kv/s?wait=1h", { headers }], status: 400, code: "BAD_REQUEST" });
  });

  it.each([
    ["GET", "/healthz"],
    ["HEAD", "/healthz"],
    ["GET", "/readyz"],
    ["GET", "/metrics"],
    ["GET", "/v1/cluster"],
    ["GET", "/openapi.json"],
    ["PUT", "/v1/admin/faults"],
    ["GET", "/v1/admin/keyspaces"],
  ])("is neither waited for nor looked at by %s %s", async (method, path) => {
    const body = method === "PUT" ? { body: '{"cut":[]}' } : {};
    const unseen = encodeSession([{ shard: 7 as ShardId, origin: 5 as OriginId, sequence: 9 }]);
    const before = doorsWithFaults.store.caughtUp.length;
    for (const [sent, returned] of [
      [unseen, unseen],
      ["!", EMPTY_SESSION],
    ] as const) {
      const init = { ...body, headers: { "atoll-session": sent } };
      const headers = { "atoll-session": returned };
      await check(doorsWithFaults, { name: "", send: [method, path, init], status: 200, headers });
    }
    expect(doorsWithFaults.store.caughtUp).toHaveLength(before);
  });
});
