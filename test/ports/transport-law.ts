/**
 * The law of the `Transport` port. Every implementation runs it: `describeTransport("over WebSockets", createWorld)`.
 * It never sleeps: a world lets its own time pass, real or virtual, until what is awaited has happened.
 */

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import type { LinkId, LocalFacts, PeerFacts, Transport, TransportEvents } from "../../src/replica/ports.ts";

/** A transport that is not started, and what `start` is to be told. `facts.address` is where others can dial it. */
export interface TransportUnderTest {
  readonly transport: Transport;
  readonly facts: LocalFacts;
}

export interface TransportWorld {
  /** Longest message that these transports carry; at least 3 MiB. */
  readonly messageBytesMax: number;
  create(facts: Partial<Omit<LocalFacts, "address">> & { readonly id: ReplicaId }): Promise<TransportUnderTest>;
  /** Lets time pass until the condition holds, or throws, naming `what`, when it does not within a fair time. */
  until(condition: () => boolean, what: string): Promise<void>;
  /** Stops what is still running. */
  close(): Promise<void>;
}

export interface Refused {
  readonly address: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly inbound: boolean;
}

/** Writes down what a transport tells, and checks what must hold at each event. */
export class TransportRecorder implements TransportEvents {
  readonly links = new Map<LinkId, { readonly peer: PeerFacts; readonly version: number }>();
  readonly seen = new Set<LinkId>();
  readonly frames: { readonly link: LinkId; readonly from: ReplicaId; readonly bytes: Uint8Array }[] = [];
  readonly downs: { readonly link: LinkId; readonly reason: string; readonly code: ErrorCode }[] = [];
  readonly refusals: Refused[] = [];
  readonly broken: string[] = [];
  isStopped = false;

  up(link: LinkId, peer: PeerFacts, version: number): void {
    this.#check(!this.isStopped, "up after stop");
    this.#check(!this.seen.has(link), `link ${link} came up twice`);
    this.#check(this.linkTo(peer.id) === undefined, `a second link to ${peer.id}`);
    this.seen.add(link);
    this.links.set(link, { peer, version });
  }

  down(link: LinkId, reason: string, code: ErrorCode): void {
    this.#check(!this.isStopped, "down after stop");
    this.#check(this.links.delete(link), `link ${link} went down without being up`);
    this.downs.push({ link, reason, code });
  }

  frame(link: LinkId, bytes: Uint8Array): void {
    this.#check(!this.isStopped, "frame after stop");
    const from = this.links.get(link)?.peer.id;
    this.#check(from !== undefined, `a frame on link ${link}, which is not up`);
    // A Buffer's slice shares memory: whoever copies a piece of it has copied nothing.
    this.#check(Object.getPrototypeOf(bytes) === Uint8Array.prototype, "a frame that is no plain Uint8Array");
    if (from !== undefined) this.frames.push({ link, from, bytes: bytes.slice() });
  }

  refused(detail: Refused): void {
    this.#check(!this.isStopped, "refused after stop");
    this.refusals.push(detail);
  }

  linkTo(peer: ReplicaId): LinkId | undefined {
    for (const [link, known] of this.links) if (known.peer.id === peer) return link;
    return undefined;
  }

  hasRefusal(code: ErrorCode, inbound?: boolean): boolean {
    return this.refusals.some((r) => r.code === code && (inbound === undefined || r.inbound === inbound));
  }

  #check(holds: boolean, what: string): void {
    if (!holds) this.broken.push(what);
  }
}

/** A started transport with what it told. */
export interface Running {
  readonly id: ReplicaId;
  readonly address: string;
  readonly transport: Transport;
  readonly seen: TransportRecorder;
}

export async function startUnderTest(created: TransportUnderTest): Promise<Running> {
  const seen = new TransportRecorder();
  await created.transport.start(created.facts, seen);
  return { id: created.facts.id, address: created.facts.address, transport: created.transport, seen };
}

export function isLinked(a: Running, b: Running): boolean {
  return a.seen.linkTo(b.id) !== undefined && b.seen.linkTo(a.id) !== undefined;
}

