import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId, ShardId } from "../../src/base/ids.ts";
import { Pulls } from "../../src/cluster/pulls.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import type { MessageOf } from "../../src/wire/message.ts";
import { NOW, origin } from "../support/shards.ts";
import { TestSurroundings } from "../support/surroundings.ts";

const SETTLE_MS = 100;
const IDLE_MS = 1000;
const [b, c] = ["b", "c"] as ReplicaId[] as [ReplicaId, ReplicaId];
const shard = (id: number) => id as ShardId;

function vector(sequence: number): VersionVector {
  const made = new VersionVector();
  made.advance(origin(9), sequence);
  return made;
}

let around: TestSurroundings;
let pulls: Pulls;

beforeEach(() => {
  around = new TestSurroundings("a", ["b", "c"], 32);
  pulls = new Pulls(around, { settleMs: SETTLE_MS, idleMs: IDLE_MS });
});

function evaluate(now: number): string[] {
  pulls.evaluate(now);
  return around.takeSent();
}

function delta(session: number, claim?: VersionVector, bytes = 10): MessageOf<"delta"> {
  const records = { bytes: new Uint8Array(bytes), view: new DataView(new ArrayBuffer(0)), start: 0, end: bytes };
  return { type: "delta", session, claim, marks: undefined, records };
}

describe("a lack", () => {
  it("is fetched when it has lasted long enough, and once", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    expect(evaluate(NOW + SETTLE_MS - 1)).toEqual([]);
    expect(evaluate(NOW + SETTLE_MS)).toEqual(["b pull"]);
    expect(evaluate(NOW + SETTLE_MS + 1)).toEqual([]);
  });

  it("is not fetched when a push has filled it meanwhile", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    around.shards[0]?.vector.advance(origin(9), 1);
    expect(evaluate(NOW + SETTLE_MS)).toEqual([]);
    expect(pulls.outstanding).toBe(0);
  });

  it("is fetched in time however often it is told again", () => {
    const asked: string[] = [];
    for (let now = NOW; now <= NOW + 2 * SETTLE_MS; now += 10) {
      pulls.noteLack(shard(0), b, vector(1 + now - NOW), now);
      asked.push(...evaluate(now));
    }
    expect(asked).toEqual(["b pull"]);
  });

  it("that was filled makes room for the next, which has its own time", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    around.shards[0]?.vector.advance(origin(9), 1);
    pulls.noteLack(shard(0), b, vector(2), NOW + 90);
    expect(evaluate(NOW + SETTLE_MS)).toEqual([]);
    expect(evaluate(NOW + 90 + SETTLE_MS)).toEqual(["b pull"]);
  });
});

describe("a gap", () => {
  it("is fetched at once, also where a lack was waiting", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    pulls.noteGap(shard(0), b, NOW);
    expect(evaluate(NOW)).toEqual(["b pull"]);
  });

  it("is not put off by a lack noted after it", () => {
    pulls.noteGap(shard(0), b, NOW);
    pulls.noteLack(shard(0), b, vector(1), NOW);
    expect(evaluate(NOW)).toEqual(["b pull"]);
  });
});

describe("sessions", () => {
  it("are one for each shard at a time (P1)", () => {
    pulls.noteGap(shard(0), b, NOW);
    pulls.noteGap(shard(0), c, NOW);
    expect(evaluate(NOW)).toEqual(["b pull"]);
    pulls.receiveDelta(b, delta(1, vector(1)), NOW);
    expect(evaluate(NOW)).toEqual(["c pull"]);
  });

  it("are at most eight in all, and every shard has its turn (P1)", () => {
    for (let id = 0; id < 32; id++) pulls.noteGap(shard(id), b, NOW);
    const asked = new Set<number>();
    let next = 1;
    for (let round = 0; round < 32; round++) {
      pulls.evaluate(NOW);
      for (const { message } of around.sent) if (message.type === "pull") asked.add(message.shard);
      expect(around.sent.length).toBeLessThanOrEqual(8);
      around.sent = [];
      pulls.receiveDelta(b, delta(next++, vector(1)), NOW);
    }
    expect(asked.size).toBe(32);
  });

  it("grant the source as much room as it used, until the last chunk (P3)", () => {
    pulls.noteGap(shard(0), b, NOW);
    evaluate(NOW);
    expect(pulls.receiveDelta(b, delta(1, undefined, 33), NOW)?.shard).toBe(0);
    expect(around.sent).toEqual([{ to: b, message: { type: "credit", session: 1, bytes: 33 } }]);
    around.takeSent();
    expect(pulls.receiveDelta(b, delta(1, vector(1)), NOW)?.shard).toBe(0);
    expect(pulls.receiveDelta(b, delta(1, vector(1)), NOW)).toBe(undefined);
    expect(around.takeSent()).toEqual([]);
  });

  it("take chunks from the peer that was asked only", () => {
    pulls.noteGap(shard(0), b, NOW);
    evaluate(NOW);
    expect(pulls.receiveDelta(c, delta(1, vector(1)), NOW)).toBe(undefined);
    pulls.receiveStop(c, { type: "stop", session: 1, fromSource: true });
    expect(pulls.receiveDelta(b, delta(1, vector(1)), NOW)?.peer).toBe(b);
  });

  it("end when the source is silent, or stops, or its link goes", () => {
    pulls.noteGap(shard(0), b, NOW);
    evaluate(NOW);
    pulls.receiveDelta(b, delta(1), NOW + 500);
    around.takeSent();
    expect(evaluate(NOW + 500 + IDLE_MS)).toEqual([]);
    expect(evaluate(NOW + 501 + IDLE_MS)).toEqual(["b stop"]);
    pulls.noteGap(shard(0), b, NOW);
    evaluate(NOW);
    pulls.receiveStop(b, { type: "stop", session: 2, fromSource: true });
    expect(pulls.outstanding).toBe(0);
    pulls.noteGap(shard(0), b, NOW);
    pulls.noteGap(shard(1), c, NOW);
    evaluate(NOW);
    pulls.linkDown(b);
    expect(pulls.outstanding).toBe(1);
    expect(pulls.receiveDelta(b, delta(3, vector(1)), NOW)).toBe(undefined);
  });

  it("go to who is linked when it is time", () => {
    pulls.noteGap(shard(0), b, NOW);
    pulls.noteGap(shard(0), c, NOW);
    around.links.delete(b);
    expect(evaluate(NOW)).toEqual(["c pull"]);
  });
});
