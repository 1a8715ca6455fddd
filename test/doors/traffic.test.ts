import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { trafficOf } from "../../src/doors/traffic.ts";
import { readTls } from "../support/tls.ts";

const LONG = 32 * 1024 * 1024;
const MARGIN = 1024 * 1024;

let server: Server;
let served: Socket;
let client: Socket;

afterEach(() => {
  served.destroy();
  client.destroy();
  server.close();
});

async function open(isTls: boolean): Promise<void> {
  server = isTls ? createTlsServer({ cert: readTls("cert"), key: readTls("key") }) : createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, isTls ? "secureConnection" : "connection");
  client = isTls ? tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false }) : connect(port, "127.0.0.1");
  [served] = (await accepted) as [Socket];
}

describe.each([
  ["plain", false],
  ["secured", true],
])("of a connection that is %s, traffic", (_, isTls) => {
  it("grows with what comes", async () => {
    await open(isTls);
    served.resume();
    const before = trafficOf(served);
    client.write(Buffer.alloc(1000));
    await expect.poll(() => trafficOf(served)).toBeGreaterThanOrEqual(before + 1000);
  });

  it("grows with what the other side takes, and not with what is only written", async () => {
    await open(isTls);
    client.pause();
    served.write(Buffer.alloc(LONG));
    await once(client, "readable");
    const [taken, read] = [trafficOf(served), client.bytesRead];
    expect(taken).toBeLessThan(LONG / 2);
    // Some of it, long before it is all.
    client.on("readable", () => {
      if (client.bytesRead < read + 2 * MARGIN) client.read();
    });
    client.read();
    await expect.poll(() => trafficOf(served)).toBeGreaterThan(taken + MARGIN);
    expect(trafficOf(served)).toBeLessThan(LONG - MARGIN);
    client.removeAllListeners("readable");
    client.resume();
    await expect.poll(() => trafficOf(served), { timeout: 10_000 }).toBeGreaterThanOrEqual(LONG);
  });
});

it("of a connection that is gone is what came over it", async () => {
  await open(false);
  client.write(Buffer.alloc(10));
  await once(served, "data");
  served.destroy();
  expect(trafficOf(served)).toBe(10);
});
