import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { HttpClient } from "../../src/client/http-client.ts";
import { createTrustingFetch } from "../../src/client/trusting-fetch.ts";
import type { WatchEvent } from "../../src/store.ts";
import { readTls } from "../support/tls.ts";
import { type FakeReplica, problem, startFakeReplica } from "./fake-replica.ts";

let replica: FakeReplica;
beforeEach(async () => {
  replica = await startFakeReplica({ tls: { cert: readTls("cert"), key: readTls("key") } });
});
afterEach(() => replica.close());

const key = "k" as Key;
const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

function client(options: { readonly ca?: "ca" | "otherCa"; readonly timeoutMs?: number } = {}): HttpClient {
  const { ca = "ca", ...others } = options;
  return new HttpClient({ urls: [replica.url], fetch: createTrustingFetch(readTls(ca)), ...others });
}

test.each([[everyByte], [new Uint8Array(0)], ["é"]])("carries %j there and back", async (value) => {
  expect(await client().put(key, value)).toEqual({ outcome: "created", version: "v1" });
  expect((await client().put(key, value)).outcome).toBe("replaced");
  const stored = Buffer.from(value);
  expect(Buffer.from((await client().get(key))?.value ?? "lost")).toEqual(stored);
  expect((await client().delete(key)).outcome).toBe("deleted");
  expect(await client().get(key)).toBeUndefined();
});

test("talks to nobody whose certificate another authority signed, not even of the key", async () => {
  await expect(client({ ca: "otherCa" }).get(key)).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: `cannot reach ${replica.url}: UNABLE_TO_VERIFY_LEAF_SIGNATURE`,
  });
  expect(replica.requests).toEqual([]);
});

test("passes problems on, refuses redirects, and gives up in time", async () => {
  replica.intercept = (_, response) => {
    problem(response, 403, "FORBIDDEN", "not yours");
    return true;
  };
  await expect(client().get(key)).rejects.toMatchObject({ code: "FORBIDDEN", status: 403 });
  replica.intercept = (_, response) => {
    response.writeHead(307, { location: "/elsewhere" }).end();
    return true;
  };
  await expect(client().get(key)).rejects.toMatchObject({ code: "UNREACHABLE" });
  replica.intercept = () => true;
  await expect(client({ timeoutMs: 100 }).get(key)).rejects.toMatchObject({
    message: `cannot reach ${replica.url}: no answer in time`,
  });
  const { url } = replica;
  await replica.close();
  await expect(client().get(key)).rejects.toMatchObject({ message: `cannot reach ${url}: ECONNREFUSED` });
});

test("follows changes until it is told to stop", async () => {
  const stop = new AbortController();
  const seen: WatchEvent[] = [];
  const followed = (async () => {
    for await (const event of client().watch({ prefix: "", signal: stop.signal })) seen.push(event);
  })();
  await vi.waitFor(() => expect(replica.watchers()).toBe(1));
  replica.emit("delete", { key: "k", version: "v2" });
  await vi.waitFor(() => expect(seen).toEqual([{ type: "delete", key: "k", version: "v2", resume: "r1" }]));
  stop.abort();
  await followed;
  await vi.waitFor(() => expect(replica.watchers()).toBe(0));
});

test("leaves http to the platform", async () => {
  const plain = await startFakeReplica();
  const both = new HttpClient({ urls: [plain.url], fetch: createTrustingFetch(readTls("ca")) });
  expect((await both.put(key, "v")).outcome).toBe("created");
  await plain.close();
});