const A = "a" as ReplicaId;
const B = "b" as ReplicaId;
const C = "c" as ReplicaId;

export function describeTransport(name: string, createWorld: () => Promise<TransportWorld>): void {
  describe(`transport ${name}`, () => {
    let world: TransportWorld;
    let running: Running[] = [];

    beforeEach(async () => {
      world = await createWorld();
      running = [];
    });

    afterEach(async () => {
      await world.close();
      expect(running.flatMap((one) => one.seen.broken)).toEqual([]);
    });

    async function start(id: ReplicaId, facts: Partial<LocalFacts> = {}): Promise<Running> {
      const one = await startUnderTest(await world.create({ ...facts, id }));
      running.push(one);
      return one;
    }

    async function pair(): Promise<[Running, Running]> {
      const a = await start(A);
      const b = await start(B);
      a.transport.connect([b.address]);
      await world.until(() => isLinked(a, b), "a link between two");
      return [a, b];
    }

    function send(from: Running, to: Running, bytes: Uint8Array, droppable = false): void {
      from.transport.send(from.seen.linkTo(to.id) ?? -1, bytes, droppable);
    }

    test("tells both ends who the other is, in one protocol version", async () => {
      const a = await start(A, { life: 3, region: "eu" });
      const b = await start(B, { life: 9, region: "us" });
      a.transport.connect([b.address]);
      await world.until(() => isLinked(a, b), "a link");
      const [atA] = [...a.seen.links.values()];
      const [atB] = [...b.seen.links.values()];
      expect(atA?.peer).toEqual({ id: B, life: 9, region: "us", address: b.address });
      expect(atB?.peer).toEqual({ id: A, life: 3, region: "eu", address: a.address });
      expect(atA?.version).toBe(atB?.version);
    });

    test("carries messages of every size whole, in order and unaltered", async () => {
      const [a, b] = await pair();
      const mib = 1024 * 1024;
      const sizes = [1, 0, 125, 126, 65_535, 65_536, mib - 2, mib - 1, mib, mib + 1, 7, 3 * mib - 1, 2];
      const messages = sizes.map((size, i) => pattern(size, i));
      const kept = messages.map((message) => message.slice());
      for (const message of messages) send(a, b, message);
      for (const message of messages) send(b, a, message);
      await world.until(() => b.seen.frames.length === sizes.length && a.seen.frames.length === sizes.length, "all");
      for (const end of [a, b]) {
        for (const [i, frame] of end.seen.frames.entries()) expect(sameBytes(frame.bytes, kept[i])).toBe(true);
      }
      for (const [i, message] of messages.entries()) expect(sameBytes(message, kept[i])).toBe(true);
    });

    test("carries one array to many links without changing it", async () => {
      const [a, b] = await pair();
      const c = await start(C);
      a.transport.connect([b.address, c.address]);
      await world.until(() => isLinked(a, c), "a second link");
      const message = pattern(2 * 1024 * 1024, 1);
      const kept = message.slice();
      for (let i = 0; i < 3; i++) for (const to of [b, c]) send(a, to, message);
      await world.until(() => b.seen.frames.length === 3 && c.seen.frames.length === 3, "six messages");
      for (const frame of [...b.seen.frames, ...c.seen.frames]) expect(sameBytes(frame.bytes, kept)).toBe(true);
      expect(sameBytes(message, kept)).toBe(true);
    });

    test("carries the longest message there may be", async () => {
      const [a, b] = await pair();
      send(a, b, pattern(world.messageBytesMax, 5));
      await world.until(() => b.seen.frames.length === 1, "the message");
      expect(b.seen.frames[0]?.bytes.length).toBe(world.messageBytesMax);
    });

    test("gives up a link on which a longer message is sent, and no other", async () => {
      const [a, b] = await pair();
      const c = await start(C);
      a.transport.connect([b.address, c.address]);
      await world.until(() => isLinked(a, c), "a second link");
      const [toB, toC] = [a.seen.linkTo(B) ?? -1, a.seen.linkTo(C) ?? -1];
      a.transport.send(toB, pattern(world.messageBytesMax + 1, 1), false);
      a.transport.send(toC, pattern(10, 2), false);
      await world.until(() => a.seen.downs.length === 1 && b.seen.downs.length === 1, "one link down");
      await world.until(() => c.seen.frames.length === 1, "what was sent on the other");
      expect([a.seen.downs[0]?.link, a.seen.linkTo(C)]).toEqual([toB, toC]);
      expect(b.seen.frames).toEqual([]);
    });

    test("keeps one link when both dial at the same time", async () => {
      const a = await start(A);
      const b = await start(B);
      a.transport.connect([b.address]);
      b.transport.connect([a.address]);
      await world.until(() => isLinked(a, b), "a link");
      await exchange(a, b);
      expect([a.seen.links.size, b.seen.links.size]).toEqual([1, 1]);
    });

    test("links all of three that dial each other", async () => {
      const all = [await start(A), await start(B), await start(C)];
      const addresses = all.map((one) => one.address);
      for (const one of all) one.transport.connect(addresses);
      await world.until(() => all.every((one) => one.seen.links.size === 2), "three links");
      expect(all.every((one) => one.seen.linkTo(one.id) === undefined)).toBe(true);
    });

    test("refuses to link with itself", async () => {
      const a = await start(A);
      a.transport.connect([a.address]);
      await world.until(() => a.seen.hasRefusal("PEER_SELF"), "a refusal");
      expect(a.seen.links.size).toBe(0);
    });

    test("refuses another cluster, and both ends are told", async () => {
      const a = await start(A, { cluster: "one" });
      const b = await start(B, { cluster: "two" });
      a.transport.connect([b.address]);
      await world.until(() => a.seen.hasRefusal("PEER_OTHER_CLUSTER", false), "the dialler's refusal");
      await world.until(() => b.seen.hasRefusal("PEER_OTHER_CLUSTER", true), "the other end's refusal");
      expect([a.seen.seen.size, b.seen.seen.size]).toEqual([0, 0]);
    });

    test("refuses another number of shards, and both ends are told", async () => {
      const a = await start(A, { shards: 256 });
      const b = await start(B, { shards: 128 });
      a.transport.connect([b.address]);
      await world.until(() => a.seen.hasRefusal("PEER_OTHER_SHARDS", false), "the dialler's refusal");
      await world.until(() => b.seen.hasRefusal("PEER_OTHER_SHARDS", true), "the other end's refusal");
      expect([a.seen.seen.size, b.seen.seen.size]).toEqual([0, 0]);
    });

    test("tells of an address where nobody answers, and links when somebody does", async () => {
      const a = await start(A);
      const late = await world.create({ id: B });
      a.transport.connect([late.facts.address]);
      await world.until(() => a.seen.refusals.some((r) => r.address === late.facts.address && !r.inbound), "a refusal");
      const b = await startUnderTest(late);
      running.push(b);
      await world.until(() => isLinked(a, b), "a link");
    });

    test("takes a link down at both ends when one closes it, and dials again", async () => {
      const [a, b] = await pair();
      const first = [a.seen.linkTo(B), b.seen.linkTo(A)];
      b.transport.close(first[1] ?? -1, "PEER_BAD_FRAME", "a test");
      await world.until(() => a.seen.downs.length === 1 && b.seen.downs.length === 1, "two downs");
      for (const { seen } of [a, b]) expect(seen.downs[0]).toMatchObject({ code: "PEER_BAD_FRAME" });
      await world.until(() => isLinked(a, b), "a new link");
      expect(a.seen.linkTo(B)).not.toBe(first[0]);
      await exchange(a, b);
    });

    test("takes sends to a link that is gone without a word", async () => {
      const [a, b] = await pair();
      const link = a.seen.linkTo(B) ?? -1;
      a.transport.close(link, "PEER_BAD_FRAME", "a test");
      a.transport.send(link, pattern(10, 1), false);
      a.transport.send(12_345, pattern(10, 1), true);
      a.transport.close(link, "PEER_BAD_FRAME", "again");
      expect(a.transport.queuedBytes(link)).toBe(0);
      await world.until(() => a.seen.downs.length === 1 && isLinked(a, b), "another link");
      expect(b.seen.frames).toEqual([]);
    });

    test("has no link with a blocked replica, and has one again when it is unblocked", async () => {
      const [a, b] = await pair();
      b.transport.connect([a.address]);
      a.transport.block([B]);
      await world.until(() => a.seen.links.size === 0 && b.seen.links.size === 0, "both ends down");
      const refusedBefore = b.seen.refusals.length;
      await world.until(() => b.seen.refusals.length > refusedBefore, "b trying in vain");
      expect(b.seen.links.size).toBe(0);
      a.transport.block([]);
      await world.until(() => isLinked(a, b), "a link again");
      await exchange(a, b);
    });

    test("leaves other links alone when one replica is blocked", async () => {
      const [a, b] = await pair();
      const c = await start(C);
      a.transport.connect([b.address, c.address]);
      await world.until(() => isLinked(a, c), "a second link");
      const link = a.seen.linkTo(C);
      a.transport.block([B]);
      await world.until(() => a.seen.links.size === 1, "one link");
      expect(a.seen.linkTo(C)).toBe(link);
      await exchange(a, c);
    });

    test("tells the others when it stops, and nothing afterwards itself", async () => {
      const [a, b] = await pair();
      a.seen.isStopped = true;
      await a.transport.stop();
      await world.until(() => b.seen.links.size === 0, "b's link down");
      a.transport.connect([b.address]);
      a.transport.send(1, pattern(3, 1), false);
      await world.until(() => b.seen.downs.length === 1, "one down");
    });

    test("replaces the link of an earlier life", async () => {
      const [a, b] = await pair();
      b.transport.connect([]);
      await b.transport.stop();
      b.seen.isStopped = true;
      const reborn = await start(B, { life: 2 });
      reborn.transport.connect([a.address]);
      await world.until(() => isLinked(a, reborn), "a link to the later life");
      expect([...a.seen.links.values()].map((link) => link.peer.life)).toEqual([2]);
    });

    test("accounts for what is queued, and drops only what may be dropped", async () => {
      const [a, b] = await pair();
      const link = a.seen.linkTo(B) ?? -1;
      expect(a.transport.queuedBytes(link)).toBe(0);
      const kept = 8;
      for (let i = 0; i < 200; i++) a.transport.send(link, pattern(256 * 1024, 99), true);
      for (let i = 0; i < kept; i++) send(a, b, pattern(100, i));
      await world.until(() => b.seen.frames.filter((frame) => frame.bytes.length === 100).length === kept, "the rest");
      await world.until(() => a.transport.queuedBytes(link) === 0, "an empty queue");
      const small = b.seen.frames.filter((frame) => frame.bytes.length === 100);
      for (const [i, frame] of small.entries()) expect(sameBytes(frame.bytes, pattern(100, i))).toBe(true);
    });

    test("never has more queued than it says, whatever is sent", async () => {
      const [a] = await pair();
      const link = a.seen.linkTo(B) ?? -1;
      const message = pattern(512 * 1024, 99);
      for (let i = 0; i < 200; i++) a.transport.send(link, message, i % 2 === 0);
      expect(a.transport.queuedBytes(link)).toBeLessThanOrEqual(a.transport.queueBytesMax);
      await world.until(() => a.transport.queuedBytes(link) === 0, "an empty queue, or none");
    });

    /** Both ways, three times, again on the next link if one is replaced: what was under way before has arrived. */
    async function exchange(x: Running, y: Running): Promise<void> {
      for (let round = 0; round < 3; round++) {
        await pass(x, y);
        await pass(y, x);
      }
    }

    async function pass(from: Running, to: Running): Promise<void> {
      const before = to.seen.frames.length;
      let used: LinkId | undefined;
      await world.until(() => {
        const link = from.seen.linkTo(to.id);
        if (link !== undefined && link !== used) from.transport.send(link, pattern(9, 1), false);
        used = link;
        return to.seen.frames.length > before;
      }, "a message");
    }
  });
}

function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) + seed * 7) & 255;
  return bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}
