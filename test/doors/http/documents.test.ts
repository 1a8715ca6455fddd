/** Documents over HTTP. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../../src/base/ids.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import { documentToJson } from "../../../src/doors/http/document-json.ts";
import { decodeSession } from "../../../src/doors/session.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";

const KEY = "doc" as Key;
let doors: TestDoors;

beforeAll(async () => {
  doors = await openDoors({
    limits: { documentMessageBytesMax: 1_000 },
    auth: createAuth([
      { token: "all", scopes: ["read", "write"] },
      { token: "reads", scopes: ["read"] },
      { token: "elsewhere", scopes: ["read", "write"], prefix: "other/" },
    ]),
  });
});

afterAll(() => doors.server.close(100));

beforeEach(async () => {
  for (const key of [...doors.documents.store.held.keys()]) await doors.documents.store.deleteDocument(key);
});

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly token?: string;
}

async function call(method: string, path: string, { headers = {}, body, token = "all" }: Sent = {}) {
  const authorised = { authorization: `Bearer ${token}`, ...headers };
  const sent = typeof body === "string" || body === undefined ? (body ?? null) : new Uint8Array(body);
  const answer = await fetch(`${doors.url}${path}`, { method, headers: authorised, body: sent });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const text = Buffer.from(bytes).toString("utf8");
  const isJson = answer.headers.get("content-type")?.endsWith("json") === true;
  return { status: answer.status, headers: answer.headers, bytes, json: isJson ? JSON.parse(text) : undefined };
}

/** A doc, and its state as an update. */
function made(fill: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  fill(doc);
  return Y.encodeStateAsUpdate(doc);
}

const text = (content: string) => made((doc) => doc.getText("text").insert(0, content));

function textIn(...updates: readonly Uint8Array[]): string {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc.getText("text").toString();
}

describe("POST", () => {
  it("makes a document, edits it, and says which", async () => {
    const made = await call("POST", "/v1/docs/doc", { body: text("a") });
    const edited = await call("POST", "/v1/docs/doc", { body: text("b") });
    expect([made.status, edited.status]).toEqual([201, 204]);
    expect(made.headers.get("etag")).not.toBe(edited.headers.get("etag"));
    const { json } = await call("GET", "/v1/docs/doc");
    expect([...json.text].sort()).toEqual(["a", "b"]);
  });

  it("of what is known changes nothing", async () => {
    const body = text("a");
    await call("POST", "/v1/docs/doc", { body });
    const { appends } = doors.documents.store;
    const again = await call("POST", "/v1/docs/doc", { body });
    expect([again.status, doors.documents.store.appends]).toEqual([204, appends]);
    expect(decodeSession(again.headers.get("atoll-session") ?? "")).toHaveLength(1);
  });

  it("waits for acknowledgements", async () => {
    doors.documents.store.acks = { reached: 1, wanted: 2, met: false };
    const { status, headers } = await call("POST", "/v1/docs/doc?ack=all", { body: text("a") });
    doors.documents.store.acks = { reached: 2, wanted: 2, met: true };
    expect([status, headers.get("atoll-acks")]).toEqual([202, "1/2"]);
  });

  it("sets a time to live", async () => {
    doors.documents.store.ttlMsMax = 60_000;
    const refused = await call("POST", "/v1/docs/doc?ttl=61s", { body: text("b") });
    expect([refused.status, doors.documents.store.held.size]).toEqual([400, 0]);
    doors.documents.store.ttlMsMax = Infinity;
    const { headers } = await call("POST", "/v1/docs/doc?ttl=60s", { body: text("a") });
    expect(headers.get("atoll-expires-at")).toBe(new Date(doors.documents.surroundings.now + 60_000).toISOString());
  });

  it("refuses bytes that are no update, too many of them, and an update that stands on what is not here", async () => {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, "a");
    const vector = Y.encodeStateVector(doc);
    doc.getText("text").insert(1, "b");
    const answers = [
      await call("POST", "/v1/docs/doc", { body: "no update" }),
      await call("POST", "/v1/docs/doc", { body: text("x".repeat(1_000)) }),
      await call("POST", "/v1/docs/doc", { body: Y.encodeStateAsUpdate(doc, vector) }),
    ];
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [400, "BAD_UPDATE"],
      [413, "UPDATE_TOO_LARGE"],
      [409, "PREDECESSORS_MISSING"],
    ]);
    expect((await call("GET", "/v1/docs/doc")).status).toBe(404);
  });
});

