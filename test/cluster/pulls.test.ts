import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId, ShardId } from "../../src/base/ids.ts";
import { WINDOW_BYTES_START } from "../../src/cluster/pull-window.ts";
import { Pulls, UNCLAIMED_MS } from "../../src/cluster/pulls.ts";
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
  return { type: "delta", ready: false, session, claim, marks: undefined, records };
}

describe("a lack", () => {
  beforeEach(() => around.shards.all[0]?.vector.advance(origin(8), 1));

  it("is fetched when it has lasted long enough, and once", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    expect(evaluate(NOW + SETTLE_MS - 1)).toEqual([]);
    expect(evaluate(NOW + SETTLE_MS)).toEqual(["b pull"]);
    expect(evaluate(NOW + SETTLE_MS + 1)).toEqual([]);
  });

  it("is not fetched when a push has filled it meanwhile", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    around.shards.all[0]?.vector.advance(origin(9), 1);
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
    around.shards.all[0]?.vector.advance(origin(9), 1);
    pulls.noteLack(shard(0), b, vector(2), NOW + 90);
    expect(evaluate(NOW + SETTLE_MS)).toEqual([]);
    expect(evaluate(NOW + 90 + SETTLE_MS)).toEqual(["b pull"]);
  });
});

describe("a lack of all there is", () => {
  it("is fetched at once: no push will bring that (P2)", () => {
    pulls.noteLack(shard(0), b, vector(1), NOW);
    expect(evaluate(NOW)).toEqual(["b pull"]);
  });

  it("is one no more when something is covered", () => {
    around.shards.all[0]?.vector.advance(origin(8), 1);
    pulls.noteLack(shard(0), b, vector(1), NOW);
    expect(evaluate(NOW)).toEqual([]);
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

  it("are two with one peer until it has shown to be quick, sixteen then, and every shard has its turn", () => {
    for (let id = 0; id < 32; id++) pulls.noteGap(shard(id), b, NOW);
    expect(evaluate(NOW)).toEqual(["b pull", "b pull"]);
    pulls.receiveDelta(b, delta(1, vector(1)), NOW + 100);
    expect(evaluate(NOW + 100)).toHaveLength(15);
    for (let next = 2; next <= 32; next++) pulls.receiveDelta(b, delta(next, vector(1)), NOW + 200 + next);
    expect(evaluate(NOW + 300)).toHaveLength(15);
    for (let next = 18; next <= 32; next++) pulls.receiveDelta(b, delta(next, vector(1)), NOW + 400);
    expect(pulls.outstanding).toBe(0);
  });

  it("are begun with another peer where one has as many as it may have", () => {
    for (let id = 0; id < 4; id++) for (const peer of [b, c]) pulls.noteGap(shard(id), peer, NOW);
    expect(evaluate(NOW)).toEqual(["b pull", "b pull", "c pull", "c pull"]);
  });

  it("are not begun while what is sent is dropped, and are then", () => {
    pulls.noteGap(shard(0), b, NOW);
    around.isMute = true;
    expect(evaluate(NOW)).toEqual([]);
    around.isMute = false;
    expect(evaluate(NOW)).toEqual(["b pull"]);
  });

  it("take chunks from the peer that was asked only", () => {
    pulls.noteGap(shard(0), b, NOW);
    evaluate(NOW);
    expect(pulls.receiveDelta(c, delta(1, vector(1)), NOW)).toBe(undefined);
    pulls.receiveStop(c, { type: "stop", session: 1, fromSource: true });
    expect(pulls.receiveDelta(b, delta(1, vector(1)), NOW)?.peer).toBe(b);
  });

  it("end when the source stops, or its link goes", () => {
    pulls.noteGap(shard(0), b, NOW);
    evaluate(NOW);
    pulls.receiveStop(b, { type: "stop", session: 1, fromSource: true });
    expect(pulls.outstanding).toBe(0);
    pulls.noteGap(shard(0), b, NOW);
    pulls.noteGap(shard(1), c, NOW);
    evaluate(NOW);
    pulls.linkDown(b);
    expect(pulls.outstanding).toBe(1);
    expect(pulls.receiveDelta(b, delta(2, vector(1)), NOW)).toBe(undefined);
  });

  it("that end without a claim leave the shard unclaimed until what was told is covered, or for so long (P7)", () => {
    const stop = (peer: ReplicaId, session: number) =>
      pulls.receiveStop(peer, { type: "stop", session, fromSource: true });
    const own = around.shards.all[0]?.vector;
    pulls.noteLack(shard(0), b, vector(2), NOW);
    evaluate(NOW);
    stop(b, 1);
    expect([pulls.outstanding, pulls.unclaimed]).toEqual([0, 1]);
    own?.advance(origin(9), 1);
    expect(pulls.unclaimed).toBe(1);
    own?.advance(origin(9), 2);
    expect(pulls.unclaimed).toBe(0);
    for (const [i, peer] of [b, c, b].entries()) {
      const now = NOW + 1000 + i * (UNCLAIMED_MS / 2 - 200);
      pulls.noteLack(shard(0), peer, vector(3 + i), now);
      evaluate(now + SETTLE_MS);
      stop(peer, 2 + i);
      expect([i, pulls.unclaimed]).toEqual([i, 1]);
    }
    evaluate(NOW + 1000 + SETTLE_MS + UNCLAIMED_MS);
    expect(pulls.unclaimed).toBe(0);
    pulls.abandon(shard(0));
    pulls.noteLack(shard(0), b, vector(9), NOW + 2 * UNCLAIMED_MS);
    evaluate(NOW + 2 * UNCLAIMED_MS + SETTLE_MS);
    stop(b, 5);
    expect(pulls.unclaimed).toBe(1);
  });

  it("are not begun anew while their source delivers, for whichever of them (P5)", () => {
    for (const id of [0, 1]) pulls.noteGap(shard(id), b, NOW);
    evaluate(NOW);
    for (let now = NOW; now < NOW + 20 * IDLE_MS; now += IDLE_MS) {
      pulls.receiveDelta(b, delta(1), now);
      expect(evaluate(now + IDLE_MS)).not.toContain("b stop");
    }
  });

  it("are begun anew when their source delivers nothing, after twice as long each time (P5)", () => {
    let now = NOW;
    for (const patienceMs of [IDLE_MS, 2 * IDLE_MS, 4 * IDLE_MS]) {
      pulls.noteGap(shard(0), b, now);
      expect(evaluate(now)).toEqual(["b pull"]);
      expect(evaluate(now + patienceMs)).toEqual([]);
      now += patienceMs + 1;
      expect(evaluate(now)).toContain("b stop");
    }
  });

  it("go to who is linked when it is time", () => {
    pulls.noteGap(shard(0), b, NOW);
    pulls.noteGap(shard(0), c, NOW);
    around.links.delete(b);
    expect(evaluate(NOW)).toEqual(["c pull"]);
  });
});

describe("a peer's window (P4)", () => {
  const granted = () => {
    const bytes = around.sent.flatMap(({ message }) => {
      if (message.type === "pull") return [message.credit];
      return message.type === "credit" ? [message.bytes] : [];
    });
    around.sent = [];
    return bytes.reduce((sum, each) => sum + each, 0);
  };

  it("is granted once, whatever the number of sessions, and again as it is used", () => {
    for (const id of [0, 1]) pulls.noteGap(shard(id), b, NOW);
    pulls.evaluate(NOW);
    expect(granted()).toBe(WINDOW_BYTES_START);
    pulls.receiveDelta(b, delta(1, undefined, 100_000), NOW);
    expect(granted()).toBe(100_000);
    pulls.receiveDelta(b, delta(1, vector(1), 100_000), NOW);
    expect(granted()).toBe(100_000);
  });

  it("counts what comes for a session that has ended", () => {
    pulls.noteGap(shard(0), b, NOW);
    pulls.evaluate(NOW);
    pulls.abandon(shard(0));
    granted();
    expect(pulls.receiveDelta(b, delta(1, undefined, 100_000), NOW)).toBe(undefined);
    expect(granted()).toBe(100_000);
  });

  it("is not granted in crumbs, nor while what is sent is dropped", () => {
    pulls.noteGap(shard(0), b, NOW);
    pulls.evaluate(NOW);
    granted();
    pulls.receiveDelta(b, delta(1, undefined, 1000), NOW);
    expect(granted()).toBe(0);
    around.isMute = true;
    pulls.receiveDelta(b, delta(1, undefined, 100_000), NOW);
    expect(granted()).toBe(0);
    around.isMute = false;
    pulls.evaluate(NOW);
    expect(granted()).toBe(101_000);
  });
});
