/** Tags at the doors: how they come and go, and who may invalidate one. */

import { decode, encode } from "@msgpack/msgpack";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { createAuth } from "../../src/doors/auth.ts";
import { formatTags, parseTags } from "../../src/doors/http/tags.ts";
import { decodeSession } from "../../src/doors/session.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { TestClient } from "../support/ws-client.ts";

let doors: TestDoors;
const tokens = {
  all: { scopes: ["read", "write"] },
  reads: { scopes: ["read"] },
  prefixed: { scopes: ["read", "write"], prefix: "p/" },
} as const;

beforeAll(async () => {
  const entries = Object.entries(tokens).map(([token, entry]) => ({ token, ...entry }));
  doors = await openDoors({ auth: createAuth(entries) });
});

afterAll(() => doors.server.close());

beforeEach(() => {
  doors.store.slots.clear();
  doors.store.invalidated.clear();
  doors.store.acks = { reached: 2, wanted: 2, met: true };
});

function send(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string) {
  const authorised = { authorization: "Bearer all", ...headers };
  return fetch(`${doors.url}${path}`, { method, headers: authorised, ...(body !== undefined && { body }) });
}

const tagsOf = (key: string) => doors.store.slots.get(key as Key)?.entry?.tags;

describe("a header of tags", () => {
  it("is comma-separated, trimmed and percent-encoded", () => {
    expect(parseTags("a, b ,c%2Cd,%FF")).toEqual(["a", "b", "c,d", "\xff"]);
    expect(parseTags(" ")).toBeUndefined();
    expect(parseTags(",")).toEqual(["", ""]);
    expect(() => parseTags("%zz")).toThrow(expect.objectContaining({ code: "BAD_PERCENT_ENCODING" }));
    expect(parseTags(formatTags(["a,b", " ", "\xff", "é"]))).toEqual(["a,b", " ", "\xff", "é"]);
  });
});

describe("over HTTP", () => {
  it("tags come with a value and go with it, also where its bytes do not", async () => {
    await send("PUT", "/v1/kv/x", { "atoll-tags": "b,a%2C" }, "1");
    expect(tagsOf("x")).toEqual(["b", "a,"]);
    for (const method of ["GET", "HEAD"]) {
      expect((await send(method, "/v1/kv/x")).headers.get("atoll-tags")).toBe("b,a%2C");
    }
    await send("PUT", "/v1/kv/x", {}, "2");
    expect((await send("GET", "/v1/kv/x")).headers.get("atoll-tags")).toBeNull();
  });

  it("an invalidated tag's values are gone, and its session names what it was invalidated by", async () => {
    await send("PUT", "/v1/kv/x", { "atoll-tags": "t/1" }, "1");
    const invalidated = await send("POST", "/v1/tags/t%2F1/invalidate");
    expect(invalidated.status).toBe(204);
    const [dot] = decodeSession(invalidated.headers.get("atoll-session") ?? "");
    expect(dot?.sequence).toBe(doors.store.invalidated.get("t/1"));
    const gone = await send("GET", "/v1/kv/x");
    expect(gone.status).toBe(404);
    // Read as one dot of a shard: here both are of one, and the later counts.
    expect(decodeSession(gone.headers.get("atoll-session") ?? "")).toEqual([dot]);
  });

  it("an invalidation says how far it got", async () => {
    expect((await send("POST", "/v1/tags/t/invalidate?ack=all")).headers.get("atoll-acks")).toBe("2/2");
    doors.store.acks = { reached: 1, wanted: 2, met: false };
    const kept = await send("POST", "/v1/tags/t/invalidate?ack=quorum");
    expect([kept.status, kept.headers.get("atoll-acks")]).toEqual([202, "1/2"]);
    expect((await send("POST", "/v1/tags/t/invalidate?ack=some")).status).toBe(400);
    expect((await send("POST", "/v1/keyspaces/default/tags/t/invalidate")).status).toBe(204);
    expect((await send("POST", "/v1/keyspaces/none/tags/t/invalidate")).status).toBe(404);
    expect((await send("GET", "/v1/tags/t/invalidate")).status).toBe(405);
    for (const path of ["/v1/tags/t", "/v1/tags/a/b/invalidate", "/v1/tags//x"]) {
      expect((await send("POST", path)).status, path).toBe(404);
    }
  });

  it("is for who may write every key", async () => {
    for (const [token, status] of [
      ["reads", 403],
      ["prefixed", 403],
      ["none", 401],
    ] as const) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await send("POST", "/v1/tags/t/invalidate", headers)).status, token).toBe(status);
    }
    expect(doors.store.invalidated.size).toBe(0);
  });

  it("batches have tags, and their answers", async () => {
    const operations = [
      { type: "put", key: "x", value: "1", tags: ["é"] },
      { type: "put", key: "/w==", value: "/w==", tags: ["/w=="], encoding: "base64" },
      { type: "get", key: "x" },
      { type: "get", key: "/w==", encoding: "base64" },
    ];
    const answer = await send("POST", "/v1/batch", {}, JSON.stringify({ operations }));
    const { results } = (await answer.json()) as { results: Record<string, unknown>[] };
    expect(results[2]).toMatchObject({ value: "1", tags: ["é"] });
    expect(results[3]).toMatchObject({ value: "/w==", tags: ["/w=="], encoding: "base64" });
    expect(tagsOf("x")).toEqual(["\xc3\xa9"]);
    const wrong = { operations: [{ type: "put", key: "x", value: "", tags: "t" }] };
    expect((await send("POST", "/v1/batch", {}, JSON.stringify(wrong))).status).toBe(400);
  });
});

