/** `/openapi.json` against the door: what is described is served, and what is served is described. */

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { Key, OriginId, ReplicaId, ShardId } from "../../../src/base/ids.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import type { Operation, Route } from "../../../src/doors/http/route.ts";
import { routes } from "../../../src/doors/http/routes.ts";
import { encodeSession } from "../../../src/doors/session.ts";
import { archiveOf, recordOf } from "../../support/archives.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import {
  lastOf,
  type OpenApi,
  type OpenApiOperation,
  type OpenApiResponse,
  parseOpenApi,
  responseWith,
  schemaOf,
} from "../../support/openapi-shape.ts";
import { openSocket, parseAnswer, readAll } from "../../support/raw-http.ts";

let doors: TestDoors;
const archive = await archiveOf([{ keyspace: "default", records: [recordOf("a", "v")] }]);
const empty = await archiveOf([]);
let openapi: OpenApi;

beforeAll(async () => {
  doors = await openDoors({
    enableFaults: true,
    allowOrigins: ["https://good.example"],
    limits: { valueBytesMax: 1000, watchesMax: 1 },
    auth: createAuth([
      { token: "all", scopes: ["read", "write", "admin"] },
      { token: "none", scopes: [] },
    ]),
  });
  doors.store.others = [
    {
      ...{ id: "replica-b" as ReplicaId, region: "us", address: "127.0.0.1:7410", state: "alive", life: 1 },
      ...{ rttMs: 0.5, clockOffsetMs: -1.5, lag: 0, lastSeenAt: 1_700_000_000_000 },
    },
    { id: "replica-c" as ReplicaId, region: "us", address: "127.0.0.1:7420", state: "dead", life: 1 },
  ];
  const [won, lost] = ["replica-a", "replica-b"].map((replica) => {
    return {
      type: "put",
      version: "1-2",
      replica: replica as ReplicaId,
      life: 1,
      stampedAt: 1_700_000_000_000,
    } as const;
  });
  if (won === undefined || lost === undefined) throw new Error("BUG: two were made");
  doors.store.receipts = [
    { key: "there" as Key, loser: lost, winner: won, lost: "elsewhere", notedAt: 1_700_000_000_000 },
  ];
  openapi = parseOpenApi(await (await fetch(`${doors.url}/openapi.json`)).json());
});

afterAll(() => doors.server.close(100));

/** Methods by path. */
function described(): ReadonlyMap<string, readonly string[]> {
  const methods = (item: object) => Object.keys(item).filter((name) => name !== "parameters");
  return new Map(Object.entries(openapi.paths).map(([path, item]) => [path, methods(item)]));
}

const inKeyspace = (path: string) => path.replace("/v1/", "/v1/keyspaces/{ks}/");

describe("what is served", () => {
  it("is described: every route, in every keyspace, with the key in the path and in the query", () => {
    const expected = new Map<string, string[]>();
    for (const route of Object.values<Route>(routes)) {
      const methods = Object.keys(route.operations).map((method) => method.toLowerCase());
      for (const path of new Set([route.path, route.path.replace(/\/\{key\}$/, "")])) {
        expected.set(path, methods);
        if (path.startsWith("/yjs")) expected.set(`/v1/keyspaces/{ks}${path}`, methods);
        if (path.startsWith("/v1/") && !path.startsWith("/v1/admin/")) expected.set(inKeyspace(path), methods);
      }
    }
    expect(described()).toEqual(expected);
    for (const path of [
      "/v1/kv",
      "/v1/keyspaces/{ks}/kv/{key}",
      "/v1/ws",
      "/v1/keyspaces/{ks}/ws",
      "/v1/admin/faults",
    ]) {
      expect(described().has(path), path).toBe(true);
    }
  });

  it("to pages of other origins is what is described: they may send and see those headers", async () => {
    const headers = { origin: "https://good.example", "access-control-request-method": "PUT" };
    const preflight = await fetch(`${doors.url}/v1/kv/a`, { method: "OPTIONS", headers });
    const listOf = (name: string) => (preflight.headers.get(name) ?? "").toLowerCase().split(", ");
    const sent = operations().flatMap(({ operation }) => operation.parameters.filter((each) => each.in === "header"));
    for (const { name } of sent) {
      // No script can set this one; it has an argument for it.
      if (name === "Sec-WebSocket-Protocol") continue;
      expect(listOf("access-control-allow-headers"), name).toContain(name.toLowerCase());
    }
    const seen = Object.keys(openapi.components.headers).filter((name) => /^(atoll-|etag|retry-after)/i.test(name));
    expect(listOf("access-control-expose-headers")).toEqual(
      expect.arrayContaining(seen.map((name) => name.toLowerCase())),
    );
  });
});

interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

function operations(): readonly Described[] {
  return [...described()].flatMap(([path, methods]) =>
    methods.map((method) => ({ method, path, operation: Reflect.get(openapi.paths[path] ?? {}, method) })),
  );
}

/** An update of somebody who writes a text. */
function edit(text: string): Uint8Array<ArrayBuffer> {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, text);
  return new Uint8Array(Y.encodeStateAsUpdate(doc));
}

const bearer = { authorization: "Bearer all" };

describe("what is described", () => {
  it("says which scopes a token needs", () => {
    const needs = (path: string) =>
      operations().flatMap((each) => (each.path === path ? [[each.method, each.operation.security]] : []));
    expect(Object.fromEntries(needs("/v1/counters/{key}"))).toEqual({
      get: [{ token: ["read"] }, {}],
      post: [{ token: ["read", "write"] }, {}],
    });
    expect(Object.fromEntries(needs("/v1/batch"))).toEqual({ post: [{ token: [] }, {}] });
    expect(Object.fromEntries(needs("/healthz"))).toMatchObject({ get: [] });
  });

  it("answers, refuses those without a token where it says so, and takes every query parameter", async () => {
    for (const { method, path, operation } of operations()) {
      const query = /\/(kv|docs|diffs|yjs|maps|sets|counters)$/.test(path) ? "?key=there" : "";
      const url = `${doors.url}${path
        .replace("{ks}", "default")
        .replace("{key}", "there")
        .replace("{id}", "replica-c")
        .replace("{tag}", "t")
        .replace(/\{(field|member)\}/, "f")}${query}`;
      const send = async (to: string, headers: Readonly<Record<string, string>> = bearer) => {
        await doors.store.put("there" as Key, Buffer.from("value"));
        doors.documents.store.arrive("there" as Key, edit("x"));
        doors.commands.held.set("there", new Map([["f", "value"]]));
        const answer = await fetch(to, { method, headers });
        await answer.body?.cancel();
        return answer.status;
      };
      const name = `${method} ${path}`;
      expect([404, 405], name).not.toContain(await send(url));
      expect(await send(url, {}), name).toBe(operation.security.length === 0 ? 200 : 401);
      const taken = Object.values<Route>(routes)
        .flatMap((route) => (sameRoute(route, path) ? Object.entries<Operation>(route.operations) : []))
        .find(([each]) => each.toLowerCase() === method)?.[1].query;
      const parameters = operation.parameters.filter((each) => each.in === "query").map((each) => each.name);
      expect(parameters.filter((each) => each !== "wait")).toEqual(taken ?? []);
      for (const each of parameters) {
        const wrong = `${url}${query === "" ? "?" : "&"}${each}=%zz`;
        expect(await send(wrong), `${name} ${each}`).toBe(400);
      }
    }
  });
});

function sameRoute(route: Route, path: string): boolean {
  const plain = path.replace("/keyspaces/{ks}", "");
  return route.path === plain || route.path === `${plain}/{key}`;
}

/** Headers that HTTP itself puts on an answer, CORS, and those that OpenAPI describes as the content's type. */
const OF_HTTP = /^(date|connection|keep-alive|transfer-encoding|content-length|content-type|vary|access-control-.*)$/;
/** And on an upgrade. */
const OF_UPGRADES = /^(upgrade|sec-websocket-accept)$/;

interface Sent {
  readonly does: readonly [method: string, path: string, at?: string];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly status: number;
}

