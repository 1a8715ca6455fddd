import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../../../src/base/bytes.ts";
import type { Key, ReplicaId } from "../../../../src/base/ids.ts";
import { FORGET_MS, PubsubRelay, TELL_AGAIN_MS } from "../../../../src/doors/redis/pubsub/pubsub-relay.ts";
import {
  decodeWhisper,
  encodeInterest,
  encodePublished,
  isPubsubWhisper,
  MESSAGE_BYTES_MAX,
  ROWS_MAX,
} from "../../../../src/doors/redis/pubsub/pubsub-whisper.ts";
import { type Subscriber, Subscriptions } from "../../../../src/doors/redis/pubsub/subscriptions.ts";
import { WHISPER_BYTES_MAX } from "../../../../src/wire/message.ts";

class Ear implements Subscriber {
  readonly messages: string[] = [];

  heard(topic: string, message: Uint8Array, pattern: string | undefined): void {
    this.messages.push(`${topic.slice(1)}${pattern === undefined ? "" : `(${pattern})`}:${latin1FromBytes(message)}`);
  }
}

/** Replicas that whisper to each other over links that can be cut. */
class World {
  now = 1_000_000;
  readonly relays: PubsubRelay[] = [];
  readonly #queues: { from: number; to: number; bytes: Uint8Array }[] = [];
  readonly #cuts = new Set<string>();
  lost = 0;

  constructor(size: number) {
    for (let i = 0; i < size; i++) {
      const whisper = (bytes: Uint8Array, to?: ReplicaId) => {
        expect(bytes.length).toBeLessThanOrEqual(WHISPER_BYTES_MAX);
        for (let j = 0; j < size; j++) {
          if (j === i || (to !== undefined && to !== idOf(j)) || this.#cuts.has(linkOf(i, j))) continue;
          this.#queues.push({ from: i, to: j, bytes });
        }
      };
      this.relays.push(new PubsubRelay({ subscriptions: new Subscriptions(), whisper }));
    }
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) this.#tell(i, j, "here");
  }

  get underWay(): string[] {
    return this.#queues.map(({ from, to }) => `${from}-${to}`);
  }

  at(i: number): PubsubRelay {
    return this.relays[i] as PubsubRelay;
  }

  /** What is under way arrives, each link in its order. */
  settle(): void {
    for (let next = this.#queues.shift(); next !== undefined; next = this.#queues.shift()) {
      const { from, to, bytes } = next;
      this.at(to).heard({ type: "message", from: idOf(from), topic: "pubsub" as Key, message: bytes }, this.now);
    }
  }

  /** What is under way there is lost; who tells both that the other is gone is told whether they hear of it at all. */
  cut(i: number, j: number, isNoticed = true): void {
    this.#cuts.add(linkOf(i, j));
    const kept = this.#queues.filter(({ from, to }) => linkOf(from, to) !== linkOf(i, j));
    this.lost += this.#queues.length - kept.length;
    this.#queues.splice(0, Infinity, ...kept);
    if (isNoticed) this.#tell(i, j, "gone");
  }

  heal(i: number, j: number, isNoticed = true): void {
    this.#cuts.delete(linkOf(i, j));
    if (isNoticed) this.#tell(i, j, "here");
  }

  pass(ms: number): void {
    for (let end = this.now + ms; this.now < end; ) {
      this.now += 1_000;
      for (const relay of this.relays) relay.tick(this.now);
      this.settle();
    }
  }

  #tell(i: number, j: number, type: "here" | "gone"): void {
    this.at(i).heard({ type, from: idOf(j) }, this.now);
    this.at(j).heard({ type, from: idOf(i) }, this.now);
  }
}

const idOf = (i: number) => `r${i}` as ReplicaId;
const linkOf = (i: number, j: number) => `${Math.min(i, j)}-${Math.max(i, j)}`;
const bytes = bytesFromLatin1;

