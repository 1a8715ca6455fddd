import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { type ErrorCode, errorRow } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { createNonce, createPeerHmac } from "../../src/runtime/peer-proof.ts";
import type { WsTransport, WsTransportOptions } from "../../src/runtime/ws-transport.ts";
import { FRAME_BYTES_MAX } from "../../src/wire/frames.ts";
import { Handshake, type HandshakeSetup } from "../../src/wire/handshake.ts";
import type { Role } from "../../src/wire/handshake-message.ts";
import { VERSIONS } from "../../src/wire/message.ts";
import { isLinked, type Running, startUnderTest } from "../ports/transport-law.ts";
import { listen, until, type WsNode, WsWorld } from "../support/ws-world.ts";

const A = "a" as ReplicaId;
const B = "b" as ReplicaId;
const EVIL = "m" as ReplicaId;
const SECRET = new TextEncoder().encode("the secret of this cluster");
const OTHER_SECRET = new TextEncoder().encode("the secret of another cluster");

type Node = Running & { readonly transport: WsTransport; readonly port: number };

let world: WsWorld;
let running: Running[] = [];

beforeEach(() => {
  world = new WsWorld();
  running = [];
});

afterEach(async () => {
  await world.close();
  expect(running.flatMap((one) => one.seen.broken)).toEqual([]);
});

async function start(id: ReplicaId, options: Partial<WsTransportOptions> = {}): Promise<Node> {
  return run(await world.create({ id }, { secret: SECRET, ...options }));
}

async function run(created: WsNode): Promise<Node> {
  const one = { ...(await startUnderTest(created)), transport: created.transport, port: created.port };
  running.push(one);
  return one;
}

async function pair(options: Partial<WsTransportOptions> = {}): Promise<[Node, Node]> {
  const a = await start(A, options);
  const b = await start(B, options);
  a.transport.connect([b.address]);
  await until(() => isLinked(a, b), "a link");
  return [a, b];
}

/** Passes a message both ways, again on the next link if one is replaced: what was under way before has been handled. */
async function exchange(a: Node, b: Node): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const before = to.seen.frames.length;
    let used: number | undefined;
    await until(() => {
      const link = from.seen.linkTo(to.id);
      if (link !== undefined && link !== used) from.transport.send(link, Uint8Array.of(1, 2, 3), false);
      used = link;
      return to.seen.frames.length > before;
    }, "a message");
  }
}

function statistic(node: Node, name: string, label?: string): number {
  const samples = node.transport.statistics().find((one) => one.name === name)?.samples ?? [];
  return samples.find((one) => label === undefined || Object.values(one.labels).includes(label))?.value ?? 0;
}

/** A WebSocket that keeps no rule but those of `ws`, and what became of it. */
class Intruder {
  readonly socket: WebSocket;
  closed: number | undefined;
  failure: string | undefined;
  readonly received: Uint8Array[] = [];