describe("every answer", () => {
  const unseen = { "atoll-session": encodeSession([{ shard: 7 as ShardId, origin: 5 as OriginId, sequence: 9 }]) };
  const kv = "/v1/kv/{key}";
  const batch = {
    operations: [{ type: "put", key: "n", value: "x", ttlMs: 60_000, contentType: "text/plain", tags: ["t"] }],
  };
  const gets = { operations: ["n", "there", "no", "bytes"].map((key) => ({ type: "get", key })) };
  const mixed = { operations: [{ type: "put", key: "/w==", value: "/w==", encoding: "base64" }], ack: "all" };

  const docs = "/v1/docs/{key}";
  const settings = { replication: 2, regions: ["eu", "us"], defaultTtlMs: 1, maxTtlMs: 2, memoryShare: 0.5 };
  const update = { accept: "application/octet-stream" };

  const [map, field] = ["/v1/maps/{key}", "/v1/maps/{key}/{field}"];
  const counter = "/v1/counters/{key}";
  const [set, member] = ["/v1/sets/{key}", "/v1/sets/{key}/{member}"];

  const exchanges: readonly Sent[] = [
    { does: ["get", counter, "/v1/counters/number"], status: 200 },
    { does: ["get", counter, "/v1/counters/no"], status: 404 },
    { does: ["get", counter, "/v1/counters/there"], status: 409 },
    { does: ["post", counter, "/v1/counters/number"], body: '{"by":5}', status: 200 },
    { does: ["post", counter, "/v1/counters/number?ttl=1h&ack=all"], body: '{"by":5}', status: 202 },
    { does: ["post", counter, "/v1/counters/number"], body: "x".repeat(70_000), status: 413 },
    { does: ["get", map, "/v1/maps/there?limit=5"], status: 200 },
    { does: ["get", map, "/v1/maps/bytes"], status: 200 },
    { does: ["get", map, "/v1/maps/no"], status: 404 },
    { does: ["get", map, "/v1/maps/there?cursor=x"], status: 400 },
    { does: ["delete", map, "/v1/maps/there"], status: 204 },
    { does: ["delete", map, "/v1/maps/there?ack=all"], status: 202 },
    { does: ["get", field, "/v1/maps/there/f"], status: 200 },
    { does: ["get", field, "/v1/maps/there/no"], status: 404 },
    { does: ["put", field, "/v1/maps/there/new"], body: "x", status: 201 },
    { does: ["put", field, "/v1/maps/there/f"], body: "x", status: 204 },
    { does: ["put", field, "/v1/maps/there/f?ttl=1h&ack=all"], body: "ends 2000000000000", status: 202 },
    { does: ["get", field, "/v1/maps/there/f"], status: 200 },
    { does: ["put", field, "/v1/maps/there/f"], body: "x".repeat(1001), status: 413 },
    { does: ["delete", field, "/v1/maps/there/f?ack=disk"], status: 204 },
    { does: ["delete", field, "/v1/maps/there/f?ack=all"], status: 202 },
    { does: ["get", set, "/v1/sets/there"], status: 200 },
    { does: ["get", set, "/v1/sets/no"], status: 404 },
    { does: ["delete", set, "/v1/sets/there"], status: 204 },
    { does: ["get", member, "/v1/sets/there/f"], status: 200 },
    { does: ["get", member, "/v1/sets/there/no"], status: 404 },
    { does: ["put", member, "/v1/sets/there/new"], status: 201 },
    { does: ["put", member, "/v1/sets/there/f"], status: 204 },
    { does: ["put", member, "/v1/sets/there/f?ttl=1h&ack=all"], status: 202 },
    { does: ["delete", member, "/v1/sets/there/f"], status: 204 },
    { does: ["delete", member, "/v1/sets/there/f?ack=all"], status: 202 },
    { does: ["delete", set, "/v1/sets/there?ack=all"], status: 202 },
    { does: ["get", docs, "/v1/docs/there"], status: 200 },
    { does: ["get", docs, "/v1/docs/there"], headers: update, status: 200 },
    { does: ["get", docs, "/v1/docs/there?sv=AA"], status: 200 },
    { does: ["get", docs, "/v1/docs/there"], headers: { "if-none-match": "*" }, status: 304 },
    { does: ["get", docs, "/v1/docs/no"], status: 404 },
    { does: ["get", docs, "/v1/docs/there?sv=!"], status: 400 },
    { does: ["post", docs, "/v1/docs/new?ttl=1h&ack=all"], body: edit("x"), status: 201 },
    { does: ["post", docs, "/v1/docs/there"], body: edit("y"), status: 204 },
    { does: ["post", docs, "/v1/docs/lonely?ack=all"], body: edit("x"), status: 202 },
    { does: ["post", docs, "/v1/docs/there"], body: "no update", status: 400 },
    { does: ["delete", docs, "/v1/docs/there?ack=all"], status: 204 },
    { does: ["delete", docs, "/v1/docs/lonely?ack=all"], status: 202 },
    { does: ["delete", docs, "/v1/docs/there"], headers: { "if-match": '"v"' }, status: 412 },
    { does: ["post", "/v1/diffs/{key}", "/v1/diffs/there"], body: Uint8Array.of(0), status: 200 },
    { does: ["post", "/v1/diffs/{key}", "/v1/diffs/no"], body: Uint8Array.of(0), status: 404 },
    { does: ["get", "/yjs/{key}", "/yjs/there"], status: 426 },
    { does: ["get", kv, "/v1/kv/there"], status: 200 },
    { does: ["get", kv, "/v1/kv/bytes"], status: 200 },
    { does: ["get", kv, "/v1/kv/there"], headers: { "if-none-match": "*" }, status: 304 },
    { does: ["get", kv, "/v1/kv/no"], status: 404 },
    { does: ["get", kv, "/v1/kv/there?wait=1ms"], headers: unseen, status: 503 },
    { does: ["get", kv, "/v1/kv/there"], headers: { authorization: "" }, status: 401 },
    { does: ["get", kv, "/v1/kv/there"], headers: { authorization: "Bearer none" }, status: 403 },
    { does: ["get", kv, "/v1/kv/there"], headers: { origin: "https://good.example" }, status: 200 },
    { does: ["get", "/v1/kv", "/v1/kv?key=there"], status: 200 },
    { does: ["get", inKeyspace(kv), "/v1/keyspaces/default/kv/there"], status: 200 },
    { does: ["get", inKeyspace(kv), "/v1/keyspaces/no/kv/there"], status: 404 },
    { does: ["head", kv, "/v1/kv/there"], status: 200 },
    { does: ["head", kv, "/v1/kv/there"], headers: { "if-none-match": "*" }, status: 304 },
    { does: ["head", kv, "/v1/kv/no"], status: 404 },
    { does: ["put", kv, "/v1/kv/new?ack=all&ttl=60s"], body: "x", status: 201 },
    { does: ["put", kv, "/v1/kv/there"], body: "x", status: 204 },
    { does: ["put", kv, "/v1/kv/lonely?ack=all"], body: "x", status: 202 },
    { does: ["put", kv, "/v1/kv/there"], headers: { "if-match": '"v"' }, status: 412 },
    { does: ["put", kv, "/v1/kv/there"], headers: { "content-encoding": "gzip" }, body: "x", status: 415 },
    { does: ["put", kv, "/v1/kv/there"], body: "x".repeat(1001), status: 413 },
    { does: ["put", kv, "/v1/kv/there?tll=1"], status: 400 },
    { does: ["delete", kv, "/v1/kv/there?ack=all"], status: 204 },
    { does: ["delete", kv, "/v1/kv/lonely?ack=all"], status: 202 },
    { does: ["delete", kv, "/v1/kv/there"], headers: { "if-match": '"v"' }, status: 412 },
    { does: ["put", kv, "/v1/kv/tagged"], headers: { "atoll-tags": "a,b%2C" }, body: "x", status: 201 },
    { does: ["post", "/v1/tags/{tag}/invalidate", "/v1/tags/a/invalidate?ack=all"], status: 204 },
    { does: ["post", "/v1/tags/{tag}/invalidate", "/v1/tags/lonely/invalidate?ack=all"], status: 202 },
    { does: ["get", "/v1/keys", "/v1/keys?limit=1"], status: 200 },
    { does: ["get", "/v1/keys", "/v1/keys?prefix=no"], status: 200 },
    { does: ["get", "/v1/conflicts"], status: 200 },
    { does: ["get", "/v1/conflicts", "/v1/conflicts?prefix=t&limit=1"], status: 200 },
    { does: ["post", "/v1/batch"], body: JSON.stringify(batch), status: 200 },
    { does: ["post", "/v1/batch"], body: JSON.stringify(gets), status: 200 },
    { does: ["post", "/v1/batch"], body: JSON.stringify(mixed), status: 200 },
    { does: ["post", "/v1/batch"], body: "{", status: 400 },
    { does: ["get", "/v1/watch"], status: 200 },
    { does: ["get", "/v1/cluster"], status: 200 },
    { does: ["post", "/v1/admin/keyspaces"], body: '{"name":"by","replication":{"eu":2,"us":1}}', status: 201 },
    { does: ["post", "/v1/admin/keyspaces"], body: JSON.stringify({ name: "by", ...settings }), status: 200 },
    { does: ["post", "/v1/admin/keyspaces"], body: '{"name":"plain"}', status: 201 },
    { does: ["post", "/v1/admin/keyspaces"], body: '{"name":"clash"}', status: 409 },
    { does: ["post", "/v1/admin/keyspaces"], body: '{"name":"x","replication":"some"}', status: 400 },
    { does: ["get", "/v1/admin/keyspaces"], status: 200 },
    { does: ["delete", "/v1/admin/members/{id}", "/v1/admin/members/replica-c?force=true"], status: 204 },
    { does: ["delete", "/v1/admin/members/{id}", "/v1/admin/members/nobody"], status: 404 },
    { does: ["delete", "/v1/admin/members/{id}", "/v1/admin/members/replica-b"], status: 409 },
    { does: ["post", "/v1/admin/backup"], status: 200 },
    { does: ["post", "/v1/admin/backup", "/v1/admin/backup?keyspaces=none"], status: 404 },
    { does: ["post", "/v1/admin/restore"], body: archive, status: 200 },
    { does: ["post", "/v1/admin/restore", "/v1/admin/restore?overwrite=true"], body: empty, status: 200 },
    { does: ["post", "/v1/admin/restore"], body: archive.subarray(0, -1), status: 400 },
    { does: ["post", "/v1/admin/leave"], status: 202 },
    { does: ["put", "/v1/admin/faults"], body: '{"cut":["replica-b"]}', status: 200 },
    { does: ["put", "/v1/admin/faults"], body: '{"cut":["replica-a"]}', status: 400 },
    { does: ["get", "/healthz"], status: 200 },
    { does: ["get", "/readyz"], status: 200 },
    { does: ["get", "/readyz"], status: 503 },
    { does: ["get", "/metrics"], status: 200 },
    { does: ["get", "/openapi.json"], status: 200 },
    { does: ["get", "/v1/ws"], status: 426 },
  ];

  const seen = new Set<string>();

  it.each(exchanges)("of $does is described, with its headers and body: $status", async (sent) => {
    const [method, path, at = path] = sent.does;
    doors.store.slots.clear();
    doors.store.ready = sent.status !== 503;
    doors.store.acks = at.includes("lonely")
      ? { reached: 1, wanted: 2, met: false }
      : { reached: 2, wanted: 2, met: true };
    await doors.store.put("there" as Key, Buffer.from("value"), {
      contentType: "text/plain",
      ttlMs: 60_000,
      tags: ["t"],
    });
    await doors.store.put("bytes" as Key, Buffer.from([0xff]));
    doors.commands.held.clear();
    doors.commands.held.set("there", new Map([["f", "value"]]));
    doors.commands.held.set("bytes", new Map([["f", "\xff"]]));
    doors.documents.store.acks = doors.store.acks;
    await doors.documents.store.deleteDocument("there" as Key);
    doors.documents.store.arrive("there" as Key, edit("x"));
    await doors.documents.store.expireDocument("there" as Key, 60_000);
    if (typeof sent.body === "string") checkSent(sent.body, sent.status, method, path);
    const headers = { ...bearer, ...sent.headers };
    const answer = await fetch(doors.url + at, { method: method.toUpperCase(), headers, body: sent.body ?? null });
    expect(answer.status).toBe(sent.status);
    const response = responseOf(method, path, answer.status);
    for (const name of answer.headers.keys()) if (!OF_HTTP.test(name)) expect(response.headers, name).toContain(name);
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    if (type === "text/event-stream") await answer.body?.cancel();
    else checkBody(response.content, type, await answer.text());
    seen.add(`${method} ${path} ${answer.status}`);
  });

  it.each([
    ["/v1/ws", "/v1/ws", "atoll.v1.json"],
    ["/yjs/{key}", "/yjs/there", "atoll.yjs"],
  ])("of an upgrade at %s is described", async (path, at, protocol) => {
    const socket = await openSocket(doors.port);
    const key = `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`;
    const upgrade = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key];
    const offer = [...upgrade, `Sec-WebSocket-Protocol: ${protocol}`, `Authorization: ${bearer.authorization}`];
    const answered = readAll(socket);
    socket.once("data", () => socket.destroy());
    socket.write(`GET ${at} HTTP/1.1\r\n${offer.join("\r\n")}\r\n\r\n`);
    const answer = parseAnswer(await answered);
    const { headers } = responseOf("get", path, answer.status);
    for (const name of answer.headers.keys()) {
      if (!OF_HTTP.test(name) && !OF_UPGRADES.test(name)) expect(headers, name).toContain(name);
    }
    seen.add(`get ${path} 101`);
  });

  it("that is no operation's own is described as any other problem", async () => {
    const [operation] = operations();
    const { headers } = responseWith(openapi, operation?.operation as OpenApiOperation, "default");
    const known = Object.keys(headers).map((name) => name.toLowerCase());
    for (const [method, path] of [
      ["POST", "/v1/kv/a"],
      ["GET", "/nowhere"],
      ["GET", "/v1/kv/a%"],
      ["GET", "/v1/ws"],
    ]) {
      const answer = await fetch(`${doors.url}${path}`, { method: method ?? "", headers: bearer });
      const problem: unknown = await answer.json();
      schemaOf(openapi, "Problem").parse(problem);
      for (const name of answer.headers.keys()) if (!OF_HTTP.test(name)) expect(known, name).toContain(name);
    }
  });

  it("that is described, and no problem, was seen", () => {
    for (const { method, path, operation } of operations()) {
      if (path.includes("{ks}") || /\/(kv|docs|diffs|yjs|maps|sets|counters)$/.test(path)) continue;
      for (const status of Object.keys(operation.responses)) {
        if (Number(status) < 400) expect(seen, status).toContain(`${method} ${path} ${status}`);
      }
    }
  });
});

