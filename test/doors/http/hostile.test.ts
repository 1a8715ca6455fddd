/** What attackers try over HTTP: bytes that no client sends, pages that are not ours, bodies without end. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { exchange, openSocket, parseAnswer, readAll, request } from "../../support/raw-http.ts";

const MIB = 1024 * 1024;

let doors: TestDoors;
let guarded: TestDoors;

beforeAll(async () => {
  doors = await openDoors({
    limits: { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500, valueBytesMax: 2 * MIB },
    allowOrigins: ["https://good.example"],
    hosts: ["atoll.internal"],
  });
  guarded = await openDoors({
    auth: createAuth([
      { token: "all", scopes: ["read", "write", "admin"] },
      { token: "reader", scopes: ["read"] },
      { token: "tenant", scopes: ["read", "write", "admin"], prefix: "t/" },
    ]),
    enableFaults: true,
    allowOrigins: ["*"],
  });
});

afterAll(async () => {
  await Promise.all([doors.server.close(100), guarded.server.close(100)]);
});

/** The server is up and answers. */
async function isServing(port: number): Promise<boolean> {
  return (await exchange(port, request("GET /healthz"))).status === 200;
}

const codeOf = (body: string): unknown => (JSON.parse(body) as { code: unknown }).code;
const detailOf = (body: string): unknown => (JSON.parse(body) as { detail: unknown }).detail;