  constructor(port: number, options: ClientOptions = {}, subprotocol = "atoll.peer") {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/v1/peer`, subprotocol, {
      perMessageDeflate: false,
      ...options,
    });
    this.socket.on("message", (data) => this.received.push(data as Uint8Array));
    this.socket.on("error", (error) => (this.failure = error.message));
    this.socket.on("close", (code) => (this.closed = code));
    world.onClose(() => this.socket.terminate());
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  async opened(): Promise<this> {
    await until(() => this.isOpen || this.closed !== undefined, "a WebSocket");
    return this;
  }

  async end(): Promise<number | undefined> {
    await until(() => this.closed !== undefined, "the end of a WebSocket");
    return this.closed;
  }
}

function setup(
  role: Role,
  changes: Partial<HandshakeSetup> = {},
  hello: Partial<HandshakeSetup["hello"]> = {},
): HandshakeSetup {
  return {
    hello: {
      role,
      versions: VERSIONS,
      cluster: "test",
      shards: 256,
      id: EVIL,
      processNumber: 1,
      attempt: 1,
      nonce: createNonce(),
      compressRegions: false,
      ...hello,
    },
    facts: { life: 1, region: "here", address: "127.0.0.1:1" },
    hmac: createPeerHmac(SECRET),
    equal: (a, b) => Buffer.compare(a, b) === 0,
    turnAway: () => undefined,
    isOwnNonce: () => false,
    admit: () => undefined,
    ...changes,
  };
}

/** Goes through the handshake, honestly or not; returns the sent bytes. */
async function shakeHands(intruder: Intruder, as: HandshakeSetup): Promise<Uint8Array[]> {
  await intruder.opened();
  const handshake = new Handshake(as);
  const sent: Uint8Array[] = [];
  let steps = [handshake.start()];
  for (let handled = 0; ; ) {
    for (const bytes of steps.flatMap((step) => step.send)) {
      sent.push(bytes);
      intruder.socket.send(bytes);
    }
    if (steps.some((step) => step.outcome !== undefined)) return sent;
    await until(() => intruder.received.length > handled || intruder.closed !== undefined, "an answer");
    const fresh = intruder.received.slice(handled);
    if (fresh.length === 0) return sent;
    handled += fresh.length;
    steps = fresh.map((bytes) => handshake.receive(bytes));
  }
}

/** An intruder that holds the secret: a member gone bad. */
async function member(node: Node): Promise<Intruder> {
  const intruder = new Intruder(node.port);
  await shakeHands(intruder, setup("dialler"));
  await until(() => node.seen.linkTo(EVIL) !== undefined, "the member's link");
  return intruder;
}

function expectRefused(node: Node, code: ErrorCode, inbound = true): void {
  expect(node.seen.refusals).toContainEqual(expect.objectContaining({ code, inbound }));
  expect(statistic(node, "link_refusals_total", code)).toBeGreaterThan(0);
}

/** A frame header as a client would send it, with a masking key of zero. */
function frameHeader(options: { first: number; length: number }): Buffer {
  const header = Buffer.alloc(14);
  header[0] = options.first;
  header[1] = 0x80 | 127;
  header.writeUInt32BE(options.length, 6);
  return header;
}

async function rawUpgrade(
  port: number,
  headers = "",
  path = "/v1/peer",
): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: atoll.peer\r\n${headers}\r\n`,
  );
  world.onClose(() => {
    socket.destroy();
  });
  return { socket, text: () => text };
}

