import { describe, expect, it } from "vitest";
import { hashText } from "../../src/base/hash.ts";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { msOfTimestamp, timestampFromMs } from "../../src/core/clock.ts";
import { originOf, replicaNumber } from "../../src/core/origin.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { timestampAt } from "../../src/core/record/record.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/codec.ts";
import type { Message } from "../../src/wire/message.ts";
import { id, Machines } from "../support/machines.ts";
import { sealed } from "../support/sealed.ts";
import { record } from "../support/shards.ts";
import { rumour } from "../support/surroundings.ts";

const LINK = 77;

function peer(name: string, life = 1) {
  return { id: id(name), life, region: "r", address: `${name}:1` };
}

/** One machine with a peer that the test plays. */
async function withPeer(seed: string): Promise<Machines> {
  const machines = await Machines.started(["a"], seed);
  machines.put("a", "k", "v");
  meet(machines, LINK, "b");
  machines.at("a").outbox.frames = [];
  return machines;
}

/** A link comes up, and its peer says who it is. */
function meet(machines: Machines, link: number, name: string): void {
  const replica = machines.at("a");
  replica.linkUp(link, peer(name), machines.now);
  const members = [rumour(name)];
  const message = { type: "members", self: id(name), isAll: true, members, lineage: [], known: [] } as const;
  replica.receive(link, encodeMessage(message), machines.now);
}

describe("messages", () => {
  it("are no longer than the longest value and 64 KiB, whatever is to be sent together", async () => {
    const machines = await Machines.started(["a", "b"], "long", { shards: 1 });
    const { valueBytesMax } = machines.at("a").config;
    let longest = 0;
    machines.spy = (frame) => {
      longest = Math.max(longest, frame.length);
    };
    machines.cut(["a"], ["b"]);
    machines.put("a", "chunk", "x".repeat(65_490));
    machines.put("a", "longest", "x".repeat(valueBytesMax));
    machines.heal();
    machines.run(3000);
    machines.put("a", "push", "x".repeat(65_490));
    machines.put("a", "longest of all", "x".repeat(valueBytesMax));
    machines.run(3000);
    expect(machines.differences()).toEqual([]);
    expect(longest).toBeGreaterThan(valueBytesMax);
    expect(longest).toBeLessThanOrEqual(valueBytesMax + 64 * 1024);
  });
});

describe("a life that ended", () => {
  it("is not closed by one that knows nobody, and may have met somebody before it crashed", async () => {
    const machines = await Machines.started(["a"], "unmet", { shards: 1 });
    machines.put("a", "on disk", "v");
    machines.run(1000);
    machines.machine("a").diskWorks = false;
    await machines.start("b");
    machines.deliverAll();
    machines.put("a", "pushed", "v");
    machines.flush("a");
    machines.deliverAll();
    expect(machines.get("b", "pushed")).toBe("v");
    machines.cut(["a"], ["b"]);
    machines.crash("a");
    machines.machine("a").diskWorks = true;
    await machines.start("a");
    machines.run(3000);
    machines.heal();
    machines.run(3000);
    expect(machines.get("a", "pushed")).toBe("v");
    expect(machines.at("a").audit.repaired).toBe(0);
  });
});