describe("GET", () => {
  it("gives the update where that is asked for, and the difference to a state vector", async () => {
    const doc = new Y.Doc();
    doc.getText("text").insert(0, "first");
    const vector = Y.encodeStateVector(doc);
    const before = Y.encodeStateAsUpdate(doc);
    doc.getText("text").insert(5, " second");
    await call("POST", "/v1/docs/doc", { body: Y.encodeStateAsUpdate(doc) });
    const whole = await call("GET", "/v1/docs/doc", {
      headers: { accept: "text/html, application/octet-stream;q=0.9" },
    });
    expect(whole.headers.get("content-type")).toBe("application/octet-stream");
    expect(textIn(whole.bytes)).toBe("first second");
    const sv = Buffer.from(vector).toString("base64url");
    const some = await call("GET", `/v1/docs/doc?sv=${sv}`);
    const posted = await call("POST", "/v1/diffs/doc", { body: vector });
    expect(some.bytes).toEqual(posted.bytes);
    expect(some.bytes.length).toBeLessThan(whole.bytes.length);
    expect(textIn(before, some.bytes)).toBe("first second");
    const wrong = [await call("GET", "/v1/docs/doc?sv=!"), await call("POST", "/v1/diffs/doc", { body: "xyz" })];
    expect(wrong.map(({ status }) => status)).toEqual([400, 400]);
  });

  it("answers 304 to who has this very form of it", async () => {
    await call("POST", "/v1/docs/doc", { body: text("a") });
    const etag = (await call("GET", "/v1/docs/doc")).headers.get("etag") ?? "";
    const asked = { "if-none-match": etag };
    expect((await call("GET", "/v1/docs/doc", { headers: asked })).status).toBe(304);
    const other = { ...asked, accept: "application/octet-stream" };
    expect((await call("GET", "/v1/docs/doc", { headers: other })).status).toBe(200);
    await call("POST", "/v1/docs/doc", { body: text("b") });
    expect((await call("GET", "/v1/docs/doc", { headers: asked })).status).toBe(200);
  });

  it("leaves nothing open for what is not there", async () => {
    const { size } = doors.documents.hub;
    expect((await call("GET", "/v1/docs/nothing")).json.code).toBe("NOT_FOUND");
    expect(doors.documents.hub.size).toBe(size);
  });

  it("takes a key from the query, and none of another keyspace", async () => {
    await call("POST", "/v1/docs?key=..", { body: text("a") });
    expect((await call("GET", "/v1/docs?key=..")).json).toEqual({ text: "a" });
    expect((await call("GET", "/v1/keyspaces/default/docs?key=..")).json).toEqual({ text: "a" });
    expect((await call("GET", "/v1/keyspaces/no/docs/doc")).json.code).toBe("UNKNOWN_KEYSPACE");
  });
});

describe("a token", () => {
  it("needs its scope, and a key under its prefix", async () => {
    const body = text("a");
    const statuses = [
      await call("POST", "/v1/docs/doc", { body, token: "reads" }),
      await call("DELETE", "/v1/docs/doc", { token: "reads" }),
      await call("GET", "/v1/docs/doc", { token: "elsewhere" }),
      await call("POST", "/v1/diffs/doc", { body: Uint8Array.of(0), token: "elsewhere" }),
      await call("POST", "/v1/docs/other/doc", { body, token: "elsewhere" }),
      await call("GET", "/v1/docs/other/doc", { token: "nobody" }),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403, 403, 201, 401]);
  });
});

describe("DELETE", () => {
  it("deletes what is there, what is not, and under a condition", async () => {
    await call("POST", "/v1/docs/doc", { body: text("a") });
    const other = await call("DELETE", "/v1/docs/doc", { headers: { "if-match": '"other"' } });
    expect([other.status, doors.documents.store.held.has(KEY)]).toEqual([412, true]);
    expect((await call("DELETE", "/v1/docs/doc")).status).toBe(204);
    expect((await call("DELETE", "/v1/docs/doc")).status).toBe(204);
    expect((await call("GET", "/v1/docs/doc")).status).toBe(404);
  });
});

/** As a replica holds it: nobody there has named a kind. */
function shown(fill: (doc: Y.Doc) => void): unknown {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, made(fill));
  const json = JSON.parse(documentToJson(doc));
  // Nobody's choice is taken from him.
  for (const name of doc.share.keys()) expect(doc.share.get(name)?.constructor).toBe(Y.AbstractType);
  return json;
}

describe("the JSON of a document", () => {
  it("tells shared types by what is in them", () => {
    const json = shown((doc) => {
      doc.getText("text").insert(0, "plain", { bold: true });
      doc.getArray("list").insert(0, [1, "two", { three: null }, [4], new Y.Map([["five", new Y.Text("six")]])]);
      doc.getMap("map").set("seven", new Y.Array());
      const paragraph = new Y.XmlElement("p");
      paragraph.insert(0, [new Y.XmlText("eight")]);
      doc.getXmlFragment("xml").insert(0, [paragraph]);
    });
    expect(json).toEqual({
      text: "plain",
      list: [1, "two", { three: null }, [4], { five: "six" }],
      map: { seven: [] },
      xml: "<p>eight</p>",
    });
  });

  it("writes bytes as base64 and great whole numbers as text", () => {
    const json = shown((doc) =>
      doc.getArray("list").insert(0, [Uint8Array.of(255), { great: 2n ** 60n }, [undefined]]),
    );
    expect(json).toEqual({ list: ["/w==", { great: "1152921504606846976" }, [null]] });
  });

  it("is null of a type in which nothing is left that tells", () => {
    const json = shown((doc) => {
      doc.getText("text").insert(0, "x");
      doc.getText("text").delete(0, 1);
    });
    expect(json).toEqual({ text: null });
  });

  it("takes a map that was emptied for one, and `__proto__` for a name like any other", () => {
    const json = shown((doc) => {
      doc.getMap("map").set("a", 1);
      doc.getMap("map").delete("a");
      doc.getMap("__proto__").set("b", 2);
    });
    expect(JSON.stringify(json)).toBe('{"map":{},"__proto__":{"b":2}}');
  });

  it("shows kinds that code in the process has named as they are", () => {
    const doc = new Y.Doc();
    doc.getText("empty");
    doc.getMap("map");
    expect(JSON.parse(documentToJson(doc))).toEqual({ empty: "", map: {} });
  });

  it("is refused where it is nested too deep to be written", () => {
    const doc = new Y.Doc();
    let inner = doc.getArray<unknown>("deep");
    doc.transact(() => {
      for (let i = 0; i < 20_000; i++) {
        const next = new Y.Array<unknown>();
        inner.insert(0, [next]);
        inner = next;
      }
    });
    expect(() => documentToJson(doc)).toThrow(expect.objectContaining({ code: "DOCUMENT_TOO_LARGE" }));
  });
});
