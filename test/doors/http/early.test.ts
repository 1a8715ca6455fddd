/** Requests behind others on one connection, at the doors: those begun before they can be answered, and those that arrive late. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { partOf, recordOf } from "../../support/archives.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { Gate } from "../../support/gate.ts";
import { holdWrites } from "../../support/held-writes.ts";
import { exchange, openSocket, parseAnswer, readAll } from "../../support/raw-http.ts";

const LONG = 1024 * 1024;

let doors: TestDoors;
let served: Socket | undefined;
let client: Socket;

const keepServed = (message: unknown): void => {
  served = (message as { readonly socket: Socket }).socket;
};

beforeEach(async () => {
  served = undefined;
  doors = await openDoors({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 5_000 } });
  await doors.store.put("short" as Key, new Uint8Array(1));
  await doors.store.put("long" as Key, new Uint8Array(LONG));
  subscribe("net.server.socket", keepServed);
  client = await openSocket(doors.port);
  client.on("error", () => {});
  await expect.poll(() => served).toBeDefined();
  unsubscribe("net.server.socket", keepServed);
});

afterEach(async () => {
  client.destroy();
  await doors.server.close(0);
});

const request = (line: string) => `${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const SHORT = request("GET /v1/kv/short");

describe("a request begun early, whose connection is reset before the answer ahead of it is sent,", () => {
  const begin = (line: string): void => {
    if (served !== undefined) holdWrites(served);
    client.write(SHORT + request(line));
  };

  const gone = async (): Promise<void> => {
    client.resetAndDestroy();
    await expect.poll(() => doors.server.metrics.connections).toBe(0);
  };

  it("gives its room back", async () => {
    const lent = () => doors.server.metrics.account.lentBytes;
    begin("GET /v1/kv/long");
    await expect.poll(lent).toBe(LONG);
    await gone();
    await expect.poll(lent).toBe(0);
  });

  it("watches no more", async () => {
    begin("GET /v1/watch");
    await expect.poll(() => doors.server.metrics.watches).toBe(1);
    await gone();
    await expect.poll(() => doors.server.metrics.watches).toBe(0);
  });

  it("is backed up no further", async () => {
    let state = "none";
    const facts = { cluster: "c", replica: "r" as never, shards: 1, births: [], keyspaces: [{ name: "default" }] };
    async function* parts() {
      state = "under way";
      try {
        for (;;) yield partOf({ keyspace: "default", records: [recordOf("k", "x".repeat(100_000))] });
      } finally {
        state = "over";
      }
    }
    doors.backups.backup = async () => ({ facts, parts: parts() });
    begin("POST /v1/admin/backup");
    await expect.poll(() => state).toBe("under way");
    await gone();
    await expect.poll(() => state).toBe("over");
  });
});

describe("a request that arrives late", () => {
  const unfinished = SHORT.slice(0, -2);

  it("behind one that is carried out is not refused in its place", async () => {
    const gate = new Gate(doors.store, "get");
    const answered = readAll(client);
    client.write(SHORT + unfinished);
    await gate.reached;
    expect(await answered).toBe("");
    gate.open();
  });

  it("because it is not read while many are ahead of it is answered", async () => {
    const gate = new Gate(doors.store, "get");
    const answered = readAll(client);
    client.write(SHORT.repeat(20) + unfinished);
    await gate.reached;
    // One that came later is found to be late.
    expect(parseAnswer((await exchange(doors.port, unfinished)).text).status).toBe(408);
    client.write("Connection: close\r\n\r\n");
    gate.open();
    expect((await answered).match(/HTTP\/1.1 \d+/g)).toEqual(Array.from({ length: 21 }, () => "HTTP/1.1 200"));
  });
});

it("does not watch for a client that has gone while its session was waited for", async () => {
  const first = await fetch(`${doors.url}/v1/kv/short`);
  const token = first.headers.get("atoll-session") ?? "";
  let arrive = (): void => {};
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  doors.store.catchUp = async () => {
    arrive();
    await opened;
    return doors.store;
  };
  client.write(request("GET /v1/watch").replace("\r\n\r\n", `\r\nAtoll-Session: ${token}\r\n\r\n`));
  await reached;
  const closed = once(served ?? client, "close");
  client.destroy();
  await closed;
  open();
  await new Promise(setImmediate);
  expect(doors.server.metrics.watches).toBe(0);
});
