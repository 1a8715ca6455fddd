/** What goes in by one door comes out by every other, whatever the bytes. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodePercent } from "../../src/doors/http/key-path.ts";
import type { Encoding } from "../../src/doors/notation.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { type Fields, TestClient } from "../support/ws-client.ts";

let doors: TestDoors;
let json: TestClient;
let msgpack: TestClient;

beforeAll(async () => {
  doors = await openDoors();
  json = await TestClient.open(doors.port, "atoll.v1.json");
  msgpack = await TestClient.open(doors.port, "atoll.v1.msgpack");
});

afterAll(async () => {
  json.close();
  msgpack.close();
  await doors.server.close(100);
});

type Bytes = Buffer;

interface Door {
  put(key: Bytes, value: Bytes): Promise<void>;
  get(key: Bytes): Promise<Bytes>;
  /** The only key under this prefix. */
  find(prefix: Bytes): Promise<Bytes>;
}

const percent = (bytes: Bytes): string => encodePercent(bytes.toString("latin1"));
const unpercent = (text: string): Bytes =>
  Buffer.from(
    text.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );

async function send(method: string, path: string, body?: string | Bytes): Promise<Response> {
  return fetch(`${doors.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: body as NonNullable<RequestInit["body"]> }),
  });
}

const http: Door = {
  async put(key, value) {
    expect([201, 204]).toContain((await send("PUT", `/v1/kv?key=${percent(key)}`, value)).status);
  },
  async get(key) {
    return Buffer.from(await (await send("GET", `/v1/kv?key=${percent(key)}`)).arrayBuffer());
  },
  async find(prefix) {
    const { keys } = (await (await send("GET", `/v1/keys?prefix=${percent(prefix)}`)).json()) as { keys: string[] };
    return unpercent(keys[0] ?? "");
  },
};

const written = (bytes: Bytes, encoding: Encoding = "base64"): string => bytes.toString(encoding);
const readText = (fields: Fields, text: unknown): Bytes =>
  Buffer.from(String(text), (fields.encoding as Encoding) ?? "utf8");

const batch: Door = {
  async put(key, value) {
    const operation = { type: "put", key: written(key), value: written(value), encoding: "base64" };
    await send("POST", "/v1/batch", JSON.stringify({ operations: [operation] }));
  },
  async get(key) {
    const operations = [{ type: "get", key: written(key), encoding: "base64" }];
    const answer = (await (await send("POST", "/v1/batch", JSON.stringify({ operations }))).json()) as {
      results: Fields[];
    };
    return readText(answer.results[0] ?? {}, answer.results[0]?.value);
  },
  find: http.find,
};

const webSocketJson: Door = {
  async put(key, value) {
    await json.ask({ op: "put", key: written(key), value: written(value), encoding: "base64" });
  },
  async get(key) {
    const isText = Buffer.from(key.toString("utf8"), "utf8").equals(key);
    const asked = isText ? { key: written(key, "utf8") } : { key: written(key), encoding: "base64" };
    const answer = await json.ask({ op: "get", ...asked });
    return readText(answer, answer.value);
  },
  async find(prefix) {
    const answer = await json.ask({ op: "keys", prefix: written(prefix), encoding: "base64" });
    return readText(answer, (answer.keys as unknown[])[0]);
  },
};

const webSocketMsgpack: Door = {
  async put(key, value) {
    await msgpack.ask({ op: "put", key, value });
  },
  async get(key) {
    return Buffer.from((await msgpack.ask({ op: "get", key })).value as Uint8Array);
  },
  async find(prefix) {
    return Buffer.from(((await msgpack.ask({ op: "keys", prefix })).keys as Uint8Array[])[0] ?? []);
  },
};

const allDoors = { http, batch, webSocketJson, webSocketMsgpack };

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => Buffer.from(text, "utf8")),
  fc
    .constantFrom("__proto__", "constructor", "..", ".", "//", "\0", "\ufeff", "%", "+", "\r\n\r\n")
    .map((text) => Buffer.from(text)),
);

it("gives every key and value back through every door", async () => {
  const key = bytes.filter(({ length }) => length > 0);
  await fc.assert(
    fc.asyncProperty(key, bytes, fc.constantFrom(...Object.values(allDoors)), async (key, value, entrance) => {
      doors.store.slots.clear();
      await entrance.put(key, value);
      for (const [name, exit] of Object.entries(allDoors)) {
        expect((await exit.get(key)).equals(value), name).toBe(true);
        expect((await exit.find(key)).equals(key), name).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});
