import { beforeEach, describe, expect, it } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import type { ReplicaId, SpaceId } from "../../src/base/ids.ts";
import { DEFAULT_SPACE, shardIdOf } from "../../src/base/shard-id.ts";
import { Pulls } from "../../src/cluster/pulls.ts";
import { Replication } from "../../src/cluster/replication.ts";
import { timestampFromMs } from "../../src/core/clock.ts";
import { recordBytesMax } from "../../src/core/containers/record-check.ts";
import { originOf, replicaNumber } from "../../src/core/origin.ts";
import { FLAG_DEAD } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/codec.ts";
import { PUSH_HEADER_BYTES } from "../../src/wire/push-codec.ts";
import type { Records } from "../../src/wire/records.ts";
import { createShard, dump, type Loose, NOW, record } from "../support/shards.ts";
import { facts, TestSurroundings } from "../support/surroundings.ts";

const b = "b" as ReplicaId;
const LIMITS = { keyBytesMax: 100, valueBytesMax: 200_000 };
const PARTS = 16;
const ofB = (life = 1) => originOf(replicaNumber(b), life);

let around: TestSurroundings;
let pulls: Pulls;
let frames: Uint8Array[];
let receivers: (readonly ReplicaId[])[];
let replication: Replication;
let heard: SpaceId[];

beforeEach(() => start(1));

function start(shards: number): void {
  around = new TestSurroundings("a", ["b"], shards);
  pulls = new Pulls(around, { settleMs: 100, idleMs: 1000 });
  frames = [];
  receivers = [];
  heard = [];
  replication = new Replication(around, pulls, {
    limits: LIMITS,
    region: "default",
    isAlive: () => true,
    broadcast: (to, frame) => {
      frames.push(frame);
      receivers.push(to);
    },
    heardOf: (space) => void heard.push(space),
    applied: () => {},
  });
}