describe("over WebSocket", () => {
  const open = (token: string, protocol = "atoll.v1.json") =>
    TestClient.open(doors.port, protocol, { headers: { authorization: `Bearer ${token}` } });

  it("tags come and go with values and events, and are invalidated", async () => {
    const client = await open("all");
    await client.ask({ op: "watch", prefix: "" });
    expect(await client.ask({ op: "put", key: "x", value: "1", tags: ["t"] })).toMatchObject({ ok: true });
    expect(await client.ask({ op: "get", key: "x" })).toMatchObject({ value: "1", tags: ["t"] });
    const [event] = await client.untilEvents(1);
    expect(event).toMatchObject({ type: "put", key: "x", tags: ["t"] });
    const invalidated = await client.ask({
      op: "invalidate",
      tag: "dA==",
      encoding: "base64",
      ack: "all",
      session: "",
    });
    expect(invalidated).toMatchObject({ ok: true, acks: { reached: 2, wanted: 2, met: true } });
    expect(decodeSession(String(invalidated.session))).toHaveLength(1);
    expect(await client.ask({ op: "get", key: "x" })).toMatchObject({ found: false });
    expect(await client.ask({ op: "invalidate", tag: "t", key: "x" })).toMatchObject({ code: "BAD_REQUEST" });
    expect(await client.ask({ op: "invalidate" })).toMatchObject({ code: "BAD_REQUEST" });
    client.close();
  });

  it("is for who may write every key", async () => {
    for (const token of ["reads", "prefixed"]) {
      const client = await open(token);
      expect(await client.ask({ op: "invalidate", tag: "t" })).toMatchObject({ ok: false, code: "FORBIDDEN" });
      client.close();
    }
  });

  it("carries bytes as bytes in MessagePack", async () => {
    expect(decode(encode({ tags: [Uint8Array.of(255)] }))).toEqual({ tags: [Uint8Array.of(255)] });
    const client = await open("all", "atoll.v1.msgpack");
    await client.ask({ op: "put", key: "x", value: "1", tags: [Uint8Array.of(255), "t"] });
    expect(tagsOf("x")).toEqual(["\xff", "t"]);
    expect(await client.ask({ op: "get", key: "x" })).toMatchObject({
      tags: [Uint8Array.of(255), Uint8Array.of(116)],
    });
    client.close();
  });
});