describe("keys that other systems trip over are keys like any other", () => {
  const inherited = [...Object.getOwnPropertyNames(Object.prototype), "prototype", "then", "toJSON"];
  const bytes = [
    "\0",
    "\xff",
    "\xc3\x28",
    "..",
    ".",
    "../../etc/passwd",
    "a//b",
    "//",
    "a b",
    "+",
    "%",
    "a?b#c",
    "\r\n",
    "é",
  ];

  it.each([...inherited, ...bytes])("%j", async (name) => {
    const key = Buffer.from(name, "latin1").toString("latin1");
    const path = [...key].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
    expect((await exchange(doors.port, request(`GET /v1/kv/${path}`))).status).toBe(404);
    expect((await exchange(doors.port, request(`PUT /v1/kv/${path}`, [], name))).status).toBe(201);
    expect(doors.store.slots.has(key as Key)).toBe(true);
    expect(await exchange(doors.port, request(`GET /v1/kv?key=${path}`))).toMatchObject({ status: 200, body: name });
    expect((await exchange(doors.port, request(`DELETE /v1/kv/${path}`))).status).toBe(204);
    expect((await exchange(doors.port, request(`GET /v1/kv/${path}`))).status).toBe(404);
  });

  it("raw dots and slashes in the path are not normalised", async () => {
    for (const key of ["..", ".", "../x", "a/../b", "/", "//", "a//", "+", "a&b=c", ";"]) {
      expect((await exchange(doors.port, request(`PUT /v1/kv/${key}`, [], "v"))).status, key).toBe(201);
      expect(doors.store.slots.has(key as Key), key).toBe(true);
    }
  });

  it("pollute nothing through a batch", async () => {
    const body =
      '{"operations":[{"type":"put","key":"k","value":"v","__proto__":{"polluted":1}}],"__proto__":{"polluted":1}}';
    const refused = await exchange(doors.port, request("POST /v1/batch", [], body));
    expect([refused.status, detailOf(refused.body)]).toEqual([
      400,
      expect.stringContaining('unknown field "__proto__"'),
    ]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("of two equal names in JSON the last counts, for the token as for the store", async () => {
    const body = '{"operations":[{"type":"put","key":"t/mine","key":"other","value":"v"}]}';
    const refused = await exchange(guarded.port, request("POST /v1/batch", ["Authorization: Bearer tenant"], body));
    expect([refused.status, codeOf(refused.body)]).toEqual([403, "FORBIDDEN"]);
    expect(guarded.store.slots.has("other" as Key)).toBe(false);
  });
});

describe("bodies", () => {
  it("one byte over the limit is refused before it is sent", async () => {
    const headers = ["Host: localhost", "Expect: 100-continue", `Content-Length: ${2 * MIB + 1}`];
    const answer = await exchange(doors.port, `PUT /v1/kv/big HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    expect([answer.status, codeOf(answer.body)]).toEqual([413, "VALUE_TOO_LARGE"]);
    expect(answer.text).not.toContain("100 Continue");
  });

  it("within the limit is asked for with 100 Continue", async () => {
    const socket = await openSocket(doors.port);
    const answered = readAll(socket);
    const headers = ["Host: localhost", "Expect: 100-continue", "Content-Length: 3", "Connection: close"];
    socket.write(`PUT /v1/kv/small HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    socket.once("data", () => socket.write("abc"));
    expect(await answered).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 201 /);
  });

  it("in chunks without end are cut off at the limit, without being held", async () => {
    const socket = await openSocket(doors.port);
    const answered = readAll(socket);
    socket.write("PUT /v1/kv/big HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    const before = process.memoryUsage().rss;
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, "x"), Buffer.from("\r\n")]);
    let sent = 0;
    while (!socket.destroyed && sent < 200) {
      sent++;
      await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
    }
    const answer = parseAnswer(await answered);
    expect([answer.status, codeOf(answer.body)]).toEqual([413, "VALUE_TOO_LARGE"]);
    expect(answer.headers.get("connection")).toBe("close");
    // Sender and receiver are this process: twice the limit, and what V8 has not collected yet.
    expect(process.memoryUsage().rss - before).toBeLessThan(40 * MIB);
    expect(doors.server.metrics.bodyBytesInFlight).toBe(0);
    expect(doors.store.slots.has("big" as Key)).toBe(false);
  });

  it("of many senders at once are bounded in all, however short each is", async () => {
    const small = await openDoors({ limits: { bodyBytesInFlightMax: 100_000 } });
    const head = "PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000\r\n\r\n";
    const sockets = await Promise.all(Array.from({ length: 4 }, () => openSocket(small.port)));
    const answers = sockets.map(readAll);
    for (const socket of sockets) socket.write(head + "x".repeat(39_999));
    const first = await Promise.race(answers);
    expect(parseAnswer(first)).toMatchObject({ status: 429 });
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => small.server.metrics.bodyBytesInFlight).toBe(0);
    await small.server.close(100);
  });

  it("that stop half-way are given up, and nothing is stored", async () => {
    const startedAt = performance.now();
    const head = "PUT /v1/kv/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
    const answer = await exchange(doors.port, head);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(answer.status === 408 || answer.text === "").toBe(true);
    expect(doors.store.slots.has("half" as Key)).toBe(false);
    await expect.poll(() => doors.server.metrics.bodyBytesInFlight).toBe(0);
  });

  it("of JSON nested 100,000 deep are refused", async () => {
    const answer = await exchange(doors.port, request("POST /v1/batch", [], "[".repeat(100_000)));
    expect([answer.status, codeOf(answer.body)]).toEqual([400, "BAD_JSON"]);
    const inValue = `{"operations":${"[".repeat(100_000)}`;
    expect((await exchange(doors.port, request("POST /v1/batch", [], inValue))).status).toBe(400);
  });

  it("of JSON with names that collide as numbers are refused at once, in short bodies and in long ones", async () => {
    const crowded = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i * 65_536}":1`).join(",")}}`;
    const inOperation = `{"operations":[${crowded(15_000)}]}`;
    const startedAt = performance.now();
    for (const body of [crowded(1_000), crowded(15_000), crowded(150_000), inOperation]) {
      expect((await exchange(doors.port, request("POST /v1/batch", [], body))).status).toBe(400);
    }
    const faults = request("PUT /v1/admin/faults", ["Authorization: Bearer all"], crowded(15_000));
    expect((await exchange(guarded.port, faults)).status).toBe(413);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await isServing(doors.port)).toBe(true);
  });

  it("with numbers beyond any are refused, not rounded", async () => {
    for (const ttl of ["1e999", "-1", "0.5", "9007199254740993", "1e30"]) {
      const body = `{"operations":[{"type":"put","key":"n","value":"","ttlMs":${ttl}}]}`;
      expect(codeOf((await exchange(doors.port, request("POST /v1/batch", [], body))).body), ttl).toBe("BAD_TTL");
    }
  });

  it.each([
    ["a wrong token", "GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n\r\n"],
    [
      "a body that nobody reads",
      `PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader\r\nContent-Length: 5000\r\n\r\n${"x".repeat(5000)}`,
    ],
  ])("behind %s, which ends the connection, are not carried out", async (_, first) => {
    const good = "GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer all\r\n\r\n";
    const behind = request("PUT /v1/kv/behind", ["Authorization: Bearer all"], "x");
    const answersTo = async (bytes: string) => (await exchange(guarded.port, bytes)).text.match(/HTTP\/1.1 /g)?.length;
    expect([await answersTo(first + behind), await answersTo(good + first + behind)]).toEqual([1, 2]);
    expect((await guarded.store.get("behind" as Key)).entry).toBeUndefined();
  });

  it("smuggled behind two lengths are refused", async () => {
    const two = ["Content-Length: 5", "Transfer-Encoding: chunked"];
    expect((await exchange(doors.port, request("PUT /v1/kv/a", two))).status).toBe(400);
    expect(
      (await exchange(doors.port, request("PUT /v1/kv/a", ["Content-Length: 5", "Content-Length: 6"]))).status,
    ).toBe(400);
  });
});

