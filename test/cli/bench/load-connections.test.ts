/** What both kinds of connections of a load have to do, against a replica's own doors. */

import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyFromText } from "../../../src/base/key.ts";
import { HttpConnection } from "../../../src/cli/bench/http-connection.ts";
import type { LoadConnection, LoadTarget } from "../../../src/cli/bench/load-connection.ts";
import type { OperationType } from "../../../src/cli/bench/operation-mix.ts";
import { WebSocketConnection } from "../../../src/cli/bench/websocket-connection.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";
import { readTls } from "../../support/tls.ts";

const TOKEN = "a-token-that-is-long-enough";
let doors: TestDoors;
let secure: TestDoors;

beforeAll(async () => {
  const auth = createAuth([{ token: TOKEN, scopes: ["read", "write"], prefix: "bänch/" }]);
  doors = await openDoors({ auth });
  secure = await openDoors({ tls: { cert: readTls("cert"), key: readTls("key") } });
});
afterAll(() => Promise.all([doors.server.close(0), secure.server.close(0)]));

interface Answer {
  readonly error: string | undefined;
  readonly isMiss: boolean;
  readonly isBroken: boolean;
}

function ask(connection: LoadConnection, type: OperationType, key: number): Promise<Answer> {
  return new Promise((resolve) => {
    connection.send(type, key, (error, isMiss, isBroken) => resolve({ error, isMiss, isBroken }));
  });
}

function targetOf(url: string, more: Partial<LoadTarget> = {}): LoadTarget {
  return { url: new URL(url), prefix: "bänch/", value: "value", token: TOKEN, ...more };
}

const WELL = { error: undefined, isMiss: false, isBroken: false };

interface Peer {
  readonly url: string;
  close(): Promise<void>;
}

/** A server that does to each of its connections what it is told. */
async function createPeer(meet: (socket: Socket) => void): Promise<Peer> {
  const met = new Set<Socket>();
  const server = createServer((socket) => {
    met.add(socket);
    socket.on("error", () => {}).on("close", () => met.delete(socket));
    meet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of met) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

describe.each([
  ["HTTP", (target: LoadTarget) => new HttpConnection(target)],
  ["WebSocket", (target: LoadTarget) => new WebSocketConnection(target)],
])("a connection over %s", (_name, create) => {
  it("gets, puts and deletes, one after the other, with the token", async () => {
    const connection = create(targetOf(doors.url));
    expect(await ask(connection, "get", 7)).toEqual({ ...WELL, isMiss: true });
    expect(await ask(connection, "put", 7)).toEqual(WELL);
    const { entry } = await doors.store.get(keyFromText("bänch/7"));
    expect(Buffer.from(entry?.value ?? []).toString()).toBe("value");
    expect(await ask(connection, "get", 7)).toEqual(WELL);
    expect(await ask(connection, "delete", 7)).toEqual(WELL);
    expect((await doors.store.get(keyFromText("bänch/7"))).entry).toBeUndefined();
    connection.close();
  });

  it("tells by its code what is refused, and goes on", async () => {
    const connection = create(targetOf(doors.url, { prefix: "other/" }));
    expect(await ask(connection, "put", 1)).toEqual({ ...WELL, error: "FORBIDDEN" });
    expect(await ask(connection, "get", 1)).toEqual({ ...WELL, error: "FORBIDDEN" });
    connection.close();
    const elsewhere = create(targetOf(doors.url, { keyspace: "none" }));
    const { error } = await ask(elsewhere, "get", 1);
    expect(error).toMatch(/^(UNKNOWN_KEYSPACE|HTTP_404)$/);
    elsewhere.close();
  });

  it("is encrypted where the URL says so, and trusts the authority that it is given", async () => {
    const url = secure.url.replace("http:", "https:").replace("127.0.0.1", "localhost");
    const connection = create(targetOf(url, { ca: readTls("ca") }));
    expect(await ask(connection, "put", 1)).toEqual(WELL);
    expect(await ask(connection, "get", 1)).toEqual(WELL);
    connection.close();
    const distrusting = create(targetOf(url));
    const { error, isBroken } = await ask(distrusting, "put", 1);
    expect([error, isBroken]).toEqual(["UNABLE_TO_VERIFY_LEAF_SIGNATURE", true]);
    distrusting.close();
  });

  it("tells that it broke: nobody there, hung up, talking nonsense; and connects anew", async () => {
    const gone = await createPeer((socket) => socket.destroy());
    const connection = create(targetOf(gone.url));
    for (let i = 0; i < 2; i++) {
      const { error, isBroken } = await ask(connection, "get", 1);
      expect(error).toMatch(/^(ECONNRESET|CONNECTION_CLOSED|EPIPE)$/);
      expect(isBroken).toBe(true);
    }
    await gone.close();
    expect(await ask(connection, "get", 1)).toEqual({ error: "ECONNREFUSED", isMiss: false, isBroken: true });
    const nonsense = await createPeer((socket) => socket.write("SSH-2.0-x\r\n\r\n"));
    const confused = create(targetOf(nonsense.url));
    expect((await ask(confused, "get", 1)).isBroken).toBe(true);
    for (const each of [connection, confused]) each.close();
    await nonsense.close();
  });

  it("gives up when it is told to, and connects anew", async () => {
    let met = 0;
    const silent = await createPeer(() => met++);
    const connection = create(targetOf(silent.url));
    for (let i = 1; i <= 2; i++) {
      const asked = ask(connection, "get", 1);
      await expect.poll(() => met).toBe(i);
      connection.abort("TIMEOUT");
      expect(await asked).toEqual({ error: "TIMEOUT", isMiss: false, isBroken: true });
    }
    connection.close();
    await silent.close();
  });
});
