/** Changes as server-sent events: order, resuming, and readers that do not read. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { encodeServerSentEvent, formatServerSentEvent } from "../../../src/doors/http/watch.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { openSocket, request } from "../../support/raw-http.ts";

let doors: TestDoors;

beforeEach(async () => {
  doors = await openDoors({
    limits: { heartbeatMs: 20, outputBytesMax: 100_000, watchesMax: 3, valueBytesMax: 50_000 },
  });
});

afterEach(() => doors.server.close());

/** What a stream says until `until` is in it. */
async function read(answer: Response, until: string): Promise<string> {
  let text = "";
  const reader = answer.body?.getReader();
  while (reader !== undefined && !text.includes(until)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString("utf8");
  }
  await reader?.cancel();
  return text;
}

const put = (key: string, value: string) => doors.store.put(key as Key, Buffer.from(value));

describe("a watch", () => {
  it("sends each change under its prefix as an event with an id, and comments in between", async () => {
    const answer = await fetch(`${doors.url}/v1/watch?prefix=a%2F`);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("atoll-session")).toBeTruthy();
    await put("a/1", "x");
    await put("b/1", "x");
    await doors.store.delete("a/1" as Key);
    const text = await read(answer, "event: delete");
    const blocks = text.split("\n\n").filter((block) => block.startsWith("event:"));
    expect(blocks).toHaveLength(2);
    expect(blocks[0]).toMatch(/^event: put\nid: 1\ndata: \{.*"key":"a\/1","value":"x".*\}$/);
    expect(blocks[1]).toMatch(/^event: delete\nid: 3\ndata: \{.*"key":"a\/1".*\}$/);
  });

  it.each([
    ["Last-Event-ID", "", { "last-event-id": "1" }],
    ["the query", "?resume=1", {}],
  ])("resumes without a gap from %s", async (_name, query, headers) => {
    await put("1", "x");
    await put("2", "x");
    const answer = await fetch(`${doors.url}/v1/watch${query}`, { headers });
    await put("3", "x");
    // The first id is where the stream begins, for a reader that is cut off before its first event.
    expect((await read(answer, "id: 3")).match(/^id: \d/gm)).toEqual(["id: 1", "id: 2", "id: 3"]);
  });

  it("says reset when the place to resume from is not known any more", async () => {
    const answer = await fetch(`${doors.url}/v1/watch`, { headers: { "last-event-id": "99" } });
    expect(await read(answer, "event: reset")).toContain("event: reset\nid: 0\ndata:");
  });

  it("keeps quiet streams alive with comments", async () => {
    expect(await read(await fetch(`${doors.url}/v1/watch`), ": still here")).toContain(": still here\n\n");
  });

  it("carries any bytes, as base64 where they are not text", async () => {
    const answer = await fetch(`${doors.url}/v1/watch`);
    await doors.store.put("\n\xff" as Key, Buffer.from("\n\ndata: x\n"));
    const text = await read(answer, "event: put");
    const data: unknown = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "");
    expect(data).toMatchObject({
      key: "Cv8=",
      value: Buffer.from("\n\ndata: x\n").toString("base64"),
      encoding: "base64",
    });
  });

  it("never breaks out of its line, whatever the key and value", () => {
    const entry = { value: Buffer.from("a\r\n\ndata: b"), version: "v" };
    const text = formatServerSentEvent({ type: "put", key: "\n\nid: 9" as Key, entry, resume: "1" }, undefined);
    expect(text.split(/\r|\n/)).toHaveLength(5);
  });

  it("is sent the same bytes as the others where the value is long, and what it asked for", () => {
    const entry = { value: Buffer.alloc(100_000, "x"), version: "v" };
    const event = { type: "put", key: "k" as Key, entry, resume: "1" } as const;
    const bytes = encodeServerSentEvent(event, undefined);
    expect(encodeServerSentEvent(event, undefined)).toBe(bytes);
    expect(bytes.toString()).toBe(formatServerSentEvent(event, undefined));
    expect(encodeServerSentEvent(event, "base64").toString()).toBe(formatServerSentEvent(event, "base64"));
    expect(encodeServerSentEvent({ ...event, resume: "2" }, undefined).toString()).toContain("id: 2");
  });

  it("ends, and is forgotten, when its client goes", async () => {
    const answer = await fetch(`${doors.url}/v1/watch`);
    expect(doors.store.watchers.size).toBe(1);
    await answer.body?.cancel();
    await expect.poll(() => doors.store.watchers.size).toBe(0);
    expect(doors.server.metrics.watches).toBe(0);
  });

  it("is refused beyond the limit", async () => {
    const open = await Promise.all([1, 2, 3].map(() => fetch(`${doors.url}/v1/watch`)));
    expect(open.map((each) => each.status)).toEqual([200, 200, 200]);
    const refused = await fetch(`${doors.url}/v1/watch`);
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: "TOO_MANY_WATCHES" }]);
    for (const each of open) await each.body?.cancel();
  });

  it("ends when the server shuts down, which does not wait for it", async () => {
    const answer = await fetch(`${doors.url}/v1/watch`);
    const startedAt = performance.now();
    await doors.server.close();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await read(answer, "never");
  });

  it("cuts off a reader that does not read, at its bound, while others go on", async () => {
    const stuck = await openSocket(doors.port);
    stuck.write(request("GET /v1/watch"));
    await expect.poll(() => doors.store.watchers.size).toBe(1);
    stuck.pause();
    const reading = await fetch(`${doors.url}/v1/watch?prefix=last`);
    const value = "x".repeat(50_000);
    for (let i = 0; i < 2_000 && doors.store.watchers.size === 2; i++) {
      await put("k", value);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => doors.store.watchers.size).toBe(1);
    expect(doors.server.metrics.errorCount("SLOW_CONSUMER")).toBe(1);
    await put("last", "x");
    expect(await read(reading, '"last"')).toContain("event: put");
    stuck.destroy();
  });
});