describe("headers", () => {
  it("over their bytes are refused", async () => {
    const answer = await exchange(doors.port, request("GET /healthz", [`X: ${"x".repeat(20_000)}`]));
    expect([answer.status, codeOf(answer.body)]).toEqual([431, "HEADERS_TOO_LARGE"]);
  });

  it.each(["GET /healthz", "GET /v1/ws"])("over their number are refused, not left out: %s", async (line) => {
    const many = Array.from({ length: 120 }, (_, i) => `X${i}: 1`);
    const upgrade = line.endsWith("ws") ? ["Upgrade: websocket"] : [];
    const answer = await exchange(doors.port, request(line, [...many, ...upgrade]).replace("close", "Upgrade, close"));
    expect([answer.status, codeOf(answer.body)]).toEqual([431, "HEADERS_TOO_LARGE"]);
  });

  it("3,000 of them on an upgrade do no harm", async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => `X${i}: 1`);
    const answer = await exchange(doors.port, request("GET /v1/ws", ["Upgrade: websocket", ...many]));
    expect(answer.status).toBe(431);
    expect(await isServing(doors.port)).toBe(true);
  });

  it.each([
    "GET\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nA b: c\r\n\r\n",
    "\x16\x03\x01\x02\0\x01\0\x01\xfc",
  ])("that are no HTTP get 400: %j", async (bytes) => {
    expect((await exchange(doors.port, bytes)).status).toBe(400);
    expect(await isServing(doors.port)).toBe(true);
  });

  it("that arrive byte by byte run out of time, all of them, while others are served", async () => {
    const startedAt = performance.now();
    const slow = await Promise.all(Array.from({ length: 50 }, () => openSocket(doors.port)));
    const closed = slow.map(readAll);
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write("X");
    }, 100);
    for (const socket of slow) socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-a: ");
    expect(await isServing(doors.port)).toBe(true);
    const answers = await Promise.all(closed);
    clearInterval(drip);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    expect(answers.every((text) => text.startsWith("HTTP/1.1 408"))).toBe(true);
  });

  it("that never arrive at all run out of time as well", async () => {
    const startedAt = performance.now();
    await readAll(await openSocket(doors.port));
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });
});

