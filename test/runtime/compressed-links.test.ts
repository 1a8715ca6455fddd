import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { ReplicaId } from "../../src/base/ids.ts";
import { createNonce, createPeerHmac } from "../../src/runtime/peer-proof.ts";
import type { WsTransport } from "../../src/runtime/ws-transport.ts";
import { FRAME_BYTES_MAX } from "../../src/wire/frames.ts";
import { Handshake } from "../../src/wire/handshake.ts";
import { VERSIONS } from "../../src/wire/message.ts";
import { isLinked, type Running, startUnderTest } from "../ports/transport-law.ts";
import { until, WsWorld } from "../support/ws-world.ts";

type Node = Running & { readonly transport: WsTransport; readonly port: number };

let world: WsWorld;
beforeEach(() => {
  world = new WsWorld();
});
afterEach(() => world.close());

async function start(id: string, region: string, compressRegions: boolean): Promise<Node> {
  const created = await world.create({ id: id as ReplicaId, region }, { compressRegions });
  return { ...(await startUnderTest(created)), transport: created.transport, port: created.port };
}

function bytesOf(node: Node, name: string, direction: "in" | "out"): number {
  const { samples = [] } = node.transport.statistics().find((one) => one.name === name) ?? {};
  return samples.find((one) => one.labels.direction === direction)?.value ?? Number.NaN;
}

/** Sends messages from one node to another and waits until they are there; how many bytes that took on the wire. */
async function carry(from: Node, to: Node, messages: readonly Uint8Array[]): Promise<number> {
  const link = from.seen.linkTo(to.id);
  const before = bytesOf(from, "link_bytes_total", "out");
  const had = to.seen.frames.length;
  for (const message of messages) if (link !== undefined) from.transport.send(link, message, false);
  await until(() => to.seen.frames.length === had + messages.length, "the messages");
  const received = to.seen.frames.slice(had).map(({ bytes }) => bytes);
  expect(received.map((bytes, index) => Buffer.compare(bytes, messages[index] ?? new Uint8Array(0)))).toEqual(
    messages.map(() => 0),
  );
  return bytesOf(from, "link_bytes_total", "out") - before;
}

async function link(a: Node, b: Node): Promise<void> {
  a.transport.connect([b.address]);
  await until(() => isLinked(a, b), "a link");
}

const TEXT = new TextEncoder().encode('{"name":"somebody","tags":["a","b"]}'.repeat(200));

describe("between two regions", () => {
  test("what is worth it is compressed, both ways, and what is not goes as it is, in order", async () => {
    const a = await start("a", "eu", true);
    const b = await start("b", "us", true);
    await link(a, b);
    const noise = randomBytes(5000);
    const mixed = [TEXT, TEXT.subarray(0, 100), noise, TEXT];
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const sent = await carry(from, to, mixed);
      expect(sent).toBeLessThan(noise.length + 1200);
      const before = 2 * TEXT.length + noise.length;
      expect(bytesOf(from, "link_uncompressed_bytes_total", "out")).toBe(before);
      expect(bytesOf(to, "link_uncompressed_bytes_total", "in")).toBe(before);
      const after = bytesOf(from, "link_compressed_bytes_total", "out");
      expect(after).toBe(bytesOf(to, "link_compressed_bytes_total", "in"));
      // All but the message that is too short for it, and its header of one byte.
      expect(after).toBe(sent - 101);
    }
  });

  test("a message of many frames is, too", async () => {
    const a = await start("a", "eu", true);
    const b = await start("b", "us", true);
    await link(a, b);
    const long = new Uint8Array(world.messageBytesMax);
    // A quarter of it does not shrink: what it is compressed to takes several frames as well.
    for (let at = 0; at < long.length; at += 4096) long.set(randomBytes(2048), at);
    const sent = await carry(a, b, [long, TEXT]);
    expect(sent).toBeGreaterThan(2 * FRAME_BYTES_MAX);
    expect(sent).toBeLessThan(long.length * 0.6);
  });

  test.each([
    [true, false],
    [false, true],
    [false, false],
  ])("nothing is where the one wants it: %s, and the other: %s", async (dialling, accepting) => {
    const a = await start("a", "eu", dialling);
    const b = await start("b", "us", accepting);
    await link(a, b);
    expect(await carry(a, b, [TEXT])).toBe(TEXT.length + 1);
    expect(await carry(b, a, [TEXT])).toBe(TEXT.length + 1);
    expect(bytesOf(a, "link_uncompressed_bytes_total", "out")).toBe(0);
  });
});

