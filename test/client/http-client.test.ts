import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { RemoteError } from "../../src/client/answer.ts";
import { HttpClient } from "../../src/client/http-client.ts";
import { decodePercent } from "../../src/client/percent.ts";
import type { WatchEvent } from "../../src/store.ts";
import { type FakeReplica, problem, startFakeReplica } from "./fake-replica.ts";

let replica: FakeReplica;
let other: FakeReplica;
/** Nothing listens there any more. */
let dead: string;
beforeEach(async () => {
  const gone = await startFakeReplica();
  dead = gone.url;
  await gone.close();
  [replica, other] = await Promise.all([startFakeReplica(), startFakeReplica()]);
});
afterEach(async () => {
  await Promise.all([replica.close(), other.close()]);
});

const key = (text: string) => text as Key;

function everyByte(): string {
  return String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
}

test.each([["plain"], ["a/b//c?d#e%41+ &=é"], ["."], [".."], ["../x"], ["__proto__"], [everyByte()]])(
  "carries the key %j and any bytes there and back",
  async (text) => {
    const client = new HttpClient({ urls: [replica.url] });
    const value = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(await client.put(key(text), value)).toEqual({ outcome: "created", version: "v1" });
    expect([...replica.values.keys()]).toEqual([text]);
    expect(await client.get(key(text))).toEqual({ value, version: "v1", contentType: "text/plain" });
    expect((await client.delete(key(text))).outcome).toBe("deleted");
    expect(await client.get(key(text))).toBeUndefined();
  },
);

test("asks for what it was told: keyspace, token, ttl, ack, conditions", async () => {
  const client = new HttpClient({ urls: [replica.url], keyspace: "orders", token: "the-token" });
  replica.intercept = (_, response) => {
    response.writeHead(201, { etag: '"v9"' }).end();
    return true;
  };
  await client.put(key("k"), "v", { ttlMs: 1500, ack: "quorum", ifNoneMatch: "*" });
  const [request] = replica.requests;
  expect(request?.path).toBe("/v1/keyspaces/orders/kv/k?ttl=1500ms&ack=quorum");
  expect(request?.headers).toMatchObject({ authorization: "Bearer the-token", "if-none-match": "*" });
});

test("carries tags of any bytes there and back, and invalidates one", async () => {
  const client = new HttpClient({ urls: [replica.url], keyspace: "orders" });
  const tags = ["a,b", everyByte().slice(0, 128), " "];
  replica.intercept = (request, response) => {
    if (request.method === "POST") response.writeHead(204, { "atoll-acks": "2/2" }).end();
    else response.writeHead(request.method === "PUT" ? 201 : 200, { "atoll-tags": "a%2Cb,%FF" }).end();
    return true;
  };
  await client.put(key("k"), "v", { tags });
  expect(replica.requests[0]?.headers["atoll-tags"]?.toString().split(",").map(decodePercent)).toEqual(tags);
  expect((await client.get(key("k")))?.tags).toEqual(["a,b", "\xff"]);
  expect(await client.invalidate("a/\xff", { ack: "all" })).toEqual({ outcome: "invalidated", acks: "2/2" });
  expect(replica.requests[2]).toMatchObject({
    method: "POST",
    path: "/v1/keyspaces/orders/tags/a%2F%FF/invalidate?ack=all",
  });
});

test("says how far a write got that was kept but not acknowledged as asked", async () => {
  replica.intercept = (_, response) => {
    response.writeHead(202, { "atoll-acks": "1/2" }).end();
    return true;
  };
  const client = new HttpClient({ urls: [replica.url] });
  expect(await client.put(key("k"), "v", { ack: "quorum" })).toEqual({ outcome: "kept", acks: "1/2" });
});

test("reads the expiry of a value, as a time or in ms", async () => {
  const client = new HttpClient({ urls: [replica.url] });
  for (const text of ["2030-01-01T00:00:00.000Z", String(Date.UTC(2030, 0))]) {
    replica.intercept = (_, response) => {
      response.writeHead(200, { "atoll-expires-at": text }).end("v");
      return true;
    };
    expect((await client.get(key("k")))?.expiresAt).toBe(Date.UTC(2030, 0));
  }
});

test("goes to the next replica when one is not there or not ready, and stays with it", async () => {
  const client = new HttpClient({ urls: [dead, replica.url, other.url] });
  replica.intercept = (_, response) => {
    problem(response, 503, "NOT_READY", "bootstrapping");
    return true;
  };
  await client.put(key("k"), "v");
  await client.get(key("k"));
  expect(replica.requests).toHaveLength(1);
  expect(other.requests).toHaveLength(2);
  expect(client.url).toBe(other.url);
});

test("gives the session token of the last answer back, also to another replica", async () => {
  const client = new HttpClient({ urls: [replica.url, other.url] });
  await client.put(key("k"), "v");
  await replica.close();
  await client.get(key("k"));
  expect(other.requests.at(-1)?.headers["atoll-session"]).toBe("s1");
});

test("says whom it could not reach, when it was nobody", async () => {
  const client = new HttpClient({ urls: [dead] });
  await expect(client.get(key("k"))).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: `cannot reach ${dead}: ECONNREFUSED`,
  });
});

