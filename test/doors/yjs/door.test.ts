/** The door for Yjs clients, byte by byte: what it refuses, what it bounds, and what an edit costs. */

import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import WebSocket from "ws";
import * as Y from "yjs";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import type { DoorLimits } from "../../../src/doors/limits.ts";
import {
  decodeFrame,
  encodeAnswer,
  encodeAsk,
  encodeAwareness,
  encodeUpdate,
  type YjsMessage,
} from "../../../src/doors/yjs/messages.ts";
import { realUpdates } from "../../documents/real-updates.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";

const KEY = "doc" as Key;
const opened: TestDoors[] = [];

afterEach(async () => {
  for (const doors of opened.splice(0)) await doors.server.close(100);
});

async function open(options: Parameters<typeof openDoors>[0] = {}): Promise<TestDoors> {
  const doors = await openDoors(options);
  opened.push(doors);
  return doors;
}

const openWith = (limits: Partial<DoorLimits>) => open({ limits });

/** A client that does what it is told. */
class RawClient {
  readonly socket: WebSocket;
  readonly messages: YjsMessage[] = [];
  readonly frames: number[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(doors: TestDoors, path = "/yjs/doc", headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${doors.port}${path}`, { headers });
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer) => {
      this.frames.push(data.length);
      this.messages.push(...decodeFrame(new Uint8Array(data)));
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  static async open(doors: TestDoors, path?: string, headers?: Readonly<Record<string, string>>): Promise<RawClient> {
    const client = new RawClient(doors, path, headers);
    await once(client.socket, "open");
    return client;
  }

  send(...frames: readonly (Uint8Array | string)[]): this {
    for (const frame of frames) this.socket.send(frame);
    return this;
  }

  /** Resolves once all that was sent before has been taken. */
  async taken(): Promise<void> {
    const before = this.count("update", true);
    this.send(encodeAsk(Uint8Array.of(0)));
    await expect.poll(() => this.count("update", true)).toBe(before + 1);
  }

  count(type: YjsMessage["type"], isAnswer?: boolean): number {
    return this.messages.filter(
      (message) =>
        message.type === type && (message.type !== "update" || isAnswer === undefined || message.isAnswer === isAnswer),
    ).length;
  }

  async closeCode(): Promise<number> {
    await expect.poll(() => this.closed?.code).toBeDefined();
    return this.closed?.code ?? 0;
  }
}

/** A doc and the updates that it makes. */
function writer() {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update) => updates.push(update));
  return { doc, updates, text: doc.getText("text") };
}

describe("a client", () => {
  it("is asked for what it has, answered with what it lacks, and told what others do, but not what it did", async () => {
    const doors = await open();
    const [one, other] = [await RawClient.open(doors), await RawClient.open(doors, "/v1/keyspaces/default/yjs/doc")];
    await expect.poll(() => one.count("ask")).toBe(1);
    const { updates, text } = writer();
    text.insert(0, "a");
    one.send(encodeUpdate(updates[0] as Uint8Array));
    await expect.poll(() => other.messages.at(-1)).toEqual({ type: "update", update: updates[0], isAnswer: false });
    await one.taken();
    expect(one.messages.at(-1)).toEqual({ type: "update", update: updates[0], isAnswer: true });
    expect(one.count("update", false)).toBe(0);
  });

  it("may send several messages in a frame", async () => {
    const doors = await open();
    const { updates, text } = writer();
    text.insert(0, "a");
    const client = await RawClient.open(doors);
    const ask = encodeAsk(Uint8Array.of(0));
    client.send(new Uint8Array(Buffer.concat([encodeUpdate(updates[0] as Uint8Array), ask, ask])));
    await expect.poll(() => client.count("update", true)).toBe(2);
  });

  it("that sends what stands on what is not here is asked for all of it, once until it has answered", async () => {
    const doors = await open();
    const { doc, updates, text } = writer();
    for (const letter of "abcd") text.insert(0, letter);
    const client = await RawClient.open(doors);
    client.send(...updates.slice(1).map((update) => encodeUpdate(update)));
    await client.taken();
    expect([client.count("ask"), doors.documents.store.appends]).toEqual([1, 0]);
    client.send(encodeAnswer(Y.encodeStateAsUpdate(doc)));
    await client.taken();
    expect([client.count("ask"), doors.documents.store.appends]).toEqual([1, 1]);
    for (const letter of "efg") text.insert(0, letter);
    client.send(...updates.slice(-2).map((update) => encodeUpdate(update)));
    await client.taken();
    expect([client.count("ask"), doors.documents.store.appends, client.closed]).toEqual([2, 1, undefined]);
  });

  it("that owes an answer is not heard before it: the answer holds all that it sent meanwhile", async () => {
    const doors = await open();
    const [mine, own] = [writer(), writer()];
    for (const letter of "ab") mine.text.insert(0, letter);
    own.text.insert(0, "c");
    const client = await RawClient.open(doors);
    client.send(encodeUpdate(mine.updates[1] as Uint8Array), encodeUpdate(own.updates[0] as Uint8Array));
    await client.taken();
    expect(doors.documents.store.appends).toBe(0);
    for (const update of own.updates) Y.applyUpdate(mine.doc, update);
    client.send(encodeAnswer(Y.encodeStateAsUpdate(mine.doc)));
    client.send(encodeUpdate(Uint8Array.of(0, 0)));
    await client.taken();
    const [kept] = doors.documents.store.held.get(KEY)?.updates ?? [];
    const copy = new Y.Doc();
    Y.applyUpdate(copy, kept as Uint8Array);
    expect([...copy.getText("text").toString()].sort()).toEqual(["a", "b", "c"]);
  });

  it("whose answer stands on what only another replica has is asked again once that has come", async () => {
    const doors = await open();
    const { doc, updates, text } = writer();
    text.insert(0, "a");
    const vector = Y.encodeStateVector(doc);
    text.insert(1, "b");
    const client = await RawClient.open(doors);
    client.send(encodeAnswer(Y.encodeStateAsUpdate(doc, vector)));
    await client.taken();
    expect([client.count("ask"), doors.documents.store.appends]).toEqual([1, 0]);
    doors.documents.store.arrive(KEY, updates[0] as Uint8Array);
    await expect.poll(() => client.count("ask")).toBe(2);
    client.send(encodeAnswer(Y.encodeStateAsUpdate(doc)));
    await client.taken();
    expect(doors.documents.store.appends).toBe(1);
  });

  it("hears something often enough not to take silence for a broken connection", async () => {
    const doors = await openWith({ heartbeatMs: 20 });
    const client = await RawClient.open(doors);
    await expect.poll(() => client.messages.at(-1)).toEqual({ type: "awareness", update: Uint8Array.of(0) });
  });

  it("is let go with what it opened", async () => {
    const doors = await open();
    const client = await RawClient.open(doors);
    await client.taken();
    expect(doors.documents.hub.size).toBe(1);
    client.socket.close();
    await expect.poll(() => [doors.documents.hub.size, doors.server.metrics.webSockets]).toEqual([0, 0]);
  });
});

describe("what is hostile ends its own connection, with a code that says whether to come again", () => {
  const cases: readonly (readonly [name: string, code: number, frame: Uint8Array | string])[] = [
    ["text", 4400, "text"],
    ["an unknown message", 4400, Uint8Array.of(9)],
    ["a message that is cut", 4400, Uint8Array.of(0, 2, 200, 1, 0)],
    ["an update of nonsense", 4400, encodeUpdate(Uint8Array.of(1, 2, 3))],
    ["a count of structs that is a lie", 4400, encodeUpdate(Uint8Array.of(1, 0xff, 0xff, 0xff, 0x0f, 1, 0, 0))],
    ["awareness of nonsense", 4400, encodeAwareness(Uint8Array.of(3, 1))],
    ["a state vector of nonsense", 4400, encodeAsk(Uint8Array.of(7))],
    ["an update over the limit", 4413, encodeUpdate(new Uint8Array(8 * 1024 * 1024 + 1))],
  ];

  it.each(cases)("%s: %i", async (_, code, frame) => {
    const doors = await open();
    const bystander = await RawClient.open(doors);
    const client = (await RawClient.open(doors)).send(frame);
    expect(await client.closeCode()).toBe(code);
    await bystander.taken();
    expect([bystander.closed, doors.documents.store.appends]).toEqual([undefined, 0]);
  });

  it("a message beyond all limits", async () => {
    const doors = await openWith({ documentMessageBytesMax: 1_000 });
    const client = (await RawClient.open(doors)).send(new Uint8Array(2_001));
    expect(await client.closeCode()).toBe(1009);
  });

  it("questions without end", async () => {
    const doors = await open();
    const client = await RawClient.open(doors);
    for (let i = 0; i < 1_000; i++) client.send(encodeAsk(Uint8Array.of(0)));
    expect(await client.closeCode()).toBe(1013);
    expect(client.count("update", true)).toBeLessThan(200);
  });

  it("real updates that were damaged: nothing gets out of them but a refusal, or an edit that others can take", async () => {
    const seed = 11;
    const random = new SeededRandom(seed);
    const doors = await open();
    const bystander = await RawClient.open(doors);
    const copy = new Y.Doc();
    let client = await RawClient.open(doors);
    for (const update of realUpdates(random).slice(0, 150)) {
      const damaged = update.slice();
      for (let i = random.uint32() % 3; i >= 0; i--) damaged[random.uint32() % damaged.length] = random.uint32() % 256;
      if (client.socket.readyState !== WebSocket.OPEN) client = await RawClient.open(doors);
      client.send(encodeUpdate(damaged));
      await expect.poll(() => client.closed !== undefined || client.socket.bufferedAmount === 0).toBe(true);
    }
    await bystander.taken();
    for (const message of bystander.messages) {
      if (message.type === "update") expect(() => Y.applyUpdate(copy, message.update), `seed ${seed}`).not.toThrow();
    }
    expect(bystander.closed).toBeUndefined();
  });
});

describe("a client that does not read", () => {
  it("is disconnected at a bound, and told to come again; who reads is not", async () => {
    const doors = await openWith({ outputBytesMax: 100_000 });
    const [slow, quick, author] = [
      await RawClient.open(doors),
      await RawClient.open(doors),
      await RawClient.open(doors),
    ];
    slow.socket.pause();
    const { updates, text } = writer();
    let sent = 0;
    const errors = () => doors.server.metrics.errorCount("SLOW_CONSUMER");
    while (errors() === 0 && sent < 400) {
      text.insert(0, "x".repeat(100_000));
      text.delete(0, 100_000);
      author.send(encodeUpdate(updates[sent] as Uint8Array), encodeUpdate(updates[sent + 1] as Uint8Array));
      sent += 2;
      await expect.poll(() => author.socket.bufferedAmount).toBe(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(errors).toBe(1);
    slow.socket.resume();
    expect(await slow.closeCode()).toBeGreaterThanOrEqual(1000);
    await quick.taken();
    expect(quick.closed).toBeUndefined();
  });
});

describe("one small edit of a great document", () => {
  it("costs each client its own bytes, and the one who made it none", async () => {
    const doors = await open();
    const { updates, text } = writer();
    text.insert(0, "x".repeat(1_000_000));
    doors.documents.store.arrive(KEY, updates[0] as Uint8Array);
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(doors)));
    for (const client of clients) await client.taken();
    for (const client of clients) client.frames.length = 0;
    text.insert(500_000, "y");
    const edit = updates[1] as Uint8Array;
    clients[0]?.send(encodeUpdate(edit));
    await Promise.all(clients.slice(1).map((client) => expect.poll(() => client.frames).toEqual([edit.length + 3])));
    expect(clients[0]?.frames).toEqual([]);
    expect(edit.length).toBeLessThan(40);
    expect(doors.documents.store.held.get(KEY)?.updates.at(-1)).toEqual(edit);
  });
});

describe("before the upgrade", () => {
  const auth = createAuth([
    { token: "all", scopes: ["read", "write"] },
    { token: "writes", scopes: ["write"] },
    { token: "other", scopes: ["read", "write"], prefix: "other/" },
  ]);

  it.each([
    ["no token", "/yjs/doc", {}, 401],
    ["a wrong token", "/yjs/doc?token=wrong", {}, 401],
    ["a token that may not read", "/yjs/doc", { authorization: "Bearer writes" }, 403],
    ["a token for other keys", "/yjs/doc?token=other", {}, 403],
    ["a page of elsewhere", "/yjs/doc?token=all", { origin: "https://evil.example" }, 403],
    ["no key", "/yjs/?token=all", {}, 400],
    ["a keyspace that is not there", "/v1/keyspaces/no/yjs/doc?token=all", {}, 404],
    ["a subprotocol that is not spoken", "/yjs/doc?token=all", { "sec-websocket-protocol": "graphql-ws" }, 400],
  ])("is refused: %s", async (_, path, headers, status) => {
    const doors = await open({ auth });
    const client = new RawClient(doors, path, headers as Record<string, string>);
    const [, response] = await once(client.socket, "unexpected-response");
    expect(response.statusCode).toBe(status);
    response.destroy();
    expect(doors.documents.hub.size).toBe(0);
  });

  it("is let in: a token by header, by parameter among others, under its prefix", async () => {
    const doors = await open({ auth });
    await RawClient.open(doors, "/yjs/doc?user=a&token=all&x");
    await RawClient.open(doors, "/yjs/doc", { authorization: "Bearer all" });
    await RawClient.open(doors, "/yjs/other/%2F%20doc?token=other");
    await expect.poll(() => doors.documents.hub.size).toBe(2);
    expect(doors.documents.store.followersOf("other// doc" as Key)).toBe(1);
  });

  it("too many documents are told by a code, for a client of y-websocket to come again", async () => {
    const doors = await open();
    Reflect.set(doors.documents.hub.limits, "documentsOpenMax", 1);
    const first = await RawClient.open(doors);
    await first.taken();
    expect(await (await RawClient.open(doors, "/yjs/other")).closeCode()).toBe(1013);
    expect(first.closed).toBeUndefined();
  });
});

describe("a server that closes", () => {
  it("says so to its clients, who come again", async () => {
    const doors = await open();
    const client = await RawClient.open(doors);
    await client.taken();
    await doors.server.close();
    expect(await client.closeCode()).toBe(1001);
  });
});