test("within a region nothing is compressed, while the same message is to another", async () => {
  const a = await start("a", "eu", true);
  const near = await start("n", "eu", true);
  const far = await start("f", "us", true);
  await link(a, near);
  await link(a, far);
  const before = bytesOf(a, "link_bytes_total", "out");
  for (const peer of [near, far]) a.transport.send(a.seen.linkTo(peer.id) ?? 0, TEXT, false);
  await until(() => near.seen.frames.length + far.seen.frames.length === 2, "the message, twice");
  const compressed = bytesOf(a, "link_compressed_bytes_total", "out");
  expect(compressed).toBeLessThan(TEXT.length / 4);
  expect(bytesOf(a, "link_bytes_total", "out") - before).toBe(TEXT.length + 1 + compressed);
  expect([...near.seen.frames, ...far.seen.frames].map(({ bytes }) => bytes.length)).toEqual([
    TEXT.length,
    TEXT.length,
  ]);
});

describe("a member gone bad", () => {
  /** Links as a replica of another region that wants compression, and sends these frames. */
  async function attack(node: Node, frames: readonly Uint8Array[]): Promise<void> {
    const handshake = new Handshake({
      hello: {
        role: "dialler",
        versions: VERSIONS,
        cluster: "test",
        shards: 256,
        id: "m" as ReplicaId,
        processNumber: 1,
        attempt: 1,
        nonce: createNonce(),
        compressRegions: true,
      },
      facts: { life: 1, region: "us", address: "127.0.0.1:1" },
      hmac: createPeerHmac(),
      equal: (a, b) => Buffer.compare(a, b) === 0,
      turnAway: () => undefined,
      isOwnNonce: () => false,
      admit: () => undefined,
    });
    const socket = new WebSocket(`ws://127.0.0.1:${node.port}/v1/peer`, "atoll.peer", { perMessageDeflate: false });
    world.onClose(() => socket.terminate());
    socket.on("error", () => {});
    socket.on("open", () => {
      for (const bytes of handshake.start().send) socket.send(bytes);
    });
    socket.on("message", (data) => {
      const step = handshake.receive(new Uint8Array(data as Buffer));
      for (const bytes of step.send) socket.send(bytes);
      if (step.outcome?.type === "linked") for (const frame of frames) socket.send(frame);
    });
    await until(() => node.seen.downs.length === 1, "the end of its link");
  }

  function framed(kind: number, numbers: readonly number[], body: Uint8Array = new Uint8Array(0)): Uint8Array {
    const frame = Buffer.alloc(1 + 4 * numbers.length + body.length);
    frame[0] = kind;
    for (const [index, number] of numbers.entries()) frame.writeUInt32LE(number, 1 + 4 * index);
    frame.set(body, 1 + 4 * numbers.length);
    return frame;
  }

  const small = deflateRawSync(new Uint8Array(8 * 1024 * 1024));
  const large = deflateRawSync(new Uint8Array(64 * 1024 * 1024));

  test.each<[string, () => readonly Uint8Array[], string]>([
    ["a bomb that says what it is", () => [framed(2, [8 * 1024 * 1024], small)], "PEER_FRAME_TOO_LARGE"],
    ["a bomb that does not", () => [framed(2, [200_000], small)], "PEER_BAD_FRAME"],
    ["a bomb in parts", () => [framed(3, [200_000, large.length]), large], "PEER_BAD_FRAME"],
    ["noise", () => [framed(2, [2000], randomBytes(900))], "PEER_BAD_FRAME"],
  ])("loses its link for %s, and nothing of it is passed on", async (_, frames, code) => {
    expect(small.length).toBeLessThan(16 * 1024);
    const node = await start("a", "eu", true);
    await attack(node, frames());
    expect(node.seen.downs[0]?.code).toBe(code);
    expect(node.seen.frames).toEqual([]);
  });

  test("loses its link for compressing where that was not agreed on", async () => {
    const node = await start("a", "eu", false);
    await attack(node, [framed(2, [2000], deflateRawSync(new Uint8Array(2000)))]);
    expect(node.seen.downs[0]?.code).toBe("PEER_BAD_FRAME");
  });
});
