import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Turns } from "../../../src/doors/http/turns.ts";
import { openSocket, readAll } from "../../support/raw-http.ts";

let server: Server;
let served: Socket | undefined;
let client: Socket;
let turns: Turns;
/** What each request meets once it has begun. */
let serve: (request: IncomingMessage, response: ServerResponse) => void;
let taken: number;
const begun: {
  readonly url: string | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}[] = [];

beforeEach(async () => {
  turns = new Turns();
  begun.length = 0;
  taken = 0;
  serve = (request) => request.resume();
  server = createServer((request, response) => {
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
});

afterEach(() => {
  client.destroy();
  server.close();
});

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