describe("who may link", () => {
  const secrets: readonly [string, Uint8Array | undefined, Uint8Array | undefined][] = [
    ["another secret", SECRET, OTHER_SECRET],
    ["no secret at the dialler", undefined, SECRET],
    ["no secret at the acceptor", SECRET, undefined],
  ];
  test.each(secrets)("not one with %s, and both ends say so", async (_, dialling, accepting) => {
    const a = await run(await world.create({ id: A }, dialling === undefined ? {} : { secret: dialling }));
    const b = await run(await world.create({ id: B }, accepting === undefined ? {} : { secret: accepting }));
    a.transport.connect([b.address]);
    await until(() => a.seen.hasRefusal("PEER_BAD_SECRET") && b.seen.hasRefusal("PEER_BAD_SECRET"), "refusals");
    expectRefused(a, "PEER_BAD_SECRET", false);
    expectRefused(b, "PEER_BAD_SECRET", true);
    expect(a.seen.seen.size + b.seen.seen.size).toBe(0);
  });

  test("not one whom we dialled and who only pretends to know the secret", async () => {
    const server = createServer();
    const webSockets = new WebSocketServer({ server });
    webSockets.on("connection", (socket) => {
      const handshake = new Handshake(setup("acceptor", { hmac: createPeerHmac(OTHER_SECRET), equal: () => true }));
      socket.on("message", (data) => {
        for (const bytes of handshake.receive(data as Uint8Array).send) socket.send(bytes);
      });
    });
    world.onClose(() => {
      for (const client of webSockets.clients) client.terminate();
      server.close();
    });
    const a = await start(A);
    a.transport.connect([`127.0.0.1:${await listen(server)}`]);
    await until(() => a.seen.hasRefusal("PEER_BAD_SECRET"), "a refusal");
    expectRefused(a, "PEER_BAD_SECRET", false);
    expect(a.seen.seen.size).toBe(0);
  });

  test("not one without a common version", async () => {
    const a = await start(A, { versions: { min: 1, max: 2 } });
    const b = await start(B, { versions: { min: 3, max: 4 } });
    a.transport.connect([b.address]);
    await until(
      () => a.seen.hasRefusal("PEER_NO_COMMON_VERSION") && b.seen.hasRefusal("PEER_NO_COMMON_VERSION"),
      "both",
    );
    expect(a.seen.refusals[0]?.message).toContain("1 to 2");
  });

  test("not one that speaks versions up to 2 only, to which records of collections and increments are bad bytes", async () => {
    const [a, b] = [await start(A), await start(B, { versions: { min: 1, max: 2 } })];
    a.transport.connect([b.address]);
    await until(() => a.seen.hasRefusal("PEER_NO_COMMON_VERSION"), "a refusal");
  });

  test("two of different versions, in the highest that both speak", async () => {
    const a = await start(A, { versions: { min: 1, max: 5 } });
    const b = await start(B, { versions: { min: 2, max: 3 } });
    a.transport.connect([b.address]);
    await until(() => isLinked(a, b), "a link");
    expect([...a.seen.links.values(), ...b.seen.links.values()].map((link) => link.version)).toEqual([3, 3]);
  });

  test("not a second process with our id", async () => {
    const a = await start(A);
    const twin = await start(A);
    a.transport.connect([twin.address]);
    await until(() => a.seen.hasRefusal("PEER_DUPLICATE_ID") && twin.seen.hasRefusal("PEER_DUPLICATE_ID"), "both");
  });

  test("not a second process with the id of a linked replica, whatever its life, however often it tries", async () => {
    const [a, b] = await pair();
    const twin = await run(await world.create({ id: B, life: 9 }, { secret: SECRET }));
    const [link] = a.seen.links.keys();
    twin.transport.connect([a.address]);
    const asked = () => twin.seen.refusals.filter(({ code }) => code === "PEER_DUPLICATE_ID").length;
    await until(() => asked() >= 5, "five refusals");
    expectRefused(twin, "PEER_DUPLICATE_ID", false);
    expectRefused(a, "PEER_DUPLICATE_ID", true);
    expect(twin.seen.refusals[0]?.message).toContain(`at ${b.address}`);
    a.transport.connect([twin.address]);
    await until(() => a.seen.hasRefusal("PEER_DUPLICATE_ID", false), "a refusal of whom we dialled");
    await until(() => twin.seen.hasRefusal("PEER_DUPLICATE_ID", true), "its word of it");
    await exchange(a, b);
    expect([...a.seen.links.keys()]).toEqual([link]);
    expect([a.seen.downs, b.seen.downs, twin.seen.seen.size]).toEqual([[], [], 0]);
  });

  test("the second process with one id once the first is gone, though its link was only half open", async () => {
    const a = await start(A, { limits: { deadAfterMs: 6000, pingEveryMs: 100_000 } });
    const first = await start(B, { limits: { deadAfterMs: 100_000 } });
    const relay = await world.relay(a.port);
    first.transport.connect([`127.0.0.1:${relay.port}`]);
    await until(() => isLinked(a, first), "a link");
    relay.freeze();
    const second = await start(B);
    second.transport.connect([a.address]);
    await until(() => isLinked(a, second), "a link to the second");
    expect(second.seen.hasRefusal("PEER_DUPLICATE_ID")).toBe(true);
    expect(a.seen.downs.map(({ code, reason }) => [code, reason])).toEqual([
      ["PEER_TIMEOUT", "nothing heard since another process said that it is this peer"],
    ]);
  });

  test("not ourselves, and the address is left alone for a while", async () => {
    const a = await start(A);
    const b = await start(B);
    a.transport.connect([a.address, b.address]);
    await until(() => a.seen.hasRefusal("PEER_SELF", false) && isLinked(a, b), "a refusal and a link");
    await exchange(a, b);
    a.transport.connect([a.address, b.address]);
    await exchange(a, b);
    expect(statistic(a, "link_dials_total")).toBe(2);
  });

  test("not one that plays back what another said", async () => {
    const a = await start(A);
    const honest = new Intruder(a.port);
    const said = await shakeHands(honest, setup("dialler"));
    await until(() => a.seen.linkTo(EVIL) !== undefined, "a link");
    expect(said).toHaveLength(2);
    const replay = await new Intruder(a.port).opened();
    for (const bytes of said) replay.socket.send(bytes);
    expect(await replay.end()).toBe(errorRow("PEER_BAD_SECRET").close);
    expectRefused(a, "PEER_BAD_SECRET");
  });

  test("not one that reflects what we say", async () => {
    const a = await start(A);
    const mirror = await new Intruder(a.port).opened();
    mirror.socket.send(Buffer.from(new Handshake(setup("dialler")).start().send[0] as Uint8Array));
    await until(() => mirror.received.length > 0, "our hello");
    mirror.socket.send(mirror.received[0] as Uint8Array);
    expect(await mirror.end()).toBe(errorRow("PEER_BAD_FRAME").close);
  });

  test("not at an address that is none", async () => {
    const a = await start(A);
    const bad = [
      "",
      "host",
      "host:0",
      "host:65536",
      "a@b:1",
      "h/v1?:80",
      "h:1/x",
      "[::1:80",
      "::1:80",
      "[x]:1",
      "h:1#",
    ];
    a.transport.connect(bad);
    expect(a.seen.refusals.map((refusal) => refusal.address)).toEqual(bad);
    expect(statistic(a, "link_dials_total")).toBe(0);
  });
});

