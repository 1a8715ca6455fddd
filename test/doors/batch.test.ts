/** Which messages of operations are taken, by what name a mistake is told, and that HTTP and WebSocket agree on it. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { createAuth } from "../../src/doors/auth.ts";
import { type Batch, carryOut } from "../../src/doors/batch.ts";
import type { BatchResult } from "../../src/store.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { FakeStore } from "../support/fake-store.ts";
import { TestClient } from "../support/ws-client.ts";

let doors: TestDoors;
let json: TestClient;
let msgpack: TestClient;

beforeAll(async () => {
  doors = await openDoors();
  json = await TestClient.open(doors.port);
  msgpack = await TestClient.open(doors.port, "atoll.v1.msgpack");
});

afterAll(async () => {
  json.close();
  msgpack.close();
  await doors.server.close(100);
});

interface Refusal {
  readonly code: unknown;
  readonly message: unknown;
}

async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Refusal> {
  const answer = await fetch(`${url}/v1/batch`, { method: "POST", body: JSON.stringify(body), headers });
  const { code, detail } = (await answer.json()) as { readonly code?: unknown; readonly detail?: unknown };
  return { code, message: detail };
}

const put = { type: "put", key: "a", value: "x" };
const get = { type: "get", key: "a" };

describe("a batch", () => {
  const refused: readonly (readonly [name: string, operation: unknown, code: string, message: RegExp])[] = [
    [
      "a time to live under a name that is not ours",
      { ...put, ttl: "60s" },
      "BAD_REQUEST",
      /^operation 2: unknown field "ttl"; a time to live is ttlMs, in milliseconds$/,
    ],
    [
      "a mistyped field",
      { ...put, tllMs: 5 },
      "BAD_REQUEST",
      /^operation 2: unknown field "tllMs"; known here: type, key, encoding, value, ttlMs, contentType, tags$/,
    ],
    ["a field of another operation", { ...get, ttlMs: 5 }, "BAD_REQUEST", /^operation 2: unknown field "ttlMs"/],
    ["what single reads have", { ...get, consistency: "quorum" }, "BAD_REQUEST", /unknown field "consistency"/],
    ["a name without end", { ...get, ["x".repeat(1000)]: 5 }, "BAD_REQUEST", /^operation 2: unknown field "x{64}";/],
    ["no key", { type: "get" }, "BAD_REQUEST", /^operation 2: key must be text or bytes$/],
    ["an empty key", { type: "get", key: "" }, "KEY_EMPTY", /^operation 2: a key has at least one byte$/],
    ["a key that is a number", { type: "get", key: 5 }, "BAD_REQUEST", /^operation 2: key must be text or bytes$/],
    ["a bad time to live", { ...put, ttlMs: "1s" }, "BAD_TTL", /^operation 2: ttlMs is /],
    ["an unknown type", { type: "increment", key: "a" }, "UNKNOWN_OPERATION", /^operation 2: type is put, get or/],
    ["what is no object", [], "BAD_REQUEST", /^operation 2: an operation is an object$/],
  ];

  it.each(refused)(
    "is refused for %s, which it names, and carries out nothing",
    async (_name, operation, code, message) => {
      const operations = [put, get, operation, put];
      const told = { code, message: expect.stringMatching(message) };
      doors.store.slots.clear();
      expect(await post(doors.url, { operations })).toEqual(told);
      expect(await json.ask({ op: "batch", operations })).toMatchObject(told);
      expect(await msgpack.ask({ op: "batch", operations })).toMatchObject(told);
      expect(doors.store.slots.size).toBe(0);
    },
  );

  it.each([
    ["key", { type: "get", key: "a\ud800" }],
    ["value", { ...put, value: "\udc00" }],
  ])("is refused for a %s that is not well-formed Unicode", async (field, operation) => {
    const message = `operation 1: ${field} is not well-formed Unicode: half a surrogate pair`;
    expect(await post(doors.url, { operations: [get, operation] })).toEqual({ code: "BAD_REQUEST", message });
  });

  it("is refused for an unknown field beside its operations", async () => {
    const message = 'unknown field "acks"; known here: operations, ack';
    expect(await post(doors.url, { operations: [get], acks: "all" })).toEqual({ code: "BAD_REQUEST", message });
  });

  it("takes a field that is null for one that is absent", async () => {
    expect(await post(doors.url, { operations: [{ ...put, ttl: null, ttlMs: null }], ack: null })).toEqual({});
  });

  it("says which operation is not allowed to its token", async () => {
    const guarded = await openDoors({ auth: createAuth([{ token: "reader", scopes: ["read"] }]) });
    const told = await post(guarded.url, { operations: [get, put] }, { authorization: "Bearer reader" });
    expect(told).toEqual({ code: "FORBIDDEN", message: "operation 1: the token lacks the scope write" });
    await guarded.server.close(100);
  });
});

describe("what a batch reads", () => {
  const KIB = 1024;
  const reads = (keys: readonly string[]): Batch => ({
    operations: keys.map((key) => ({ type: "get", key: key as Key })),
    encodings: keys.map(() => undefined),
  });

  async function storeOf(lengths: Readonly<Record<string, number>>): Promise<FakeStore> {
    const store = new FakeStore();
    for (const [key, length] of Object.entries(lengths)) await store.put(key as Key, new Uint8Array(length));
    return store;
  }

  const outcomes = (results: readonly BatchResult[]) =>
    results.map((result) => (result.type === "error" ? result.code : result.type));

  it("is bounded before it is read, but for a first long value", async () => {
    const store = await storeOf({ long: 300 * KIB, longer: 600 * KIB, short: 1 });
    const asked: number[] = [];
    const options = { readBytesMax: 700 * KIB, room: (bytes: number) => void asked.push(bytes) };
    const batch = reads(["long", "long", "longer", "short"]);
    expect(outcomes(await carryOut(store, batch, options))).toEqual(["get", "get", "BATCH_TOO_LARGE", "get"]);
    expect(asked).toEqual([300 * KIB, 300 * KIB]);
    const small = { ...options, readBytesMax: 500 * KIB };
    const first = await carryOut(store, reads(["longer", "long"]), small);
    expect(outcomes(first)).toEqual(["get", "BATCH_TOO_LARGE"]);
  });

  it("has room also where it comes to be long of short values, for sixteen of them at a time", async () => {
    const store = await storeOf({ short: 64 * KIB });
    const asked: number[] = [];
    const options = { readBytesMax: 5 * KIB * KIB, room: (bytes: number) => void asked.push(bytes) };
    const results = outcomes(await carryOut(store, reads(Array.from({ length: 100 }, () => "short")), options));
    // What is read of the last sixteen is known only then.
    expect([results.filter((each) => each === "get").length, results.at(-1)]).toEqual([96, "BATCH_TOO_LARGE"]);
    expect(asked).toEqual([KIB * KIB, KIB * KIB, KIB * KIB, KIB * KIB, KIB * KIB]);
  });

  it("is refused from where there is no more room, and writes go on", async () => {
    const store = await storeOf({ short: 64 * KIB });
    const room = () => {
      throw new AtollError("MEMORY_FULL", "no room");
    };
    const { operations, encodings } = reads(Array.from({ length: 40 }, () => "short"));
    const put = { type: "put", key: "a" as Key, value: new Uint8Array(1) } as const;
    const batch = { operations: [...operations, put], encodings: [...encodings, undefined] };
    const results = outcomes(await carryOut(store, batch, { readBytesMax: Infinity, room }));
    const refused = Array.from({ length: 24 }, () => "MEMORY_FULL");
    expect(results).toEqual([...Array.from({ length: 16 }, () => "get"), ...refused, "put"]);
  });
});

describe("a message over WebSocket", () => {
  it.each([
    [{ op: "put", key: "a", value: "x", ttl: "60s" }, '"ttl"; a time to live is ttlMs, in milliseconds'],
    [{ op: "get", key: "a", ttlMs: 5 }, '"ttlMs"; known here: id, op, keyspace, session, waitMs, key,'],
    [{ op: "delete", key: "a", value: "x" }, '"value"'],
    [{ op: "keys", prefx: "a" }, '"prefx"'],
    [{ op: "batch", operations: [], consistency: "quorum" }, '"consistency"'],
    [{ op: "watch", key: "a" }, '"key"'],
    [{ op: "unwatch", watch: 1, prefix: "" }, '"prefix"'],
    [{ op: "status", verbose: true }, '"verbose"'],
  ])("%j is refused, with the field's name", async (message, named) => {
    const told = { ok: false, code: "BAD_REQUEST", message: expect.stringContaining(`unknown field ${named}`) };
    expect(await json.ask(message)).toMatchObject(told);
    expect(await msgpack.ask(message)).toMatchObject(told);
    expect(doors.store.watchers.size).toBe(0);
  });

  it("is told when its key is not well-formed Unicode", async () => {
    expect(await json.ask({ op: "get", key: "\ud800" })).toMatchObject({
      code: "BAD_REQUEST",
      message: "key is not well-formed Unicode: half a surrogate pair",
    });
  });
});