describe("messages between replicas", () => {
  test("reach every subscriber once, in the order of the publisher", () => {
    const world = new World(3);
    const ears = [new Ear(), new Ear(), new Ear()];
    for (const [i, ear] of ears.entries()) world.at(i).subscribe(ear, "cnews");
    world.settle();
    for (let n = 0; n < 5; n++) expect(world.at(0).publish("cnews", bytes(`${n}`))).toBe(3);
    world.settle();
    for (const ear of ears) expect(ear.messages).toEqual(["news:0", "news:1", "news:2", "news:3", "news:4"]);
  });

  test("go to patterns elsewhere, though these are not counted, and to nobody who does not listen", () => {
    const world = new World(3);
    const ear = new Ear();
    const other = new Ear();
    world.at(1).subscribePattern(ear, "n*");
    world.at(2).subscribe(other, "cold");
    world.settle();
    expect(world.at(0).publish("cnews", bytes("a"))).toBe(0);
    expect(world.underWay).toEqual(["0-1"]);
    world.settle();
    expect(ear.messages).toEqual(["news(n*):a"]);
    expect(other.messages).toEqual([]);
  });

  test("of sharded channels are other messages, and match no pattern", () => {
    const world = new World(2);
    const ear = new Ear();
    world.at(1).subscribe(ear, "cx");
    world.at(1).subscribePattern(ear, "*");
    world.settle();
    world.at(0).publish("sx", bytes("a"));
    world.settle();
    expect(ear.messages).toEqual([]);
  });

  test("are lost by a cut, and do not come after it", () => {
    const world = new World(2);
    const ear = new Ear();
    world.at(1).subscribe(ear, "cnews");
    world.settle();
    world.at(0).publish("cnews", bytes("under way"));
    world.cut(0, 1);
    expect(world.at(0).publish("cnews", bytes("cut"))).toBe(0);
    world.heal(0, 1);
    world.settle();
    expect(world.at(0).publish("cnews", bytes("healed"))).toBe(1);
    world.settle();
    world.pass(FORGET_MS);
    expect(ear.messages).toEqual(["news:healed"]);
    expect(world.lost).toBe(1);
  });

  test("whoever subscribed or left unheard is known in a while", () => {
    const world = new World(2);
    const ear = new Ear();
    world.cut(0, 1, false);
    world.at(1).subscribe(ear, "cnews");
    world.heal(0, 1, false);
    expect(world.at(0).publish("cnews", bytes("a"))).toBe(0);
    world.pass(TELL_AGAIN_MS + 1_000);
    expect(world.at(0).publish("cnews", bytes("b"))).toBe(1);
    world.settle();
    expect(ear.messages).toEqual(["news:b"]);
    world.cut(0, 1, false);
    world.at(1).unsubscribe(ear, "cnews");
    world.heal(0, 1, false);
    world.pass(TELL_AGAIN_MS + 1_000);
    expect(world.at(0).count("cnews")).toBe(0);
  });

  test("who says nothing any more is forgotten", () => {
    const world = new World(2);
    world.at(1).subscribe(new Ear(), "cnews");
    world.settle();
    world.cut(0, 1, false);
    world.pass(FORGET_MS + 2_000);
    expect(world.at(0).count("cnews")).toBe(0);
  });

  test("a replica that listens to more than it tells is sent everything", () => {
    const world = new World(2);
    const ear = new Ear();
    for (let n = 0; n <= ROWS_MAX; n++) world.at(1).subscribe(ear, `c${n}`);
    world.settle();
    world.at(0).publish(`c${ROWS_MAX}`, bytes("a"));
    world.settle();
    world.pass(TELL_AGAIN_MS + 1_000);
    world.at(0).publish(`c${ROWS_MAX}`, bytes("b"));
    world.settle();
    expect(ear.messages).toEqual([`${ROWS_MAX}:a`, `${ROWS_MAX}:b`]);
  });

  test("on random schedules nobody hears anything twice, and everything while links are up", () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant("subscribe" as const), at: fc.nat(2), to: fc.nat(2) }),
      fc.record({ type: fc.constant("unsubscribe" as const), at: fc.nat(2), to: fc.nat(2) }),
      fc.record({ type: fc.constant("pattern" as const), at: fc.nat(2), to: fc.nat(2) }),
      fc.record({ type: fc.constant("publish" as const), at: fc.nat(2), to: fc.nat(2) }),
      fc.record({ type: fc.constant("cut" as const), at: fc.nat(2), to: fc.nat(2) }),
      fc.record({ type: fc.constant("heal" as const), at: fc.nat(2), to: fc.nat(2) }),
      fc.record({ type: fc.constant("settle" as const), at: fc.nat(2), to: fc.nat(2) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World(3);
        const ears = [new Ear(), new Ear(), new Ear()];
        const cuts = new Set<string>();
        let published = 0;
        for (const { type, at, to } of steps) {
          const relay = world.at(at);
          const ear = ears[at] as Ear;
          if (type === "subscribe") relay.subscribe(ear, `c${to}`);
          else if (type === "unsubscribe") relay.unsubscribe(ear, `c${to}`);
          else if (type === "pattern") relay.subscribePattern(ear, `[${to}x]`);
          else if (type === "settle") world.settle();
          else if (type === "publish") relay.publish(`c${to}`, bytes(`${published++}`));
          else if (at !== to && type === "cut" && !cuts.has(linkOf(at, to))) {
            cuts.add(linkOf(at, to));
            world.cut(at, to);
          } else if (at !== to && type === "heal" && cuts.delete(linkOf(at, to))) world.heal(at, to);
        }
        world.settle();
        for (const { messages } of ears) expect(new Set(messages).size).toBe(messages.length);
        for (const ear of ears) ear.messages.length = 0;
        for (const link of cuts) world.heal(Number(link[0]), Number(link[2]));
        world.settle();
        for (const relay of world.relays) for (let n = 0; n < 3; n++) relay.publish(`c${n}`, bytes(`${published++}`));
        world.settle();
        const expected = (i: number) => {
          const own = new Ear();
          const twin = new Subscriptions();
          for (const { type, at, to } of steps) {
            if (at !== i) continue;
            if (type === "subscribe") twin.subscribe(own, `c${to}`);
            if (type === "unsubscribe") twin.unsubscribe(own, `c${to}`);
            if (type === "pattern") twin.subscribePattern(own, `[${to}x]`);
          }
          for (let n = published - 9; n < published; n++) twin.publish(`c${(n - published + 9) % 3}`, bytes(`${n}`));
          return own.messages.toSorted();
        };
        for (const [i, ear] of ears.entries()) expect(ear.messages.toSorted()).toEqual(expected(i));
      }),
      { numRuns: 300 },
    );
  });
});