describe("tokens", () => {
  const bearer = (token: string) => [`Authorization: Bearer ${token}`];
  const cases: readonly (readonly [name: string, line: string, headers: readonly string[], status: number])[] = [
    ["no token", "GET /v1/kv/a", [], 401],
    ["a wrong token", "GET /v1/kv/a", bearer("wrong"), 401],
    ["another scheme", "GET /v1/kv/a", ["Authorization: Basic YWxsOg=="], 401],
    ["a token in the URL", "GET /v1/kv/a?token=all", [], 401],
    ["a token that may read, reading", "GET /v1/kv/a", bearer("reader"), 404],
    ["a token that may read, writing", "PUT /v1/kv/a", bearer("reader"), 403],
    ["a token that may read, deleting", "DELETE /v1/kv/a", bearer("reader"), 403],
    ["a token that may read, in a batch", "POST /v1/batch", bearer("reader"), 403],
    ["a prefix, its own key", "PUT /v1/kv/t/a", bearer("tenant"), 201],
    ["a prefix, another key", "PUT /v1/kv/u/a", bearer("tenant"), 403],
    ["a prefix, another key through dots", "PUT /v1/kv?key=u/../t/", bearer("tenant"), 403],
    ["a prefix, its own keys", "GET /v1/keys?prefix=t/", bearer("tenant"), 200],
    ["a prefix, all keys", "GET /v1/keys", bearer("tenant"), 403],
    ["a prefix, conflicts of its own keys", "GET /v1/conflicts?prefix=t/", bearer("tenant"), 200],
    ["a prefix, all conflicts", "GET /v1/conflicts", bearer("tenant"), 403],
    ["a prefix, watching all", "GET /v1/watch", bearer("tenant"), 403],
    ["a prefix, the cluster", "GET /v1/cluster", bearer("tenant"), 403],
    ["a prefix, faults", "PUT /v1/admin/faults", bearer("tenant"), 403],
    ["no admin, faults", "PUT /v1/admin/faults", bearer("reader"), 403],
    ["no token, faults", "PUT /v1/admin/faults", [], 401],
    ["no token, metrics", "GET /metrics", [], 401],
    ["a token that may read, metrics", "GET /metrics", bearer("reader"), 200],
    ["no token, health", "GET /healthz", [], 200],
    ["no token, readiness", "GET /readyz", [], 200],
  ];

  it.each(cases)("%s: %s %j is %i", async (_name, line, headers, status) => {
    const body = line.includes("batch")
      ? '{"operations":[{"type":"put","key":"a","value":""}]}'
      : line.startsWith("PUT")
        ? '{"cut":[]}'
        : "";
    const answer = await exchange(guarded.port, request(line, headers, body));
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("that come after a right one on the same connection are judged anew", async () => {
    const lines = [..."ab"].map((key) => `GET /v1/kv/${key} HTTP/1.1\r\nHost: localhost\r\n`);
    const bytes = `${lines[0]}Authorization: Bearer all\r\n\r\n${lines[1]}Authorization: Bearer wrong\r\nConnection: close\r\n\r\n`;
    const { text } = await exchange(guarded.port, bytes);
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 404", "HTTP/1.1 401"]);
  });

  it("that are wrong get no body read: a long one ends the connection", async () => {
    const socket = await openSocket(guarded.port);
    const answered = readAll(socket);
    socket.write(`PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MIB}\r\n\r\n`);
    const startedAt = performance.now();
    const answer = parseAnswer(await answered);
    expect([answer.status, answer.headers.get("connection")]).toEqual([401, "close"]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(guarded.server.metrics.bodyBytesInFlight).toBe(0);
  });

  it("without one, a client that asks and never reads costs no more than its socket", async () => {
    const socket = await openSocket(guarded.port);
    socket.on("error", () => {});
    socket.pause();
    const before = process.memoryUsage().rss;
    const asked = "GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000);
    for (let i = 0; i < 50; i++) {
      const flushed = new Promise<void>((resolve) => socket.write(asked, () => resolve()));
      await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB);
    expect(await isServing(guarded.port)).toBe(true);
    socket.destroy();
  });
});

describe("web pages", () => {
  const origins: readonly (readonly [origin: string, status: number, allowed: string | undefined])[] = [
    ["https://good.example", 200, "https://good.example"],
    ["http://localhost:7400", 200, undefined],
    ["https://evil.example", 403, undefined],
    ["https://good.example.evil.example", 403, undefined],
    ["null", 403, undefined],
  ];

  it.each(origins)("of %s get %i", async (origin, status, allowed) => {
    const headers = [`Origin: ${origin}`, "Host: localhost:7400"];
    const answer = await exchange(doors.port, request("GET /v1/keys", headers));
    expect(answer.status).toBe(status);
    expect(answer.headers.get("access-control-allow-origin")).toBe(allowed);
    if (status === 403) expect(codeOf(answer.body)).toBe("FORBIDDEN_ORIGIN");
    const preflight = [...headers, "Access-Control-Request-Method: PUT"];
    const asked = await exchange(doors.port, request("OPTIONS /v1/kv/a", preflight));
    expect(asked.status).toBe(status === 403 ? 403 : 204);
    expect(asked.headers.get("access-control-allow-methods")?.includes("PUT")).toBe(
      allowed === undefined ? undefined : true,
    );
  });

  it("of any origin may come where tokens are the guard, and need one", async () => {
    const origin = ["Origin: https://any.example", "Host: localhost"];
    const preflight = await exchange(guarded.port, request("OPTIONS /v1/kv/a", origin));
    expect([preflight.status, preflight.headers.get("vary")]).toEqual([204, "Origin"]);
    expect((await exchange(guarded.port, request("GET /v1/kv/a", origin))).status).toBe(401);
  });

  it.each([
    ["localhost:7400", 200],
    ["127.0.0.1", 200],
    ["[::1]:7400", 200],
    ["atoll.internal:7400", 200],
    ["evil.example:7400", 403],
    ["127.0.0.1.evil.example", 403],
  ])("that were rebound to loopback are known by their host: %s gets %i", async (host, status) => {
    expect((await exchange(doors.port, request("GET /v1/keys", [`Host: ${host}`]))).status).toBe(status);
  });

  it("where tokens are the guard, any host will do", async () => {
    const headers = ["Host: cache.example", "Authorization: Bearer all"];
    expect((await exchange(guarded.port, request("GET /v1/keys", headers))).status).toBe(200);
  });
});
