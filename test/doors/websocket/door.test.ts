/** The WebSocket door: every operation in both languages, and what is refused. */

import { encode } from "@msgpack/msgpack";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { FakeKeyspaces } from "../../support/fake-keyspaces.ts";
import { type Fields, TestClient } from "../../support/ws-client.ts";

let doors: TestDoors;
let client: TestClient;
const keyspaces = new FakeKeyspaces(["other"]);

beforeAll(async () => {
  doors = await openDoors({
    limits: { valueBytesMax: 1000, batchOperationsMax: 5, watchesPerConnectionMax: 2, requestsInFlightMax: 4 },
    keyspaces,
  });
});

afterAll(() => doors.server.close());

beforeEach(async () => {
  doors.store.slots.clear();
  doors.store.watchers.clear();
  client?.close();
  client = await TestClient.open(doors.port);
});

describe("operations in JSON", () => {
  const cases: readonly (readonly [name: string, message: Fields, answer: Fields])[] = [
    [
      "put",
      { op: "put", key: "a", value: "1" },
      { ok: true, existed: false, acks: { reached: 1, wanted: 1, met: true } },
    ],
    ["put over another", { op: "put", key: "there", value: "1" }, { ok: true, existed: true }],
    ["put with a TTL", { op: "put", key: "a", value: "1", ttlMs: 1000 }, { ok: true }],
    [
      "put with acks",
      { op: "put", key: "a", value: "1", ack: "all" },
      { ok: true, acks: { reached: 2, wanted: 2, met: true } },
    ],
    ["put of bytes", { op: "put", key: "/w==", value: "/w==", encoding: "base64" }, { ok: true }],
    [
      "put if absent, of one that is there",
      { op: "put", key: "there", value: "", ifAbsent: true },
      { ok: false, code: "PRECONDITION_FAILED" },
    ],
    [
      "put if present, of a new one",
      { op: "put", key: "a", value: "", ifPresent: true },
      { ok: false, code: "PRECONDITION_FAILED" },
    ],
    [
      "put of another version",
      { op: "put", key: "there", value: "", ifVersion: "v" },
      { ok: false, code: "PRECONDITION_FAILED" },
    ],
    [
      "put with two conditions",
      { op: "put", key: "a", value: "", ifAbsent: true, ifVersion: "v" },
      { ok: false, code: "BAD_REQUEST" },
    ],
    ["put without a value", { op: "put", key: "a" }, { ok: false, code: "BAD_REQUEST" }],
    ["put of a number", { op: "put", key: "a", value: 1 }, { ok: false, code: "BAD_REQUEST" }],
    [
      "put of a value too large",
      { op: "put", key: "a", value: "x".repeat(1001) },
      { ok: false, code: "VALUE_TOO_LARGE" },
    ],
    ["put with an empty key", { op: "put", key: "", value: "" }, { ok: false, code: "KEY_EMPTY" }],
    ["put with a long key", { op: "put", key: "é".repeat(513), value: "" }, { ok: false, code: "KEY_TOO_LONG" }],
    ["put with a TTL of 0", { op: "put", key: "a", value: "", ttlMs: 0 }, { ok: false, code: "BAD_TTL" }],
    ["put with a TTL that is text", { op: "put", key: "a", value: "", ttlMs: "1s" }, { ok: false, code: "BAD_TTL" }],
    ["put with an unknown ack", { op: "put", key: "a", value: "", ack: "most" }, { ok: false, code: "BAD_ACK" }],
    [
      "put with an unknown encoding",
      { op: "put", key: "a", value: "", encoding: "hex" },
      { ok: false, code: "BAD_REQUEST" },
    ],
    ["put with half a surrogate pair", { op: "put", key: "\ud800", value: "" }, { ok: false, code: "BAD_REQUEST" }],
    [
      "put in another keyspace",
      { op: "put", key: "a", value: "", keyspace: "no" },
      { ok: false, code: "UNKNOWN_KEYSPACE" },
    ],
    ["get", { op: "get", key: "there" }, { ok: true, found: true, value: "value", contentType: "text/plain" }],
    [
      "get in base64",
      { op: "get", key: "dGhlcmU=", encoding: "base64" },
      { ok: true, value: "dmFsdWU=", encoding: "base64" },
    ],
    ["get of what is not UTF-8", { op: "get", key: "bytes" }, { ok: true, value: "/w==", encoding: "base64" }],
    ["get of nothing", { op: "get", key: "no" }, { ok: true, found: false, value: null }],
    ["get with a quorum", { op: "get", key: "there", consistency: "quorum" }, { ok: true, found: true }],
    [
      "get with an unknown consistency",
      { op: "get", key: "there", consistency: "best" },
      { ok: false, code: "BAD_REQUEST" },
    ],
    ["delete", { op: "delete", key: "there" }, { ok: true, existed: true }],
    ["delete of nothing", { op: "delete", key: "no" }, { ok: true, existed: false }],
    ["keys", { op: "keys" }, { ok: true, keys: ["bytes", "there"] }],
    ["keys by page", { op: "keys", prefix: "", limit: 1 }, { ok: true, keys: ["bytes"], cursor: "6279746573" }],
    ["keys with a limit of 0", { op: "keys", limit: 0 }, { ok: false, code: "BAD_REQUEST" }],
    ["keys with nobody's cursor", { op: "keys", cursor: "!" }, { ok: false, code: "BAD_CURSOR" }],
    [
      "batch",
      { op: "batch", operations: [{ type: "get", key: "there" }] },
      { ok: true, results: [{ ok: true, type: "get", found: true, value: "value" }] },
    ],
    [
      "batch that is too long",
      { op: "batch", operations: Array(6).fill({ type: "get", key: "a" }) },
      { ok: false, code: "BATCH_TOO_LARGE" },
    ],
    ["batch without operations", { op: "batch" }, { ok: false, code: "BAD_REQUEST" }],
    ["status", { op: "status" }, { ok: true, status: { cluster: "test" } }],
    ["unwatch of nothing", { op: "unwatch", watch: 9 }, { ok: false, code: "UNKNOWN_WATCH" }],
    ["unwatch without a number", { op: "unwatch" }, { ok: false, code: "UNKNOWN_WATCH" }],
    ["increment", { op: "increment", key: "a", by: 5, ttlMs: 1000 }, { ok: true, value: 12 }],
    [
      "increment that is to be acknowledged",
      { op: "increment", key: "a", by: 5, ack: "all" },
      { ok: true, value: 12, acks: { reached: 1, wanted: 2, met: false } },
    ],
    ["increment by nothing", { op: "increment", key: "a" }, { ok: false, code: "BAD_REQUEST" }],
    ["increment by text", { op: "increment", key: "a", by: "5" }, { ok: false, code: "BAD_REQUEST" }],
    [
      "increment with an unknown ack",
      { op: "increment", key: "a", by: 5, ack: "most" },
      { ok: false, code: "BAD_ACK" },
    ],
    [
      "increment in another keyspace",
      { op: "increment", key: "a", by: 5, keyspace: "no" },
      { ok: false, code: "UNKNOWN_KEYSPACE" },
    ],
    ["an inherited name", { op: "constructor" }, { ok: false, code: "UNKNOWN_OPERATION" }],
    ["no operation", {}, { ok: false, code: "UNKNOWN_OPERATION" }],
    ["a session that is none", { op: "get", key: "a", session: "!" }, { ok: false, code: "BAD_SESSION" }],
    [
      "a wait that is too long",
      { op: "get", key: "a", session: "AQ", waitMs: 1e9 },
      { ok: false, code: "BAD_REQUEST" },
    ],
  ];

  it.each(cases)("%s", async (_name, message, answer) => {
    await doors.store.put("there" as Key, Buffer.from("value"), { contentType: "text/plain" });
    await doors.store.put("bytes" as Key, Buffer.from([0xff]));
    expect(await client.ask(message)).toMatchObject(answer);
  });

  it("answers text that is not JSON without an id, and goes on", async () => {
    expect(await client.raw("{")).toMatchObject({ id: null, ok: false, code: "BAD_JSON" });
    expect(await client.raw("[1]")).toMatchObject({ id: null, ok: false, code: "BAD_REQUEST" });
    expect(await client.raw('{"op":"get","key":"a"}')).toMatchObject({ id: null, ok: false, code: "BAD_REQUEST" });
    expect(await client.raw('{"id":{},"op":"get","key":"a"}')).toMatchObject({ id: null, code: "BAD_REQUEST" });
    expect(await client.raw('{"id":1.5,"op":"get","key":"a"}')).toMatchObject({ id: null, code: "BAD_REQUEST" });
    expect(await client.raw('{"id":"mine","op":"get","key":"a"}')).toMatchObject({ id: "mine", ok: true });
  });

  it("closes on a frame of the wrong kind", async () => {
    client.socket.send(Buffer.from("{}"));
    expect(await client.closed).toBe(1007);
  });

  it("answers in order what is asked at once, whatever the kind", async () => {
    const answers: unknown[] = [];
    const asked = Array.from({ length: 100 }, async (_, i) => {
      const value = String(i);
      await client.ask({ op: "put", key: "k", value });
      answers.push(i);
      const read = await client.ask({ op: "get", key: "k" });
      expect(Number(read.value)).toBeGreaterThanOrEqual(i);
    });
    await Promise.all(asked);
    expect(answers).toEqual([...answers].sort((a, b) => Number(a) - Number(b)));
  });

  it("keeps a session when asked to", async () => {
    const put = await client.ask({ op: "put", key: "a", value: "1", session: "" });
    const read = await client.ask({ op: "get", key: "a", session: put.session });
    expect(read).toMatchObject({ ok: true, value: "1", session: put.session });
    expect(doors.store.caughtUp.at(-1)).toHaveLength(1);
    doors.store.sequence = 0;
    expect(await client.ask({ op: "get", key: "a", session: put.session })).toMatchObject({ code: "SESSION_BEHIND" });
    expect(await client.ask({ op: "status", session: put.session })).toMatchObject({ ok: true });
  });
});

