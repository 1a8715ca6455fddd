import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Turns } from "../../../src/doors/http/turns.ts";
import { holdWrites } from "../../support/held-writes.ts";
import { openSocket, readAll } from "../../support/raw-http.ts";

let server: Server;
let served: Socket | undefined;
let client: Socket;
let turns: Turns;
/** What each request meets once it has begun. */
let serve: (request: IncomingMessage, response: ServerResponse) => void;
let taken: number;
/** How long one that begins to arrive may take, and how often that is looked at. */
const TIMES = { headersTimeout: 200, requestTimeout: 200, connectionsCheckingInterval: 50 };
const begun: {
  readonly url: string | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}[] = [];

beforeEach(() => open());

afterEach(close);

async function open(times: Partial<typeof TIMES> = {}): Promise<void> {
  turns = new Turns();
  begun.length = 0;
  taken = 0;
  serve = (request) => request.resume();
  server = createServer(times, (request, response) => {
    taken++;
    turns.take(request, response, () => {
      begun.push({ url: request.url, request, response });
      serve(request, response);
    });
  });
  server.on("connection", (socket: Socket) => {
    served = socket;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = await openSocket((server.address() as AddressInfo).port);
}

function close(): void {
  client.destroy();
  server.close();
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const urls = () => begun.map(({ url }) => url);
const put = (path: string, body: string) =>
  `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const readBytes = () => served?.bytesRead ?? 0;

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  response.end(body);
  turns.answered(request, response, body.length);
}

/** A piece in each turn of the event loop. */
async function readSlowly(socket: Socket, bytes: number): Promise<void> {
  for (let received = 0; received < bytes; await new Promise(setImmediate)) {
    received += socket.read(Math.min(socket.readableLength, 5_000))?.length ?? 0;
  }
}

it("begins a request once the answer ahead of it is sent, whatever it brings, and answers in order", async () => {
  const body = "x".repeat(200_000);
  const last = get("/c").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
  const answered = readAll(client);
  client.write(get("/a") + put("/b", body) + last);
  await expect.poll(readBytes).toBeGreaterThan(get("/a").length);
  for (const expected of [["/a"], ["/a", "/b"], ["/a", "/b", "/c"]]) {
    await expect.poll(urls).toEqual(expected);
    begun.at(-1)?.response.end(begun.at(-1)?.url);
  }
  expect((await answered).match(/(?<=\r\n\r\n)\/[abc]/g)).toEqual(["/a", "/b", "/c"]);
});

it("reads no more while requests wait", async () => {
  client.write(get("/").repeat(200_000));
  await expect.poll(readBytes).toBeGreaterThan(0);
  const first = served;
  // Others are served meanwhile: what is there to read would have been read.
  for (let i = 0; i < 20; i++) {
    const other = await openSocket((server.address() as AddressInfo).port);
    other.write(get(`/other${i}`));
    await expect.poll(urls).toContain(`/other${i}`);
    other.destroy();
  }
  expect(urls().filter((url) => url === "/")).toHaveLength(1);
  expect(first?.bytesRead).toBeLessThan(1_000_000);
});

it("begins a request before the answer ahead of it is sent where that is short", async () => {
  client.write(get("/a") + get("/b") + get("/c"));
  await expect.poll(() => taken).toBe(3);
  const [first] = begun;
  if (first === undefined) throw new Error("BUG: nothing has begun");
  const order: string[] = [];
  first.response.on("finish", () => order.push("sent"));
  serve = () => order.push("begun");
  answer(first.request, first.response, Buffer.from("x"));
  await expect.poll(() => order).toEqual(["begun", "sent"]);
  expect(urls()).toEqual(["/a", "/b"]);
});

it("keeps few answers for a client that reads slowly", async () => {
  const body = Buffer.alloc(10_000, "x");
  const count = 2_000;
  let unsentMost = 0;
  serve = async (request, response) => {
    // Meanwhile it comes to be the turn of others.
    await new Promise(setImmediate);
    answer(request, response, body);
    const unsent = begun.slice(-100).filter((each) => each.response.writableEnded && !each.response.writableFinished);
    unsentMost = Math.max(unsentMost, unsent.length * body.length);
  };
  client.write(get("/").repeat(count));
  await readSlowly(client, count * body.length);
  expect(unsentMost).toBeGreaterThan(0);
  expect(unsentMost).toBeLessThan(100_000);
});

it("reads no more while many wait, also as bodies are read and answers sent ahead of them", async () => {
  const body = Buffer.alloc(60_000, "x");
  let waitingMost = 0;
  serve = (request, response) => {
    request.on("data", () => {});
    request.on("end", () => answer(request, response, body));
    waitingMost = Math.max(waitingMost, taken - begun.length);
  };
  const request = put("/", "abc");
  const atOnce = Math.ceil(65_536 / request.length);
  client.write(request.repeat(20 * atOnce));
  await readSlowly(client, 500 * body.length);
  expect(waitingMost).toBeGreaterThan(0);
  expect(waitingMost).toBeLessThan(2 * atOnce);
});

it.each([
  ["short", 3_000],
  ["long", 100_000],
])("reads no more of a %s body that does not come until it is its turn", async (_, length) => {
  const body = "x".repeat(length);
  const whole = put("/b", body);
  const half = whole.length - length / 2;
  client.write(get("/a"));
  await expect.poll(urls).toEqual(["/a"]);
  client.write(whole.slice(0, half));
  await expect.poll(() => served?.isPaused()).toBe(true);
  client.write(whole.slice(half));
  let received = 0;
  serve = (request, response) => {
    request.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on("end", () => answer(request, response, Buffer.from("b")));
  };
  begun[0]?.response.end("a");
  await expect.poll(() => received).toBe(length);
});

it("reads no more of bodies in pieces of a byte than came with the first", async () => {
  client.write(get("/a"));
  await expect.poll(urls).toEqual(["/a"]);
  const chunked = "PUT /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  const body = `${"1\r\nx\r\n".repeat(5_000)}0\r\n\r\n`;
  client.write((chunked + body).repeat(16));
  await expect.poll(() => served?.isPaused()).toBe(true);
  expect(taken).toBeLessThan(5);
});

/** Of a second request that has begun before the answer ahead of it is sent, and what lets that be sent. */
async function beginEarly(): Promise<{ readonly early: ServerResponse; readonly release: () => void }> {
  client.write(get("/a"));
  await expect.poll(urls).toEqual(["/a"]);
  if (served === undefined) throw new Error("BUG: nobody is connected");
  const release = holdWrites(served);
  client.write(get("/b"));
  await expect.poll(() => taken).toBe(2);
  const [first] = begun;
  if (first !== undefined) answer(first.request, first.response, Buffer.from("x"));
  await expect.poll(urls).toEqual(["/a", "/b"]);
  const early = begun[1]?.response;
  if (early?.socket !== null) throw new Error("BUG: it is its turn to be sent");
  return { early, release };
}

it("tells one that has begun before the answer ahead of it was sent that its connection is gone", async () => {
  const { early } = await beginEarly();
  let closed = 0;
  early.on("close", () => closed++);
  client.resetAndDestroy();
  await expect.poll(() => closed).toBe(1);
  expect([early.closed, early.destroyed]).toEqual([true, true]);
});

it("leaves it to `node:http` to tell one that has been sent since", async () => {
  const { early, release } = await beginEarly();
  let closed = 0;
  early.on("close", () => closed++);
  release();
  await expect.poll(() => early.socket).toBe(served);
  early.end("b");
  await expect.poll(() => closed).toBe(1);
  client.destroy();
  await expect.poll(() => served?.closed).toBe(true);
  expect(closed).toBe(1);
});

it("does not begin one behind a last answer", async () => {
  client.write(get("/a") + get("/b"));
  await expect.poll(() => taken).toBe(2);
  const [first] = begun;
  if (first === undefined) throw new Error("BUG: nothing has begun");
  answer(first.request, first.response, Buffer.from("a"));
  served?.end();
  client.resume();
  await expect.poll(() => served?.closed).toBe(true);
  expect(urls()).toEqual(["/a"]);
});

describe("a request that is late", () => {
  let excused: boolean[];
  let late: number;

  beforeEach(async () => {
    close();
    await open(TIMES);
    excused = [];
    late = 0;
    server.on("clientError", (_, socket) => excused.push(turns.excuse(socket, TIMES.requestTimeout, () => late++)));
  });

  /** More than are read before the first is answered, and the beginning of another. */
  async function holdUp(): Promise<void> {
    client.write(get("/a").repeat(20) + get("/late").slice(0, -2));
    await expect.poll(() => served?.isPaused()).toBe(true);
    await expect.poll(() => excused, { timeout: 4_000 }).toEqual([true]);
  }

  function answerAll(): void {
    serve = (request, response) => answer(request, response, Buffer.from("x"));
    const [first] = begun;
    if (first !== undefined) serve(first.request, first.response);
  }

  it("because it was not read is excused, and read once it is its turn", async () => {
    await holdUp();
    client.write("\r\n");
    answerAll();
    await expect.poll(urls).toContain("/late");
    expect([excused, late]).toEqual([[true], 0]);
  });

  it("because it was not read is told of once it does not come when it is", async () => {
    await holdUp();
    expect(late).toBe(0);
    answerAll();
    await expect.poll(() => late, { timeout: 4_000 }).toBe(1);
    expect(urls()).not.toContain("/late");
  });

  it("by itself is not excused", async () => {
    client.write(get("/a") + get("/b") + get("/late").slice(0, -2));
    await expect.poll(() => excused, { timeout: 4_000 }).toEqual([false]);
  });
});
