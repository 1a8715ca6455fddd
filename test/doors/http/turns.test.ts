import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Turns } from "../../../src/doors/http/turns.ts";
import { openSocket, readAll } from "../../support/raw-http.ts";

let server: Server;
let served: Socket | undefined;
let client: Socket;
const begun: { readonly url: string | undefined; readonly response: ServerResponse }[] = [];

beforeEach(async () => {
  const turns = new Turns();
  begun.length = 0;
  server = createServer((request, response) => {
    turns.take(request, response, () => {
      begun.push({ url: request.url, response });
      request.resume();
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
const readBytes = () => served?.bytesRead ?? 0;

it("begins a request once the answer ahead of it is sent, whatever it brings, and answers in order", async () => {
  const body = "x".repeat(200_000);
  const put = `PUT /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const last = get("/c").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
  const answered = readAll(client);
  client.write(get("/a") + put + last);
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