describe("bad bytes from a peer", () => {
  const push = record({ key: "x" }).bytes;
  it.each([
    ["nothing", new Uint8Array(0)],
    ["a type that nobody knows", sealed([99])],
    ["a message cut short", sealed([7, 1, 2])],
    ["a record cut short", sealed([2, 0], push.subarray(0, 20))],
    [
      "a register of an origin that the peer is not",
      sealed([2, 0], record({ key: "x", origin: 2 ** 52 }).bytes.fill(1, 0, 1)),
    ],
    // Whoever wrote that key next would write what no peer takes, and its shard would never be in sync again.
    ["a register stamped beyond all clocks", sealed([2, 0], record({ key: "x", timestamp: 2 ** 53 - 1 }).bytes)],
  ])("cost it its link and change nothing: %s", async (_what, bytes) => {
    const machines = await withPeer("bad");
    const before = machines.dump("a");
    machines.at("a").receive(LINK, bytes, machines.now);
    const { outbox, peers } = machines.at("a");
    expect([peers.badFrames, outbox.closes.map(({ link, code }) => [link, code])]).toEqual([
      1,
      [[LINK, "PEER_BAD_FRAME"]],
    ]);
    expect(machines.dump("a")).toBe(before);
  });

  it("that were sound when they were sent cost it its link and change nothing", async () => {
    const machines = await withPeer("damaged");
    const before = machines.dump("a");
    const sound = sealed([2, 0], push);
    const inVector = encodeMessage({
      type: "delta",
      ready: false,
      session: 1,
      claim: machines.at("a").shards.all[0]?.vector,
      marks: undefined,
      records: { bytes: push, view: new DataView(push.buffer), start: 0, end: push.length },
    });
    const damaged = [
      sound.with(sound.length - 1, 0x7f),
      sound.with(5, 1),
      sound.subarray(0, 6),
      inVector.with(8, 0x55),
    ];
    for (const bytes of damaged) machines.at("a").receive(LINK, bytes, machines.now);
    expect(machines.at("a").peers.badFrames).toBe(damaged.length);
    expect(machines.at("a").outbox.closes.map(({ link }) => link)).toEqual(damaged.map(() => LINK));
    expect(machines.dump("a")).toBe(before);
  });

  it("of any kind never make the machine throw, nor change what it holds", async () => {
    const machines = await withPeer("noise");
    const random = new SeededRandom("noise");
    const before = machines.dump("a");
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
      // All but the two that change who belongs to the cluster, and do so whenever they can be read.
      if (bytes.length > 0) bytes[0] = 2 + random.below(18);
      machines.at("a").receive(LINK, sealed(bytes), machines.now);
    }
    expect(machines.at("a").peers.badFrames).toBeGreaterThan(1000);
    expect(machines.dump("a")).toBe(before);
  });
});

describe("a peer", () => {
  it("with this replica's own id, or one of the same number as another's, is refused", async () => {
    const seen = new Map<number, string>();
    let clash: readonly [string, string] | undefined;
    for (let i = 0; clash === undefined; i++) {
      const number = hashText(`n${i}`, 0x61746f6c);
      const other = seen.get(number);
      if (other !== undefined) clash = [other, `n${i}`];
      seen.set(number, `n${i}`);
    }
    const machines = await Machines.started(["a"], "ids");
    const replica = machines.at("a");
    for (const [i, name] of ["a", ...clash].entries()) meet(machines, i + 1, name);
    expect(replica.outbox.closes.map(({ link, code }) => [link, code])).toEqual([
      [1, "PEER_DUPLICATE_ID"],
      [3, "PEER_DUPLICATE_ID"],
    ]);
    expect(replica.linked()).toEqual([clash[0]]);
  });

  it("that was given up is neither believed nor fed", async () => {
    const machines = await withPeer("given up");
    const replica = machines.at("a");
    replica.members.giveUp(id("b"), 1);
    const before = machines.dump("a");
    const { bytes } = record({ key: "x", origin: replica.number });
    replica.receive(LINK, sealed([2, 0, 0, 0, 0, 0], bytes), machines.now);
    const pull = { type: "pull", session: 1, shard: 0, credit: 1000, vector: replica.shards.all[0]?.vector } as never;
    replica.receive(LINK, encodeMessage(pull), machines.now);
    const said = replica.outbox.frames.map(({ frame }) => decodeMessage(frame));
    expect(said).toEqual([{ type: "stop", session: 1, fromSource: true }]);
    replica.outbox.frames = [];
    machines.put("a", "k2", "v");
    replica.replication.flush();
    expect(replica.outbox.frames).toEqual([]);
    machines.delete("a", "k2");
    expect([replica.peers.badFrames, machines.dump("a").split("\n")[0]]).toEqual([0, before.split("\n")[0]]);
  });

  it("that is given up is asked for nothing any more, and what it was asked for is asked of another", async () => {
    const machines = await withPeer("given up while asked");
    const replica = machines.at("a");
    meet(machines, LINK + 1, "c");
    const lacked = new VersionVector();
    lacked.advance(originOf(replicaNumber(id("d")), 1), 1);
    replica.pulls.noteLack(0 as ShardId, id("b"), lacked, machines.now);
    const pullsOf = (): unknown[] =>
      replica.outbox.frames.flatMap(({ link, frame }) => (decodeMessage(frame).type === "pull" ? [link] : []));
    replica.tick(machines.now + 1000);
    expect(pullsOf()).toEqual([LINK]);
    replica.pulls.noteLack(0 as ShardId, id("b"), lacked, machines.now + 1000);
    // What this replica holds is too old for the one that tells it so, and that one had given up the peer as well.
    const told = [rumour("c"), rumour("b", { givenUpLife: 1 })];
    const half = { rootLife: told[0]?.rootLife ?? 0, half: [] };
    const say = (message: Message): void => replica.receive(LINK + 1, encodeMessage(message), machines.now + 1001);
    say({ type: "members", self: id("c"), isAll: true, members: told, lineage: [], known: [] });
    say({ type: "quarantine", givenUpLife: replica.life, ...half, givenUp: [{ id: id("b"), life: 1 }] });
    expect([replica.quarantines, replica.linked()]).toEqual([1, [id("c")]]);
    replica.persisted(replica.persistence.take() as never);
    expect(replica.pulls.outstanding).toBe(0);
    replica.pulls.noteLack(0 as ShardId, id("c"), lacked, machines.now + 1002);
    replica.outbox.frames = [];
    replica.tick(machines.now + 3000);
    expect(pullsOf()).toEqual([LINK + 1]);
  });
});

