import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId, ShardId } from "../../src/base/ids.ts";
import { AckWaits } from "../../src/replica/acks.ts";
import type { Acks } from "../../src/store.ts";
import { Machines } from "../support/machines.ts";
import { NOW, origin } from "../support/shards.ts";

const SHARD = 0 as ShardId;
const OWN = origin(1);

let covered: Map<string, number>;
let durable: number;
let members: { readonly [level: string]: readonly string[] };
let isMajorityKnown: boolean;
let waits: AckWaits;
let answers: Acks[];
let offers: string[];

beforeEach(() => {
  covered = new Map();
  durable = 0;
  members = { region: ["b"], quorum: ["b", "c", "d", "e"], all: ["b", "c", "d", "e"] };
  answers = [];
  offers = [];
  isMajorityKnown = true;
  waits = new AckWaits({
    isDurable: (_shard, _origin, sequence) => sequence <= durable,
    counts: () => true,
    others: (_shard, level) => (members[level] ?? []) as ReplicaId[],
    isMajorityKnown: () => isMajorityKnown,
    covered: (id) => covered.get(id) ?? 0,
    offer: (id, shards) => offers.push(`${id} ${[...shards]}`),
  });
});

function wait(level: "disk" | "region" | "quorum" | "all", sequence = 5, dueAt = NOW + 1000): void {
  const answer = (acks: Acks) => answers.push(acks);
  waits.add({ shard: SHARD, origin: OWN, sequence, level, dueAt, waitMaxMs: 2000, answer }, NOW);
}

function has(id: string, sequence: number): void {
  covered.set(id, sequence);
  waits.progressed(SHARD);
}

describe("a write that waits", () => {
  it("for the disk is answered when it is there", () => {
    wait("disk");
    durable = 4;
    waits.progressed(SHARD);
    expect(answers).toEqual([]);
    durable = 5;
    waits.progressed(SHARD);
    expect(answers).toEqual([{ reached: 1, wanted: 1, met: true }]);
  });

  it("for others waits as long as this replica has heard of none and looks for them", () => {
    members = {};
    isMajorityKnown = false;
    for (const level of ["region", "quorum", "all"] as const) wait(level);
    waits.tick(NOW + 1000);
    expect(answers).toEqual(Array(3).fill({ reached: 1, wanted: 2, met: false }));
    isMajorityKnown = true;
    wait("quorum");
    expect(answers.at(-1)).toEqual({ reached: 1, wanted: 1, met: true });
  });

  it("for a quorum is answered at the third of five, for what lies at or below what they cover", () => {
    wait("quorum");
    has("b", 4);
    has("c", 9);
    expect(answers).toEqual([]);
    has("b", 5);
    expect(answers).toEqual([{ reached: 3, wanted: 3, met: true }]);
    has("d", 9);
    expect(answers).toHaveLength(1);
  });

  it("for all counts everybody, for its region those of the region", () => {
    wait("region");
    wait("all");
    has("b", 5);
    expect(answers).toEqual([{ reached: 2, wanted: 2, met: true }]);
    for (const id of ["c", "d"]) has(id, 5);
    expect(answers).toHaveLength(1);
    has("e", 5);
    expect(answers[1]).toEqual({ reached: 5, wanted: 5, met: true });
  });

  it("for more than there are is answered at once where this replica is alone", () => {
    members = {};
    wait("quorum");
    wait("all");
    expect(answers).toEqual([1, 1].map((one) => ({ reached: one, wanted: one, met: true })));
  });

  it("too long is told how far it got, and no more after that", () => {
    wait("all");
    wait("disk", 5, NOW + 2000);
    has("b", 5);
    waits.tick(NOW + 999);
    expect(answers).toEqual([]);
    waits.tick(NOW + 1000);
    expect(answers).toEqual([{ reached: 2, wanted: 5, met: false }]);
    waits.tick(NOW + 2000);
    expect(answers[1]).toEqual({ reached: 0, wanted: 1, met: false });
    for (const id of ["c", "d", "e"]) has(id, 5);
    expect(answers).toHaveLength(2);
  });

  it("follows those who join while it waits", () => {
    members = { all: [] };
    wait("all", 5);
    members = { all: ["b"] };
    wait("all", 6);
    expect(answers).toHaveLength(1);
    has("b", 6);
    expect(answers[1]).toEqual({ reached: 2, wanted: 2, met: true });
  });
});

describe("a write that is late", () => {
  it("is shown to those who lack it, and again, until it is answered", () => {
    wait("region");
    wait("quorum", 7, NOW + 3000);
    covered.set("b", 5);
    waits.progressed(SHARD);
    waits.tick(NOW + 499);
    expect(offers).toEqual([]);
    waits.tick(NOW + 500);
    expect(offers).toEqual(["b 0", "c 0", "d 0", "e 0"]);
    covered.set("c", 7);
    waits.tick(NOW + 999);
    expect(offers).toHaveLength(4);
    waits.tick(NOW + 1000);
    expect(answers.map(({ met }) => met)).toEqual([true]);
    expect(offers.slice(4)).toEqual(["b 0", "d 0", "e 0"]);
  });

  it("is shown at once where the clock was put back, and to nobody where it waits for the disk", () => {
    wait("disk", 5, NOW + 9000);
    wait("region", 5, NOW + 9000);
    waits.tick(NOW - 501);
    expect(offers).toEqual(["b 0"]);
  });
});