describe("operations in MessagePack", () => {
  it("carries bytes as bytes, and text where it is asked for as text", async () => {
    const binary = await TestClient.open(doors.port, "atoll.v1.msgpack");
    const key = Uint8Array.of(0, 0xff);
    expect(await binary.ask({ op: "put", key, value: Uint8Array.of(1, 2), ttlMs: 5000 })).toMatchObject({ ok: true });
    expect(await binary.ask({ op: "get", key })).toMatchObject({ ok: true, value: Uint8Array.of(1, 2) });
    expect(await binary.ask({ op: "put", key: "text", value: "text" })).toMatchObject({ ok: true });
    expect(await binary.ask({ op: "get", key: "text" })).toMatchObject({ value: Uint8Array.from(Buffer.from("text")) });
    expect(await binary.ask({ op: "keys" })).toMatchObject({ keys: [key, Uint8Array.from(Buffer.from("text"))] });
    const operations = [
      { type: "get", key },
      { type: "delete", key },
    ];
    expect(await binary.ask({ op: "batch", operations })).toMatchObject({
      results: [{ found: true }, { existed: true }],
    });
    expect(await binary.ask({ op: "watch", prefix: key })).toMatchObject({ ok: true, watch: 1 });
    await binary.ask({ op: "put", key, value: "v" });
    expect(await binary.untilEvents(1)).toMatchObject([{ watch: 1, type: "put", key, value: Uint8Array.of(118) }]);
    expect(await binary.ask({ op: "put", key: 5, value: "v" })).toMatchObject({ ok: false, code: "BAD_REQUEST" });
    expect(await binary.ask({ op: "unwatch", watch: 1 })).toMatchObject({ ok: true });
    binary.close();
  });

  const hostile: readonly (readonly [name: string, frame: Uint8Array])[] = [
    ["nothing", Uint8Array.of()],
    ["a scalar", encode(5)],
    ["a list", encode([1])],
    ["bytes", encode(Uint8Array.of(1))],
    ["a truncated message", encode({ id: 1, op: "get", key: "a" }).subarray(0, -1)],
    ["two messages", Uint8Array.from([...encode({ id: 1 }), ...encode({ id: 2 })])],
    ["a list that claims 4 billion items", Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ["a map that claims 4 billion items", Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ["bytes that claim 2 GB", Uint8Array.of(0x81, 0xa1, 0x61, 0xc6, 0x80, 0, 0, 0)],
    ["nesting 1,000 deep", new Uint8Array(1000).fill(0x91)],
    ["an extension type", encode({ id: 1, op: new Date() })],
    ["the one byte that is no type", Uint8Array.of(0x81, 0xa1, 0x61, 0xc1)],
    ["__proto__ as a name", encode(JSON.parse('{"__proto__":{"x":1}}'))],
  ];

  it.each(hostile)("closes on %s", async (_name, frame) => {
    const binary = await TestClient.open(doors.port, "atoll.v1.msgpack");
    binary.socket.send(frame);
    expect(await binary.closed).toBe(1007);
    expect(Reflect.get({}, "x")).toBeUndefined();
  });
});

describe("watches", () => {
  it("send every change under their prefix, in order, and resume without a gap", async () => {
    expect(await client.ask({ op: "watch", prefix: "a/" })).toMatchObject({ ok: true, watch: 1 });
    await client.ask({ op: "put", key: "a/1", value: "x", ttlMs: 1000 });
    await client.ask({ op: "put", key: "b/1", value: "x" });
    await client.ask({ op: "delete", key: "a/1" });
    const [first, second] = await client.untilEvents(2);
    expect(first).toMatchObject({ watch: 1, type: "put", key: "a/1", value: "x" });
    expect(first).toHaveProperty("expiresAt");
    expect(second).toMatchObject({ watch: 1, type: "delete", key: "a/1" });

    client.close();
    await doors.store.put("a/2" as Key, Buffer.from("y"));
    const later = await TestClient.open(doors.port);
    const answer = await later.ask({ op: "watch", prefix: "a/", resume: second?.resume });
    expect(answer).toMatchObject({ ok: true, watch: 1 });
    expect(await later.untilEvents(1)).toMatchObject([{ watch: 1, type: "put", key: "a/2", value: "y" }]);
    later.close();
  });

  it("are told to read again when the place to resume from is not known any more", async () => {
    await client.ask({ op: "watch", resume: "1000000" });
    expect(await client.untilEvents(1)).toMatchObject([{ watch: 1, type: "reset" }]);
  });

  it("end with unwatch and with their connection, and are bounded in number", async () => {
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await client.ask({ op: "watch", prefix: "p" }));
    expect(answers).toMatchObject([{ watch: 1 }, { watch: 2 }, { ok: false, code: "TOO_MANY_WATCHES" }]);
    expect(await client.ask({ op: "unwatch", watch: 1 })).toMatchObject({ ok: true });
    expect(doors.store.watchers.size).toBe(1);
    client.close();
    await expect.poll(() => doors.store.watchers.size).toBe(0);
    expect(doors.server.metrics.watches).toBe(0);
  });

  it("carry keys and values that are not text as base64", async () => {
    await client.ask({ op: "watch", prefix: "" });
    await doors.store.put("\xff" as Key, Buffer.from("text"));
    expect(await client.untilEvents(1)).toMatchObject([{ key: "/w==", value: "dGV4dA==", encoding: "base64" }]);
  });
});

describe("a keyspace that is on its way here", () => {
  it("is no unknown one to a session that has seen something of it", async () => {
    const { session } = await client.ask({ op: "put", key: "seen", value: "x", session: "" });
    const read = { op: "get", key: "k", keyspace: "coming" };
    expect(await client.ask(read)).toMatchObject({ ok: false, code: "UNKNOWN_KEYSPACE" });
    expect(await client.ask({ ...read, session })).toMatchObject({ ok: false, code: "NOT_READY" });
  });
});

describe("paths", () => {
  const open = (path: string) => TestClient.open(doors.port, "atoll.v1.json", { path });

  it("name the keyspace of messages that name none", async () => {
    for (const path of ["/v1/ws", "/v1/keyspaces/default/ws", "/v1/keyspaces/other/ws", "/v1/keyspaces/%6fther/ws?x"]) {
      const there = await open(path);
      const other = keyspaces.store("other");
      const [mine, yours] = path.includes("ther") ? [other, doors.store] : [doors.store, other];
      for (const { slots } of [mine, yours]) slots.clear();
      expect(await there.ask({ op: "put", key: "a", value: "x" }), path).toMatchObject({ ok: true });
      expect([mine.slots.size, yours.slots.size], path).toEqual([1, 0]);
      for (const keyspace of ["default", "other"]) await there.ask({ op: "put", key: "b", value: "x", keyspace });
      expect([mine.slots.size, yours.slots.size], path).toEqual([2, 1]);
      there.close();
    }
  });

  it.each([
    ["/v1/keyspaces/no/ws", 404],
    ["/v1/keyspaces/default/kv/ws", 404],
    ["/v1/keyspaces/ws", 404],
    ["/v1/keyspaces/%zz/ws", 400],
    ["/v1/ws/", 404],
    ["/v1/kv/ws", 404],
  ])("such as %s are refused before the upgrade with %i", async (path, status) => {
    await expect(open(path)).rejects.toThrow(`refused with ${status}`);
  });
});

describe("subprotocols", () => {
  const refused: readonly (readonly [name: string, protocols: string[]])[] = [
    ["an unknown one", ["atoll.v2.json"]],
    ["a token alone", ["atoll.token.YQ"]],
    ["an inherited name", ["constructor"]],
  ];

  it.each(refused)("%s is refused before the upgrade", async (_name, protocols) => {
    await expect(TestClient.open(doors.port, protocols)).rejects.toThrow("refused with 400");
    expect(doors.server.metrics.errorCount("UNSUPPORTED_SUBPROTOCOL")).toBeGreaterThan(0);
  });

  it("takes the first that it speaks", async () => {
    const other = await TestClient.open(doors.port, ["chat", "atoll.v1.msgpack", "atoll.v1.json"]);
    expect(other.socket.protocol).toBe("atoll.v1.msgpack");
    other.close();
  });

  it("speaks JSON where none is offered", async () => {
    const other = await TestClient.open(doors.port, []);
    expect(other.socket.protocol).toBe("");
    expect(await other.ask({ op: "get", key: "a" })).toMatchObject({ ok: true });
    other.close();
  });
});