describe("readiness", () => {
  it("is reached alone after a while, with peers once all are compared and what was missing is here", async () => {
    const machines = new Machines("ready");
    await machines.start("a");
    const reasons = (name: string) => machines.at(name).unreadyReasons(machines.now);
    expect(reasons("a")).toEqual(["looking for peers"]);
    machines.run(3000);
    expect(reasons("a")).toEqual([]);
    for (let i = 0; i < 500; i++) machines.put("a", `k${i}`, "v");
    await machines.start("b");
    expect(reasons("b")).toEqual(["looking for peers"]);
    const heard = new Set<string>();
    while (machines.deliverOne()) for (const reason of reasons("b")) heard.add(reason);
    expect(heard).toContain("comparing with peers");
    while (reasons("b").length > 0) {
      machines.run(50);
      for (const reason of reasons("b")) heard.add(reason);
    }
    expect(heard).toContain("catching up with peers");
    expect(machines.get("b", "k499")).toBe("v");
  });

  it("is lost in a quarantine until all is confirmed, and not by a peer that comes later", async () => {
    const machines = await Machines.started(["a", "b"], "lost");
    machines.put("a", "k", "v");
    machines.run(2000);
    await machines.start("c");
    expect(machines.at("a").unreadyReasons(machines.now)).toEqual([]);
    machines.at("b").members.giveUp(id("a"), machines.at("a").life);
    machines.cut(["a"], ["b"]);
    machines.heal();
    while (machines.at("a").quarantines === 0) machines.deliverOne();
    expect(machines.at("a").unreadyReasons(machines.now)).toContain("its life is not yet on disk");
    expect(machines.get("a", "k")).toBe(undefined);
    machines.run(10_000);
    expect(machines.at("a").unreadyReasons(machines.now)).toEqual([]);
    expect(machines.get("a", "k")).toBe("v");
  });
});

describe("a life that is not on disk", () => {
  it("lets nothing leave that bears its dots (R4)", async () => {
    const machines = await Machines.started(["a", "b"], "not durable");
    machines.machine("a").diskWorks = false;
    machines.at("b").members.giveUp(id("a"), machines.at("a").life);
    machines.cut(["a"], ["b"]);
    machines.heal();
    machines.deliverAll();
    expect(machines.at("a").lifeDurable).toBe(false);
    machines.put("a", "k", "v");
    machines.run(3000);
    expect(machines.get("b", "k")).toBe(undefined);
    machines.machine("a").diskWorks = true;
    machines.run(5000);
    expect(machines.get("b", "k")).toBe("v");
    const shard = machines.at("b").shardOfKey("k" as Key);
    expect(shard.vector.get(machines.at("a").origin)).toBeGreaterThan(0);
  });
});