describe("on machines", () => {
  async function written(machines: Machines, ack: "quorum" | "all" | "disk"): Promise<Acks[]> {
    const got: Acks[] = [];
    const { dot } = machines.put("a", "k", `v${machines.now}`, { ack });
    const dueAt = machines.now + 3000;
    const answer = (acks: Acks) => got.push(acks);
    machines.at("a").acks.add({ ...dot, level: ack, dueAt, waitMaxMs: 60_000, answer }, machines.now);
    return got;
  }

  it("a quorum is reached by pushes, in one round trip", async () => {
    const machines = await Machines.started(["a", "b", "c"], "acks");
    const got = await written(machines, "all");
    machines.flush("a");
    machines.deliverAll();
    expect(got).toEqual([{ reached: 3, wanted: 3, met: true }]);
  });

  it("a peer that lost the push confirms once it has fetched it", async () => {
    const machines = await Machines.started(["a", "b", "c"], "gap");
    machines.drop = (_from, to) => to === "c";
    machines.put("a", "k", "lost");
    machines.flush("a");
    machines.drop = () => false;
    const got = await written(machines, "all");
    machines.flush("a");
    machines.deliverAll();
    expect(got).toEqual([]);
    machines.run(150);
    expect(got).toEqual([{ reached: 3, wanted: 3, met: true }]);
  });

  it("a peer that lost the push, and hears nothing more, is asked after half a second", async () => {
    const machines = await Machines.started(["a", "b", "c"], "late");
    machines.drop = (_from, to) => to === "c";
    const got = await written(machines, "all");
    machines.flush("a");
    machines.drop = () => false;
    machines.at("a").antiEntropy.tick = () => {};
    machines.at("b").antiEntropy.tick = () => {};
    machines.at("c").antiEntropy.tick = () => {};
    machines.run(400);
    expect(got).toEqual([]);
    machines.run(800);
    expect(got).toEqual([{ reached: 3, wanted: 3, met: true }]);
  });

  it("is answered when the clock is put back behind all that it would wait for", () => {
    waits.tick(NOW);
    wait("all");
    waits.tick(NOW - 500);
    expect(answers).toEqual([]);
    waits.tick(NOW - 1001);
    expect(answers).toEqual([{ reached: 1, wanted: 5, met: false }]);
  });

  it("it is said honestly when a peer is away, and the write spreads later", async () => {
    const machines = await Machines.started(["a", "b", "c"], "away");
    machines.cut(["c"], ["a", "b"]);
    const [all, quorum] = [await written(machines, "all"), await written(machines, "quorum")];
    machines.run(3100);
    expect(all).toEqual([{ reached: 2, wanted: 3, met: false }]);
    expect(quorum).toEqual([{ reached: 2, wanted: 2, met: true }]);
    machines.heal();
    machines.run(2000);
    expect(machines.differences()).toEqual([]);
  });

  it("what was confirmed of an earlier life says nothing of one that was begun since", async () => {
    const machines = await Machines.started(["a", "b", "c"], "begun anew");
    await written(machines, "all");
    machines.flush("a");
    machines.deliverAll();
    machines.at("a").quarantine({ reason: "away", knownLife: 1 }, machines.now);
    const [quorum, all] = [await written(machines, "quorum"), await written(machines, "all")];
    expect([quorum, all]).toEqual([[], []]);
    machines.run(3100);
    expect(quorum.map(({ met }) => met)).toEqual([true]);
    expect(machines.get("b", "k")).toBe(machines.get("a", "k"));
  });

  it("a peer that was away counts as soon as a comparison shows that it has the write", async () => {
    const machines = await Machines.started(["a", "c"], "back");
    machines.cut(["c"], ["a"]);
    const got: Acks[] = [];
    const { dot } = machines.put("a", "k", "v", { ack: "all" });
    const dueAt = machines.now + 60_000;
    const answer = (acks: Acks) => got.push(acks);
    machines.at("a").acks.add({ ...dot, level: "all", dueAt, waitMaxMs: 60_000, answer }, machines.now);
    machines.run(1000);
    machines.heal();
    // Nobody writes any more: nothing but comparisons tells.
    machines.run(5000);
    expect(got).toEqual([{ reached: 2, wanted: 2, met: true }]);
  });

  it("the disk is promised when it has the write, not before", async () => {
    const machines = await Machines.started(["a"], "disk");
    machines.machine("a").diskWorks = false;
    const got = await written(machines, "disk");
    machines.run(500);
    expect(got).toEqual([]);
    machines.machine("a").diskWorks = true;
    machines.run(50);
    expect(got).toEqual([{ reached: 1, wanted: 1, met: true }]);
  });
});
