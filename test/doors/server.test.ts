/** The server itself: binding, limits of connections and time, upgrades, TLS, shutting down. */

import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { afterEach, describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { createServer } from "../../src/doors/server.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { FakeStore } from "../support/fake-store.ts";
import { exchange, openSocket, parseAnswer, readAll, request } from "../support/raw-http.ts";

const opened: TestDoors[] = [];

async function open(...options: Parameters<typeof openDoors>): Promise<TestDoors> {
  const doors = await openDoors(...options);
  opened.push(doors);
  return doors;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ server }) => server.close(100)));
});

describe("listening", () => {
  it("says which port is in use", async () => {
    const { port } = await open();
    const other = createServer({ store: new FakeStore(), processMetrics: false });
    const failure = await other.listen({ host: "127.0.0.1", port }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "PORT_IN_USE", message: expect.stringContaining(String(port)) });
  });

  it("says what is wrong with an address that is not ours", async () => {
    const other = createServer({ store: new FakeStore(), processMetrics: false });
    await expect(other.listen({ host: "203.0.113.1", port: 0 })).rejects.toMatchObject({ code: "BAD_CONFIG" });
  });
});

describe("connections", () => {
  it("are refused over the limit, and taken again when there is room", async () => {
    const doors = await open({ limits: { connectionsMax: 2 } });
    const held = [await openSocket(doors.port), await openSocket(doors.port)];
    await expect.poll(() => doors.server.metrics.connections).toBe(2);
    const refused = await exchange(doors.port, request("GET /healthz"));
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.body)).toMatchObject({ code: "TOO_MANY_CONNECTIONS" });
    for (const socket of held) socket.destroy();
    await expect.poll(() => doors.server.metrics.connections).toBe(0);
    expect((await exchange(doors.port, request("GET /healthz"))).status).toBe(200);
    expect(doors.server.metrics.connectionsRefused).toBe(1);
  });

  it("are refused over the limit of one address", async () => {
    const doors = await open({ limits: { connectionsPerAddressMax: 1 } });
    const held = await openSocket(doors.port);
    await expect.poll(() => doors.server.metrics.connections).toBe(1);
    expect((await exchange(doors.port, request("GET /healthz"))).status).toBe(503);
    held.destroy();
  });
});

describe("upgrades", () => {
  it("go to whoever has the path, exactly or under a path that ends in a slash", async () => {
    const seen: string[] = [];
    const take = (name: string) => (_request: unknown, socket: { end(text: string): void }) => {
      seen.push(name);
      socket.end(`HTTP/1.1 101 ${name}\r\n\r\n`);
    };
    const doors = await open({ upgrades: { "/v1/peer": take("peer"), "/yjs/": take("yjs") } });
    const upgrade = async (path: string) => {
      const headers = ["Host: localhost", "Upgrade: websocket", "Connection: Upgrade"];
      const socket = await openSocket(doors.port);
      const answered = readAll(socket);
      socket.write(`GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
      return parseAnswer(await answered);
    };
    expect((await upgrade("/v1/peer?x=1")).status).toBe(101);
    expect((await upgrade("/yjs/a/b")).status).toBe(101);
    expect(seen).toEqual(["peer", "yjs"]);
    const nowhere = await upgrade("/v1/peers");
    expect([nowhere.status, JSON.parse(nowhere.body)]).toMatchObject([404, { code: "NOT_FOUND" }]);
  });

  it("to h2c, which Java's client offers, are ignored and the request is served, body and all", async () => {
    const doors = await open();
    const offer = [
      "Host: localhost",
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABk",
    ];
    const socket = await openSocket(doors.port);
    const answered = readAll(socket);
    socket.write(`PUT /v1/kv/a HTTP/1.1\r\n${offer.join("\r\n")}\r\nContent-Length: 6\r\n\r\nabc`);
    setTimeout(() => socket.write("def"), 20);
    setTimeout(() => socket.write(request("GET /v1/kv/a")), 60);
    const text = await answered;
    expect(text).toMatch(/^HTTP\/1.1 201 /);
    expect(text).toMatch(/\r\n\r\nHTTP\/1.1 200 OK[\s\S]*\r\n\r\nabcdef$/);
  });
});

describe("shutting down", () => {
  it("answers what was begun, closes idle connections at once and takes no more", async () => {
    const doors = await open();
    const idle = await openSocket(doors.port);
    const idleClosed = readAll(idle);
    let finish = () => {};
    const begun = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { get: original } = doors.store;
    doors.store.get = async (key) => {
      await begun;
      return original.call(doors.store, key);
    };
    await doors.store.put("a" as Key, Buffer.from("x"));
    const answer = exchange(doors.port, `GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await expect.poll(() => doors.server.metrics.connections).toBe(2);
    const closed = doors.server.close(5_000);
    await idleClosed;
    setTimeout(finish, 20);
    expect(await answer).toMatchObject({ status: 200, body: "x" });
    expect((await answer).headers.get("connection")).toBe("close");
    await closed;
    await expect(openSocket(doors.port)).rejects.toThrow("ECONNREFUSED");
  });

  it("closes what is left at its deadline", async () => {
    const doors = await open();
    doors.store.get = () => new Promise(() => {});
    const stuck = exchange(doors.port, request("GET /v1/kv/a"));
    await expect.poll(() => doors.server.metrics.connections).toBe(1);
    const startedAt = performance.now();
    await doors.server.close(50);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect((await stuck).text).toBe("");
  });
});

describe("TLS", () => {
  it("serves the same behind a certificate", async () => {
    const folder = new URL("../support/tls/", import.meta.url);
    const [cert, key] = await Promise.all([
      readFile(new URL("peer.cert.pem", folder)),
      readFile(new URL("peer.key.pem", folder)),
    ]);
    const doors = await open({ tls: { cert, key } });
    const status = await new Promise((resolve, reject) => {
      const options = { port: doors.port, path: "/healthz", rejectUnauthorized: false, agent: false };
      get(options, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
    expect(status).toBe(200);
  });
});