describe("a clock that ran ahead and was put back", () => {
  const AHEAD_MS = 600_000;

  /** That of a, for a second. */
  async function wasAhead(seed: string, during: (machines: Machines) => void = () => {}): Promise<Machines> {
    const machines = await Machines.started(["a", "b"], seed);
    machines.put("a", "early", "v", { ttlMs: AHEAD_MS / 2 });
    machines.run(1000);
    machines.skewMs.set(id("a"), AHEAD_MS);
    machines.run(500);
    during(machines);
    machines.run(500);
    machines.skewMs.delete(id("a"));
    machines.run(200);
    return machines;
  }

  function stampOf(machines: Machines, name: string, key: string) {
    const shard = machines.at(name).shardOfKey(key as Key);
    const slot = shard.find(KIND_PLAIN, key as Key);
    return timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  }

  it("lets fall what expires by it now; what fell early stays fallen, and falls elsewhere in its time", async () => {
    const machines = await wasAhead("put back");
    const heard: string[] = [];
    machines
      .at("a")
      .audience.changesOf(DEFAULT_SPACE)
      .watch({ prefix: "" }, (event) => heard.push(event.type), machines.now);
    machines.put("a", "session", "v", { ttlMs: 60_000 });
    machines.run(59_000);
    expect(["a", "b"].map((name) => machines.get(name, "session"))).toEqual(["v", "v"]);
    expect(["a", "b"].map((name) => machines.get(name, "early"))).toEqual([undefined, "v"]);
    machines.run(2000);
    expect(["a", "b"].map((name) => machines.get(name, "session"))).toEqual([undefined, undefined]);
    expect(heard).toEqual(["put", "expire"]);
    machines.run(AHEAD_MS);
    const counts = ["a", "b"].flatMap((name) => machines.at(name).shards.all.map((shard) => shard.table.count));
    expect(counts).toEqual(Array(10).fill(0));
    expect(machines.at("a").audit.repaired + machines.at("b").audit.repaired).toBe(0);
  });

  it("goes on comparing and keeping house at once", async () => {
    const machines = await wasAhead("deadlines");
    const before = machines.at("a").antiEntropy.rounds;
    machines.put("a", "k", "v");
    machines.delete("a", "k");
    machines.run(5000);
    expect(machines.at("a").antiEntropy.rounds).toBeGreaterThan(before + 2);
    expect(
      machines
        .at("a")
        .shardOfKey("k" as Key)
        .find(KIND_PLAIN, "k" as Key),
    ).toBe(0);
  });

  it("goes on stamping from where it was, a tick a write, until time has caught up; all writes win where they should", async () => {
    const machines = await wasAhead("stamps", (during) => during.put("a", "k", "ahead"));
    const ahead = stampOf(machines, "b", "k");
    expect(msOfTimestamp(ahead)).toBe(machines.now - 700 + AHEAD_MS);
    machines.put("a", "other", "v");
    expect(stampOf(machines, "a", "other")).toBe(ahead + 1);
    machines.put("a", "k", "later");
    machines.run(1000);
    expect([machines.get("b", "k"), stampOf(machines, "b", "k")]).toEqual(["later", ahead + 2]);
    // The clock of b does not follow so far; its write beats what it saw all the same (R8).
    machines.put("b", "k", "last");
    machines.put("b", "own", "v");
    machines.run(1000);
    expect([machines.get("a", "k"), stampOf(machines, "a", "k")]).toEqual(["last", ahead + 3]);
    expect(msOfTimestamp(stampOf(machines, "b", "own"))).toBeLessThan(machines.now);
    machines.run(AHEAD_MS);
    machines.put("a", "k", "caught up");
    expect(stampOf(machines, "a", "k")).toBe(timestampFromMs(machines.now));
    machines.run(1000);
    expect(machines.differences()).toEqual([]);
  });
});