test("does not send a conditional write twice unless the first was never received", async () => {
  replica.intercept = (request) => {
    request.socket.destroy();
    return true;
  };
  const client = new HttpClient({ urls: [replica.url, other.url] });
  await expect(client.put(key("k"), "v", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "UNREACHABLE" });
  expect(other.requests).toHaveLength(0);
  const fresh = new HttpClient({ urls: [dead, other.url] });
  expect((await fresh.put(key("k"), "v", { ifNoneMatch: "*" })).outcome).toBe("created");
});

test("gives up on a replica that does not answer in time", async () => {
  replica.intercept = () => true;
  const client = new HttpClient({ urls: [replica.url, other.url], timeoutMs: 100 });
  expect((await client.put(key("k"), "v")).outcome).toBe("created");
  expect(other.requests).toHaveLength(1);
});

test("turns a problem document into an error with its code, and copes with none", async () => {
  const client = new HttpClient({ urls: [replica.url] });
  replica.intercept = (_, response) => {
    problem(response, 413, "VALUE_TOO_LARGE", "too large");
    return true;
  };
  const refused = client.put(key("k"), "v");
  await expect(refused).rejects.toBeInstanceOf(RemoteError);
  await expect(refused).rejects.toMatchObject({ code: "VALUE_TOO_LARGE", status: 413, message: "too large" });
  replica.intercept = (_, response) => {
    response.writeHead(404).end("<html>some other server</html>");
    return true;
  };
  await expect(client.get(key("k"))).rejects.toMatchObject({ code: "HTTP_404" });
  await expect(client.status()).rejects.toMatchObject({ code: "HTTP_404" });
});

test("lists keys page by page", async () => {
  for (let i = 0; i < 25; i++) replica.values.set(`p/\xff${i}`, Buffer.from("v"));
  replica.values.set("q", Buffer.from("v"));
  const client = new HttpClient({ urls: [replica.url] });
  const keys: string[] = [];
  for await (const found of client.keys("p/", 10)) keys.push(found);
  expect(keys).toEqual([...replica.values.keys()].filter((found) => found.startsWith("p/")));
  expect(replica.requests).toHaveLength(3);
});

test("goes on with a list of keys at the next replica where the first was lost", async () => {
  for (const { values } of [replica, other]) for (let i = 0; i < 25; i++) values.set(`${i}`, Buffer.from("v"));
  const client = new HttpClient({ urls: [replica.url, other.url] });
  const keys: string[] = [];
  for await (const found of client.keys("", 10)) {
    keys.push(found);
    if (keys.length === 10) await replica.close();
  }
  expect(keys).toEqual([...other.values.keys()]);
});

async function take(
  events: AsyncGenerator<WatchEvent>,
  count: number,
  taken: WatchEvent[] = [],
): Promise<WatchEvent[]> {
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

test("follows changes, and goes on behind the last event at the next replica", async () => {
  const client = new HttpClient({ urls: [replica.url, other.url] });
  const reasons: string[] = [];
  const stop = new AbortController();
  const events = client.watch({ prefix: "p/", signal: stop.signal, onReconnect: (reason) => reasons.push(reason) });
  const seen: WatchEvent[] = [];
  const taken = take(events, 4, seen);
  await vi.waitFor(() => expect(replica.watchers()).toBe(1));
  replica.emit("put", { key: "p/a", value: "é", version: "v1", expiresAt: 5 });
  replica.emit("put", { key: "/w==", value: "AP8=", encoding: "base64", version: "v2" });
  await vi.waitFor(() => expect(seen).toHaveLength(2));
  replica.dropWatchers();
  await vi.waitFor(() => expect(other.watchers()).toBe(1));
  expect(other.requests[0]?.headers["last-event-id"]).toBe("r2");
  other.emit("unheard-of", {});
  other.emit("expire", { key: "p/a", version: "v3" });
  other.emit("reset", {});
  expect(await taken).toEqual([
    { type: "put", key: "p/a", entry: { value: Uint8Array.of(0xc3, 0xa9), version: "v1", expiresAt: 5 }, resume: "r1" },
    { type: "put", key: "\xff", entry: { value: Uint8Array.of(0, 255), version: "v2" }, resume: "r2" },
    { type: "expire", key: "p/a", version: "v3", resume: "r2" },
    { type: "reset", resume: "r3" },
  ]);
  expect(reasons).toHaveLength(1);
  stop.abort();
});

test("a watch that nobody answers, or that is refused, fails", async () => {
  await expect(take(new HttpClient({ urls: [dead, dead] }).watch({ prefix: "" }), 1)).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: `cannot reach ${dead}: ECONNREFUSED; ${dead}: ECONNREFUSED`,
  });
  replica.intercept = (_, response) => {
    problem(response, 403, "FORBIDDEN", "not yours");
    return true;
  };
  const watch = new HttpClient({ urls: [replica.url, other.url] }).watch({ prefix: "" });
  await expect(take(watch, 1)).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(other.requests).toHaveLength(0);
});

test("a watch ends when it is told to", async () => {
  const stop = new AbortController();
  const taken = take(new HttpClient({ urls: [replica.url] }).watch({ prefix: "", signal: stop.signal }), 1);
  await vi.waitFor(() => expect(replica.watchers()).toBe(1));
  stop.abort();
  expect(await taken).toEqual([]);
});