type Content = OpenApiResponse["content"];

/** As described for exactly this status; names of headers in lower case. */
function responseOf(method: string, path: string, status: number): { headers: readonly string[]; content: Content } {
  const operation: OpenApiOperation = Reflect.get(openapi.paths[path] ?? {}, method);
  expect(Object.keys(operation.responses), `${method} ${path}`).toContain(String(status));
  const { headers, content } = responseWith(openapi, operation, status);
  return { headers: Object.keys(headers).map((name) => name.toLowerCase()), content };
}

function checkBody(content: Content, type: string, body: string): void {
  if (content === undefined) {
    expect(body).toBe("");
    return;
  }
  const media = content[type] ?? content["*/*"];
  expect(media, type).toBeDefined();
  if (type.endsWith("json")) schemaAt(media).parse(JSON.parse(body));
}

/** What is sent and taken is as described, too. */
function checkSent(body: string, status: number, method: string, path: string): void {
  const { requestBody }: OpenApiOperation = Reflect.get(openapi.paths[path] ?? {}, method);
  expect(requestBody).toBeDefined();
  const media = requestBody?.content["application/json"];
  if (media !== undefined && status < 300) schemaAt(media).parse(JSON.parse(body));
}

function schemaAt(media: { readonly schema: { readonly $ref: string } } | undefined) {
  return schemaOf(openapi, lastOf(media?.schema.$ref ?? ""));
}