describe("whispers", () => {
  test("come back as they went, the longest message included", () => {
    const interest = { patterns: 3, isMore: false, rows: [["cnews", 2] as const, ["s\xff", 0] as const] };
    expect(decodeWhisper(encodeInterest("all", interest))).toEqual({ type: "all", ...interest });
    expect(decodeWhisper(encodeInterest("changes", interest))).toEqual({ type: "changes", ...interest });
    const message = new Uint8Array(MESSAGE_BYTES_MAX).fill(7);
    const topic = `c${"x".repeat(1024)}`;
    const encoded = encodePublished(topic, message);
    expect(encoded.length).toBeLessThanOrEqual(WHISPER_BYTES_MAX);
    expect(decodeWhisper(encoded)).toEqual({ type: "message", topic, message });
  });

  test("too many rows are told as more than can be told", () => {
    const rows = Array.from({ length: ROWS_MAX + 1 }, (_, n) => [`c${n}`, 1] as const);
    expect(decodeWhisper(encodeInterest("all", { patterns: 0, isMore: false, rows }))).toEqual({
      ...{ type: "all", patterns: 0, isMore: true, rows: [] },
    });
  });

  test("that are damaged are refused, counted, and change nothing", () => {
    const good = [
      encodeInterest("all", { patterns: 1, isMore: false, rows: [["cnews", 2]] }),
      encodePublished("cnews", bytes("hello")),
    ];
    for (const whole of good) {
      for (let end = 1; end < whole.length; end++) {
        const relay = new PubsubRelay({ subscriptions: new Subscriptions(), whisper: () => {} });
        relay.heard({ type: "message", from: idOf(1), topic: "x" as Key, message: whole.subarray(0, end) }, 0);
        expect([relay.refused, relay.count("cnews"), relay.patterns]).toEqual([1, 0, 0]);
      }
    }
    const notTopic = encodePublished("xnews", bytes("hello"));
    expect(() => decodeWhisper(notTopic)).toThrow("no topic");
  });

  test("no bytes do anything but decode or be refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(64, 65, 66), fc.uint8Array({ maxLength: 64 }), (kind, rest) => {
        const relay = new PubsubRelay({ subscriptions: new Subscriptions(), whisper: () => {} });
        const message = Uint8Array.of(kind, ...rest);
        relay.heard({ type: "message", from: idOf(1), topic: "x" as Key, message }, 0);
        relay.publish("cx", message);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of documents are none of ours", () => {
    for (let kind = 0; kind < 64; kind++) expect(isPubsubWhisper(Uint8Array.of(kind))).toBe(false);
  });
});