describe("before a peer has proved itself", () => {
  const first: readonly [string, Uint8Array | string, ErrorCode][] = [
    ["garbage", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "PEER_BAD_FRAME"],
    ["an empty frame", new Uint8Array(0), "PEER_BAD_FRAME"],
    [
      "a truncated hello",
      (new Handshake(setup("dialler")).start().send[0] as Uint8Array).subarray(0, 40),
      "PEER_BAD_FRAME",
    ],
    ["a text frame", "hello", "PEER_BAD_FRAME"],
    ["a frame over 4 KiB", new Uint8Array(5000), "PEER_FRAME_TOO_LARGE"],
    ["a frame over 1 MiB", new Uint8Array(FRAME_BYTES_MAX + 1), "PEER_FRAME_TOO_LARGE"],
  ];
  test.each(first)("%s is refused", async (_, data, code) => {
    const a = await start(A);
    const intruder = await new Intruder(a.port).opened();
    intruder.socket.send(data);
    await intruder.end();
    await until(() => a.seen.hasRefusal(code) || a.seen.hasRefusal("PEER_BAD_FRAME"), "a refusal");
    expect(a.seen.seen.size).toBe(0);
    await until(() => statistic(a, "link_greetings") === 0, "its slot to be free");
  });

  test("a large frame that trickles in is cut at 4 KiB", async () => {
    const a = await start(A);
    const { socket, text } = await rawUpgrade(a.port);
    await until(() => text().startsWith("HTTP/1.1 101"), "an upgrade");
    socket.write(frameHeader({ first: 0x82, length: FRAME_BYTES_MAX }));
    let sent = 0;
    const trickle = setInterval(() => {
      sent += 512;
      socket.write(Buffer.alloc(512));
    }, 1);
    world.onClose(() => clearInterval(trickle));
    await until(() => a.seen.hasRefusal("PEER_FRAME_TOO_LARGE"), "a refusal");
    await until(() => socket.destroyed, "the end");
    expect(sent).toBeLessThan(64 * 1024);
  });

  test("thousands of pings are cut at 4 KiB", async () => {
    const a = await start(A);
    const intruder = await new Intruder(a.port).opened();
    for (let i = 0; i < 5000 && intruder.isOpen; i++) intruder.socket.ping();
    await intruder.end();
    expectRefused(a, "PEER_FRAME_TOO_LARGE");
  });

  test("thousands of tiny fragments are cut", async () => {
    const a = await start(A);
    const intruder = await new Intruder(a.port).opened();
    for (let i = 0; i < 5000 && intruder.isOpen; i++) intruder.socket.send(Buffer.of(1), { fin: false });
    await intruder.end();
    expect(a.seen.refusals[0]?.code).toMatch(/^PEER_(BAD_FRAME|FRAME_TOO_LARGE)$/);
    expect(statistic(a, "link_bytes_total", "in")).toBeLessThan(128 * 1024);
  });

  test("one that never speaks is closed in time", async () => {
    const a = await start(A, { limits: { greetingTimeoutMs: 60 } });
    const silent = await new Intruder(a.port).opened();
    expect(await silent.end()).toBe(errorRow("PEER_TIMEOUT").close);
    expectRefused(a, "PEER_TIMEOUT");
  });

  test("one that never speaks and never reads is destroyed in time", async () => {
    const a = await start(A, { limits: { greetingTimeoutMs: 60, closeGraceMs: 60 } });
    const { socket, text } = await rawUpgrade(a.port);
    await until(() => text().startsWith("HTTP/1.1 101"), "an upgrade");
    socket.pause();
    await until(() => statistic(a, "link_greetings") === 0, "its slot to be free");
    expectRefused(a, "PEER_TIMEOUT");
  });

  test("one that stops after its hello is closed in time", async () => {
    const a = await start(A, { limits: { greetingTimeoutMs: 60 } });
    const slow = await new Intruder(a.port).opened();
    slow.socket.send(new Handshake(setup("dialler")).start().send[0] as Uint8Array);
    expect(await slow.end()).toBe(errorRow("PEER_TIMEOUT").close);
    expect(slow.received).toHaveLength(1);
  });

  test("a listener that accepts and stays silent does not hold a dialler for ever", async () => {
    const silent = createServer();
    const sockets: Socket[] = [];
    silent.on("connection", (socket: Socket) => sockets.push(socket));
    silent.on("upgrade", () => {});
    const port = await listen(silent);
    world.onClose(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const a = await start(A, { limits: { greetingTimeoutMs: 60 } });
    a.transport.connect([`127.0.0.1:${port}`]);
    await until(() => a.seen.refusals.length >= 2, "two tries");
    expect(a.seen.refusals[0]?.inbound).toBe(false);
  });
});

describe("at the upgrade", () => {
  const origins = ["https://evil.example", "null", "https://good.example.evil", "http://127.0.0.1"];
  test.each(origins)("the Origin of a browser is refused: %s", async (origin) => {
    const a = await start(A);
    const page = await new Intruder(a.port, { origin }).opened();
    expect(page.failure).toContain("403");
    expectRefused(a, "FORBIDDEN_ORIGIN");
  });

  test("another subprotocol is refused", async () => {
    const a = await start(A);
    const other = await new Intruder(a.port, {}, "atoll.v1.json").opened();
    expect(other.failure).toContain("400");
    expectRefused(a, "UNSUPPORTED_SUBPROTOCOL");
  });

  test("3,000 headers are refused, and the next peer is not", async () => {
    const [a, b] = await pair();
    const { socket, text } = await rawUpgrade(a.port, "a:b\r\n".repeat(3000));
    await until(() => socket.destroyed || socket.readableEnded, "the end");
    expect(text()).toMatch(/^HTTP\/1\.1 4\d\d /);
    const many = await rawUpgrade(a.port, "a:b\r\n".repeat(100));
    await until(() => many.text().length > 0, "an answer");
    expect(many.text()).toMatch(/^HTTP\/1\.1 431 /);
    expectRefused(a, "HEADERS_TOO_LARGE");
    await exchange(a, b);
  });

  test("a malformed upgrade is refused", async () => {
    const a = await start(A);
    const { text } = await rawUpgrade(a.port, "Sec-WebSocket-Key: again\r\n");
    await until(() => text().length > 0, "an answer");
    expect(text()).toMatch(/^HTTP\/1\.1 400 /);
    expectRefused(a, "BAD_REQUEST");
  });

  test("compression is not agreed to, and a compressed frame is refused", async () => {
    const a = await start(A);
    const offering = await new Intruder(a.port, { perMessageDeflate: true }).opened();
    expect(offering.socket.extensions).toBe("");
    const { socket, text } = await rawUpgrade(a.port, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    await until(() => text().startsWith("HTTP/1.1 101"), "an upgrade");
    expect(text()).not.toContain("permessage-deflate");
    socket.write(Buffer.concat([frameHeader({ first: 0xc2, length: 4 }), Buffer.alloc(4)]));
    await until(() => a.seen.hasRefusal("PEER_BAD_FRAME"), "a refusal");
  });

  test("a burst of 200 strangers from one address gets a few slots and disturbs no link", async () => {
    const [a, b] = await pair({ limits: { greetingsPerIpMax: 16, greetingTimeoutMs: 60_000 } });
    const link = a.seen.linkTo(B);
    const strangers = Array.from({ length: 200 }, () => new Intruder(a.port));
    let most = 0;
    await until(() => {
      most = Math.max(most, statistic(a, "link_greetings"));
      return strangers.every((one) => one.isOpen || one.closed !== undefined);
    }, "200 answers");
    expect(most).toBeLessThanOrEqual(16);
    expect(strangers.filter((one) => one.failure?.includes("503")).length).toBeGreaterThanOrEqual(184);
    await exchange(a, b);
    expect(a.seen.linkTo(B)).toBe(link);
    expectRefused(a, "TOO_MANY_CONNECTIONS");
    for (const stranger of strangers) stranger.socket.terminate();
    const late = await start("c" as ReplicaId);
    late.transport.connect([a.address]);
    await until(() => isLinked(a, late), "a peer that comes after the burst");
  });

  test("all strangers together get no more slots than there are", async () => {
    const a = await start(A, { limits: { greetingsMax: 3 } });
    const strangers = Array.from({ length: 10 }, () => new Intruder(a.port));
    await until(() => strangers.every((one) => one.isOpen || one.closed !== undefined), "ten answers");
    expect(strangers.filter((one) => one.isOpen)).toHaveLength(3);
  });

  test("only the peers' path is taken over from a server", async () => {
    const server = createServer();
    const port = await listen(server);
    const created = await world.create({ id: A }, { server, secret: SECRET });
    const a = await run(created);
    const others: string[] = [];
    server.on("upgrade", (request, socket) => {
      if (request.url?.startsWith("/v1/peer")) return;
      others.push(request.url ?? "");
      socket.destroy();
    });
    world.onClose(() => {
      server.close();
    });
    await rawUpgrade(port, "", "/v1/socket");
    await until(() => others.length === 1, "the other path");
    const b = await start(B);
    b.transport.connect([`127.0.0.1:${port}`]);
    await until(() => isLinked(a, b), "a link");
  });
});

describe("a member gone bad", () => {
  const frames: readonly [string, Uint8Array | string, ErrorCode][] = [
    ["a text frame", "\u0000legal but for its type", "PEER_BAD_FRAME"],
    ["an empty frame", new Uint8Array(0), "PEER_BAD_FRAME"],
    ["a frame of unknown kind", Uint8Array.of(9, 9), "PEER_BAD_FRAME"],
    ["a part out of the blue", new Uint8Array(FRAME_BYTES_MAX).fill(7), "PEER_BAD_FRAME"],
    ["a frame over 1 MiB", new Uint8Array(FRAME_BYTES_MAX + 1), "PEER_FRAME_TOO_LARGE"],
  ];
  test.each(frames)("loses its link for %s", async (_, data, code) => {
    const a = await start(A);
    const bad = await member(a);
    bad.socket.send(data);
    await until(() => a.seen.links.size === 0, "its link down");
    expect(a.seen.downs[0]?.code).toBe(code);
    expect(statistic(a, "link_cuts_total", code)).toBe(1);
    expect(a.seen.frames).toEqual([]);
  });

  test("loses its link for a message over the bound, announced only", async () => {
    const a = await start(A);
    const bad = await member(a);
    const claim = new Uint8Array(5);
    claim[0] = 1;
    new DataView(claim.buffer).setUint32(1, world.messageBytesMax + 1, true);
    bad.socket.send(claim);
    expect(await bad.end()).toBe(errorRow("PEER_FRAME_TOO_LARGE").close);
  });

  test("loses its link for thousands of tiny fragments", async () => {
    const a = await start(A);
    const bad = await member(a);
    for (let i = 0; i < 5000 && bad.isOpen; i++) bad.socket.send(Buffer.of(0), { fin: false });
    await until(() => a.seen.links.size === 0, "its link down");
    expect(a.seen.downs[0]?.code).toBe("PEER_BAD_FRAME");
  });

  test("loses its link when it does not read, after what may be dropped was dropped", async () => {
    const a = await start(A, { limits: { queueBytesMax: 1 << 20, queueBytesHardMax: 4 << 20 } });
    const bad = await member(a);
    bad.socket.pause();
    const link = a.seen.linkTo(EVIL) ?? -1;
    const message = new Uint8Array(256 * 1024);
    await until(() => {
      a.transport.send(link, message, true);
      return statistic(a, "link_drops_total") > 0;
    }, "drops");
    expect(a.transport.queuedBytes(link)).toBeGreaterThanOrEqual(1 << 20);
    expect(a.transport.queuedBytes(link)).toBeLessThan((1 << 20) + 2 * message.length);
    await until(() => {
      a.transport.send(link, message, false);
      return a.seen.links.size === 0;
    }, "the link to be cut");
    expect(a.seen.downs[0]?.code).toBe("SLOW_CONSUMER");
  });

  test("is answered for few of the pings that it does not let us answer", async () => {
    const a = await start(A);
    const bad = await member(a);
    bad.socket.pause();
    const payload = Buffer.alloc(125);
    await until(() => {
      for (let i = 0; i < 2000; i++) bad.socket.ping(payload);
      return a.seen.links.size === 0;
    }, "the link to be cut");
  });

  test("does not take the place of a replica that has the secret and another life", async () => {
    const a = await start(A);
    const first = await member(a);
    const stale = new Intruder(a.port);
    await shakeHands(stale, { ...setup("dialler"), facts: { life: 0, region: "here", address: "127.0.0.1:1" } });
    expect(await stale.end()).toBe(errorRow("PEER_REPLACED").close);
    expect(first.isOpen).toBe(true);
  });
});

describe("paths that fail", () => {
  test("a half-open link is found dead at both ends, and replaced", async () => {
    const limits = { pingEveryMs: 50, deadAfterMs: 240 };
    const a = await start(A, { limits });
    const b = await start(B, { limits });
    const relay = await world.relay(b.port);
    a.transport.connect([`127.0.0.1:${relay.port}`]);
    await until(() => isLinked(a, b), "a link");
    relay.freeze();
    await until(() => a.seen.downs.length === 1 && b.seen.downs.length === 1, "both ends down");
    expect([...a.seen.downs, ...b.seen.downs].map((down) => down.code)).toContain("PEER_TIMEOUT");
    await until(() => isLinked(a, b), "another link");
    await exchange(a, b);
  });

  test("a half-open link does not keep out the next one of the same dialler", async () => {
    const a = await start(A, { limits: { pingEveryMs: 50, deadAfterMs: 240 } });
    const b = await start(B, { limits: { deadAfterMs: 60_000 } });
    const relay = await world.relay(b.port);
    a.transport.connect([`127.0.0.1:${relay.port}`]);
    await until(() => isLinked(a, b), "a link");
    relay.freeze();
    await until(() => a.seen.downs.length === 1, "the dialler's end down");
    await until(() => isLinked(a, b) && b.seen.downs.length === 1, "the link replaced");
    expect(b.seen.downs[0]?.code).toBe("PEER_REPLACED");
  });

  test("an idle link stays up on pings alone", async () => {
    const [a, b] = await pair({ limits: { pingEveryMs: 20, deadAfterMs: 60 } });
    const before = statistic(a, "link_bytes_total", "in");
    await until(() => statistic(a, "link_bytes_total", "in") > before + 40, "some pings");
    expect([a.seen.downs, b.seen.downs]).toEqual([[], []]);
  });

  test("a process that was stopped for a while does not take its peers for dead", async () => {
    const [a, b] = await pair({ limits: { pingEveryMs: 60, deadAfterMs: 240 } });
    const end = Date.now() + 600;
    while (Date.now() < end);
    await exchange(a, b);
    await exchange(a, b);
    expect([a.seen.downs, b.seen.downs]).toEqual([[], []]);
  });

  test("an unblocked replica is dialled at once, whatever the backoff", async () => {
    const slow = { firstMs: 1e9, maxMs: 1e9 };
    const [a, b] = await pair({ limits: { backoff: slow, blockedRetryMs: 1e9 } });
    a.transport.block([B]);
    await until(() => a.seen.downs.length === 1 && b.seen.downs.length === 1, "both ends down");
    a.transport.block([]);
    await until(() => isLinked(a, b), "a link");
  });

  test("a peer that comes back on its address is linked again, and the dials are counted", async () => {
    const [a, b] = await pair();
    b.seen.isStopped = true;
    await b.transport.stop();
    await until(() => a.seen.refusals.length > 2, "some failed dials");
    expectRefused(a, "UNREACHABLE", false);
    expect(statistic(a, "link_redials_total")).toBeGreaterThan(0);
  });
});

describe("one link a pair", () => {
  test("when both dial at the same time, 50 times over", async () => {
    for (let round = 0; round < 50; round++) {
      const a = await start(A);
      const b = await start(B);
      a.transport.connect([b.address]);
      b.transport.connect([a.address]);
      await until(() => isLinked(a, b), "a link");
      await exchange(a, b);
      await exchange(a, b);
      expect([a.seen.links.size, b.seen.links.size]).toEqual([1, 1]);
      expect(a.seen.seen.size).toBeLessThanOrEqual(2);
      for (const one of [a, b]) {
        one.seen.isStopped = true;
        await one.transport.stop();
      }
    }
  });

  test("when a linked replica turns out to have another address, without touching the link", async () => {
    const [a, b] = await pair();
    const relay = await world.relay(b.port);
    a.transport.connect([b.address, `127.0.0.1:${relay.port}`]);
    await until(
      () => a.seen.hasRefusal("PEER_REPLACED", false) && b.seen.hasRefusal("PEER_REPLACED", true),
      "a refusal",
    );
    for (let i = 0; i < 5; i++) await exchange(a, b);
    expect([a.seen.seen.size, b.seen.seen.size, statistic(a, "link_dials_total")]).toEqual([1, 1, 2]);
  });

  test("when one replica has two addresses, without one link replacing the other for ever", async () => {
    const a = await start(A);
    const b = await start(B);
    const relay = await world.relay(b.port);
    a.transport.connect([b.address, `127.0.0.1:${relay.port}`]);
    await until(() => isLinked(a, b) && statistic(a, "link_dials_total") === 2, "a link and two dials");
    await until(() => statistic(a, "link_refusals_total", "PEER_REPLACED") + a.seen.downs.length === 1, "one to lose");
    for (let i = 0; i < 5; i++) await exchange(a, b);
    expect(statistic(a, "link_dials_total")).toBe(2);
  });
});

describe("over TLS", () => {
  const pem = (name: string) => readFileSync(new URL(`../support/tls/${name}.pem`, import.meta.url), "utf8");
  const cert = pem("peer.cert");
  const key = pem("peer.key");

  async function overTls(id: ReplicaId, ca: string): Promise<Node> {
    const server = createTlsServer({ cert, key });
    const port = await listen(server);
    const created = await world.create(
      { id, address: `127.0.0.1:${port}` },
      { server, secret: SECRET, tls: { cert, key, ca } },
    );
    world.onClose(() => {
      server.close();
      server.closeAllConnections();
    });
    return run({ ...created, port });
  }

  test("links those whose certificate the authority signed", async () => {
    const a = await overTls(A, pem("ca.cert"));
    const b = await overTls(B, pem("ca.cert"));
    a.transport.connect([b.address]);
    await until(() => isLinked(a, b), "a link");
    await exchange(a, b);
  });

  test("refuses one whose certificate another authority signed", async () => {
    const a = await overTls(A, pem("other-ca.cert"));
    const b = await overTls(B, pem("ca.cert"));
    a.transport.connect([b.address]);
    await until(() => a.seen.refusals.length > 0, "a refusal");
    expect(a.seen.refusals[0]).toMatchObject({ code: "UNREACHABLE", inbound: false });
    expect(b.seen.seen.size).toBe(0);
  });

  test("refuses to speak in the clear to one that expects TLS, and the reverse", async () => {
    const a = await start(A);
    const b = await overTls(B, pem("ca.cert"));
    a.transport.connect([b.address]);
    b.transport.connect([a.address]);
    await until(() => a.seen.refusals.length > 0 && b.seen.refusals.length > 0, "refusals");
    expect(a.seen.seen.size + b.seen.seen.size).toBe(0);
  });
});