function records(list: readonly Loose[]): Records {
  const bytes = Uint8Array.from(list.flatMap((each) => [...each.bytes]));
  return { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
}

function receive(confirm: boolean, ...list: Loose[]): void {
  replication.receivePush(b, { space: DEFAULT_SPACE, confirm, records: records(list) }, NOW);
}

const written = (sequence: number, more: { key?: string; life?: number; flags?: number } = {}) =>
  record({
    key: more.key ?? `k${sequence}`,
    sequence,
    origin: ofB(more.life),
    timestamp: timestampFromMs(NOW + sequence),
    flags: more.flags ?? 0,
    value: more.flags === undefined ? new Uint8Array(1) : undefined,
  });

const home = () => around.shards.all[0] as Shard;

const held = () => around.shards.all.flatMap(dump).map((line) => line.split(" ")[0]);

describe("a push", () => {
  it("carries every write as it was written, also what was overwritten before it left (R3)", () => {
    const all = [written(1, { key: "k" }), written(2, { key: "k", flags: FLAG_DEAD }), written(3, { key: "k" })];
    for (const { bytes, view } of all) replication.queue(home(), view, bytes.length, false);
    // The writer's buffer is used again at once.
    const kept = all.map(({ bytes }) => bytes.slice());
    for (const { bytes } of all) bytes.fill(0);
    replication.flush();
    expect(frames).toHaveLength(1);
    const message = decodeMessage(frames[0] ?? new Uint8Array(0));
    if (message.type !== "push") throw new Error(message.type);
    expect([...message.records.bytes.subarray(message.records.start)]).toEqual(kept.flatMap((bytes) => [...bytes]));
    replication.flush();
    expect(frames).toHaveLength(1);
  });

  it("goes out when it has grown large, and asks for a confirmation when one of its writes wants it", () => {
    const large = record({ key: "k", value: new Uint8Array(150_000) });
    for (const confirm of [false, true]) replication.queue(home(), large.view, large.bytes.length, confirm);
    replication.queue(home(), written(1).view, written(1).bytes.length, false);
    replication.flush();
    const confirms = frames.map((frame) => {
      const message = decodeMessage(frame);
      return message.type === "push" && message.confirm;
    });
    expect(confirms).toEqual([false, true, false]);
  });

  it("ends before a record that would make it longer than it may be", () => {
    const small = record({ key: "small", value: new Uint8Array(65_400) });
    const large = record({ key: "large", value: new Uint8Array(200_000) });
    for (const { bytes, view } of [small, large, small]) replication.queue(home(), view, bytes.length, false);
    replication.flush();
    const lengths = [small, large, small].map(({ bytes }) => PUSH_HEADER_BYTES + bytes.length);
    expect(frames.map((frame) => frame.length)).toEqual(lengths);
    expect(replication.longest).toBe(Math.max(...lengths));
    expect(replication.pushBytesMax).toBe(PUSH_HEADER_BYTES + recordBytesMax(LIMITS));
  });

  it("is not made while nobody is linked, and is for whoever is", () => {
    around.links.delete(b);
    const [first, second] = [written(1), written(2)];
    replication.queue(home(), first.view, first.bytes.length, false);
    expect([replication.hasPending, replication.pendingBytes]).toEqual([false, 0]);
    around.links.add(b);
    replication.queue(home(), second.view, second.bytes.length, false);
    replication.flush();
    expect(frames.map((frame) => frame.length)).toEqual([PUSH_HEADER_BYTES + second.bytes.length]);
  });

  it("of a shard that one member owns goes to that one, and is not made where it is this replica", () => {
    start(PARTS);
    const space = 7 as SpaceId;
    const { ownership, members } = around;
    ownership.setPolicies([{ space, policy: { replication: 1 }, version: 1, hash: 0 }]);
    ownership.see(members);
    const placed = Array.from({ length: PARTS }, (_, number) => createShard({ id: shardIdOf(space, number) }).shard);
    const queue = (shards: readonly Shard[]) => {
      for (const shard of shards) replication.queue(shard, written(1).view, written(1).bytes.length, false);
    };
    const [ours, others] = [true, false].map((is) => placed.filter(({ id }) => ownership.owns(id) === is));
    queue(ours ?? []);
    expect(ours).not.toEqual([]);
    expect(replication.hasPending).toBe(false);
    queue(others ?? []);
    expect(replication.hasPending).toBe(true);
    replication.flush();
    expect(replication.hasPending).toBe(false);
    expect(receivers).toEqual([[b]]);
  });

  it("in order claims what it brings; behind a gap it is applied, claims nothing, and is asked about", () => {
    receive(false, written(1), written(2));
    expect(around.shards.all[0]?.vector.get(ofB())).toBe(2);
    expect(pulls.outstanding).toBe(0);
    receive(false, written(5));
    expect(held()).toEqual(["k1", "k2", "k5"]);
    expect([around.shards.all[0]?.vector.get(ofB()), pulls.outstanding]).toEqual([2, 1]);
  });

  it("of a life that has ended is left to deltas (R4)", () => {
    around.members.learn(facts("b", { life: 2, rootLife: 1 }), NOW);
    receive(false, written(1), written(1, { key: "present", life: 2 }));
    expect(held()).toEqual(["present"]);
    expect(replication.refusedDead).toBe(1);
    around.members.leave(b);
    receive(false, written(2, { life: 2 }));
    expect(held()).toEqual(["present"]);
  });

  it.each([
    ["of a life that nobody announced", () => [written(1, { life: 2 })]],
    ["that is damaged", () => [written(1), { ...written(2), bytes: written(2).bytes.fill(7, 33) }]],
    ["that is cut short", () => [{ ...written(1), bytes: written(1).bytes.subarray(0, 30) }]],
  ])("%s is refused", (_what, list) => {
    expect(() => receive(false, ...list())).toThrow(BadBytes);
  });

  it("with a register of a life that was never announced leaves nothing of those before it", () => {
    expect(() => receive(false, written(1), written(1, { key: "k2", life: 7 }))).toThrow(BadBytes);
    expect(held()).toEqual([]);
  });

  it("of a space that is not known here leaves word that there is one, and nothing else", () => {
    const space = 7 as SpaceId;
    replication.receivePush(b, { space, confirm: true, records: records([written(1)]) }, NOW);
    expect([heard, around.takeSent()]).toEqual([[space], []]);
    receive(false, written(1));
    expect(heard).toEqual([space]);
  });

  it("that is damaged in its last record leaves nothing of the first", () => {
    const bad = written(2);
    bad.bytes[bad.bytes.length - 1] = 99;
    expect(() => receive(false, written(1), bad)).toThrow(BadBytes);
    expect(held()).toEqual([]);
  });
});

describe("a confirmation", () => {
  it("tells how far the origin is covered here", () => {
    receive(true, written(1), written(2));
    const entries = [{ shard: 0, sequence: 2 }];
    expect(around.sent).toEqual([{ to: b, message: { type: "confirm", origin: ofB(), entries } }]);
  });

  it("is owed while there is a gap, and given when it is filled", () => {
    receive(true, written(2));
    expect(around.sent.map(({ message }) => message)).toEqual([{ type: "confirm", origin: ofB(), entries: [] }]);
    around.sent = [];
    const claim = new VersionVector();
    claim.advance(ofB(), 2);
    const [shard] = around.shards;
    shard?.claim(claim);
    if (shard !== undefined) for (let i = 0; i < 2; i++) replication.claimed(shard);
    const entries = [{ shard: 0, sequence: 2 }];
    expect(around.sent).toEqual([{ to: b, message: { type: "confirm", origin: ofB(), entries } }]);
  });

  it("is not owed to a peer whose link went", () => {
    receive(true, written(2));
    around.sent = [];
    replication.linkDown(b);
    for (const shard of around.shards) replication.claimed(shard);
    expect(around.sent).toEqual([]);
  });

  it("is not owed for a shard that is let go of", () => {
    receive(true, written(2));
    expect(replication.owed).toBe(1);
    for (const shard of around.shards) replication.leaves(shard);
    expect(replication.owed).toBe(0);
  });
});

describe("a push whose life is sealed here, by a later life that its link does not tell of yet", () => {
  it("is confirmed for no shard, and the number of what is covered, which is all, is never put into bytes", () => {
    around.shards.all[0]?.seal(replicaNumber(b), 2);
    receive(true, written(1));
    const confirms = around.sent.flatMap(({ message }) => (message.type === "confirm" ? [message] : []));
    expect(confirms.flatMap(({ entries }) => entries)).toEqual([]);
    for (const message of confirms) expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });
});

describe("a push of another region", () => {
  const [c, d] = ["c", "d"] as ReplicaId[] as [ReplicaId, ReplicaId];

  it("goes there once, with the names of all who are to have it", () => {
    for (const [name, region] of [
      ["b", "us"],
      ["c", "us"],
      ["d", "default"],
    ] as const) {
      around.members.learn(facts(name, { region, life: 2 }), NOW);
      around.links.add(name as ReplicaId);
    }
    replication.queue(home(), written(1).view, written(1).bytes.length, true);
    replication.flush();
    const sent = frames.map((frame, i) => ({ to: receivers[i], message: decodeMessage(frame) }));
    const relayed = sent.find(({ message }) => message.type === "relay");
    if (relayed?.message.type !== "relay") throw new Error("no relay");
    expect([...(relayed.to ?? []), ...relayed.message.to].sort()).toEqual([b, c]);
    expect([relayed.message.confirm, relayed.message.space]).toEqual([true, DEFAULT_SPACE]);
    const { bytes, start, end } = relayed.message.records;
    expect(bytes.subarray(start, end)).toEqual(written(1).bytes);
    expect(sent.filter(({ message }) => message.type === "push").map(({ to }) => to)).toEqual([[d]]);
  });

  it("is taken here, and passed on to those of them that are linked", () => {
    around.links.add(c);
    const list = records([written(1)]);
    replication.receiveRelay(b, { type: "relay", to: [c, d], confirm: true, space: DEFAULT_SPACE, records: list }, NOW);
    expect(held()).toEqual(["k1"]);
    expect(around.takeSent()).toEqual(["b confirm"]);
    expect(receivers).toEqual([[c]]);
    expect(decodeMessage(frames[0] as Uint8Array)).toMatchObject({ type: "relayed", of: b, confirm: true });
  });

  it("that was passed on is taken as if whose it is had sent it, and confirmed to that one", () => {
    around.links.add(c);
    const relayed = (...list: Loose[]) =>
      replication.receiveRelayed(
        { type: "relayed", of: b, confirm: true, space: DEFAULT_SPACE, records: records(list) },
        NOW,
      );
    relayed(written(1));
    expect([held(), around.shards.all[0]?.vector.get(ofB())]).toEqual([["k1"], 1]);
    expect(around.takeSent()).toEqual(["b confirm"]);
    // Of a life that the relay heard of first nothing is taken yet, and the relay's link stays.
    relayed(written(1, { key: "later", life: 2 }));
    expect(held()).toEqual(["k1"]);
    around.members.giveUp(b, 1);
    relayed(written(2));
    expect(held()).toEqual(["k1"]);
  });

  it("leaves nothing owed to one that is not linked, whom nobody could pay", () => {
    const relayed = (...list: Loose[]) =>
      replication.receiveRelayed(
        { type: "relayed", of: b, confirm: true, space: DEFAULT_SPACE, records: records(list) },
        NOW,
      );
    relayed(written(3));
    expect(replication.owed).toBe(1);
    around.links.delete(b);
    replication.linkDown(b);
    relayed(written(5));
    expect(replication.owed).toBe(0);
  });
});
