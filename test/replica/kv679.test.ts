/**
 * Riak's bug kv679, data loss by actor ids used again after local loss, in its six published scenarios (basho/riak_test,
 * `tests/kv679_*.erl`) as they apply here: an actor is an origin, a vnode's clock the version vector of a shard.
 */

import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { replicaOf } from "../../src/core/origin.ts";
import { type Disk, Machines } from "../support/machines.ts";

const ALL = ["a", "b", "c"];

function expectEverywhere(
  machines: Machines,
  names: readonly string[],
  expected: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(expected)) {
    expect([key, ...names.map((name) => machines.get(name, key))]).toEqual([key, ...names.map(() => value)]);
  }
  expect(machines.differences()).toEqual([]);
}

/** c writes a while and everybody has it; then c is down. */
async function afterSomeWrites(seed: string): Promise<Machines> {
  const machines = await Machines.started(ALL, seed);
  for (let i = 0; i < 12; i++) machines.put("c", `k${i % 6}`, `v${i}`);
  machines.run(3000);
  expectEverywhere(machines, ALL, { k0: "v6", k5: "v11" });
  machines.crash("c");
  return machines;
}

/** Registers of c, and nothing of what c is. */
function withoutMeta(disk: Disk): Disk {
  return new Map([...disk].filter(([key]) => key !== "m"));
}

describe("dataloss: a replica loses its disk and writes again", () => {
  it.each([
    ["all of it", (): Disk => new Map()],
    ["its name and lives", withoutMeta],
    ["its registers", (disk: Disk): Disk => new Map([...disk].filter(([key]) => key.startsWith("m")))],
  ])("loses no write when it lost %s", async (_what, loss) => {
    const machines = await afterSomeWrites("dataloss");
    machines.machine("c").disk = loss(machines.machine("c").disk);
    await machines.start("c");
    machines.put("c", "k0", "new");
    machines.put("c", "fresh", "new");
    machines.run(8000);
    expectEverywhere(machines, ALL, { k0: "new", fresh: "new", k5: "v11" });
  });
});

describe("dataloss, after more lives than others remember", () => {
  it("loses no write of the first life after the loss, whose number is below all that they remember", async () => {
    const machines = await Machines.started(ALL, "many lives");
    for (let life = 0; life < 12; life++) {
      machines.put("c", "k", `v${life}`);
      machines.run(3000);
      machines.crash("c");
      await machines.start("c");
    }
    machines.run(3000);
    machines.crash("c");
    machines.machine("c").disk = new Map();
    machines.cut(["c"], ["a", "b"]);
    await machines.start("c");
    machines.put("c", "k", "new");
    machines.run(1000);
    machines.heal();
    machines.run(5000);
    expectEverywhere(machines, ALL, { k: "new" });
  });
});

describe("dataloss_fb: the writes after the loss reach somebody who knows of none before it", () => {
  it("hides none of them behind dots that were given out twice", async () => {
    const machines = await afterSomeWrites("dataloss_fb");
    machines.machine("c").disk = new Map();
    machines.cut(["c", "d"], ["a", "b"]);
    await machines.start("c");
    await machines.start("d");
    for (let i = 0; i < 8; i++) machines.put("c", `k${i}`, `new${i}`);
    machines.run(3000);
    expect([machines.get("d", "k0"), machines.get("d", "k7")]).toEqual(["new0", "new7"]);
    // d alone hands them on: c is away.
    machines.crash("c");
    machines.heal();
    machines.run(5000);
    await machines.start("c");
    machines.run(10_000);
    const expected = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, `new${i}`]));
    expectEverywhere(machines, [...ALL, "d"], expected);
  });
});

describe("dataloss_fb2: the loser takes others' writes before it knows of its loss", () => {
  it("claims nothing by them, and loses neither theirs nor its own", async () => {
    const machines = await afterSomeWrites("dataloss_fb2");
    const { disk } = machines.machine("c");
    machines.machine("c").disk = new Map([...disk].filter(([key]) => !key.startsWith("r")));
    machines.put("a", "k1", "from a");
    await machines.start("c");
    expect(machines.machine("c").logs).toContain("data-damaged");
    machines.put("a", "k2", "from a");
    machines.put("c", "k3", "from c");
    machines.at("a").replication.flush();
    machines.carryOut(machines.at("a").id);
    machines.deliverAll();
    machines.put("c", "k2", "then from c");
    machines.run(5000);
    expectEverywhere(machines, ALL, { k0: "v6", k1: "from a", k2: "then from c", k3: "from c", k4: "v10", k5: "v11" });
  });
});

/** k is deleted by a fast clock, a and b have purged the tombstone, c still has it. */
async function withOldTombstoneAtC(seed: string): Promise<Machines> {
  const machines = await Machines.started(ALL, seed);
  machines.put("a", "k", "v");
  machines.run(2000);
  machines.skewMs.set(machines.at("a").id, 450);
  machines.delete("a", "k");
  machines.skewMs.clear();
  const counts = () => ALL.map((name) => machines.at(name).shards.all.reduce((sum, { table }) => sum + table.count, 0));
  while ((counts()[0] ?? 0) + (counts()[1] ?? 0) > 0) {
    machines.run(50);
    machines.at("c").reports.clear();
  }
  expect(counts()).toEqual([0, 0, 1]);
  return machines;
}

describe("tombstone: an old one comes back after the others have forgotten it", () => {
  it("does not undo the write that came since (R8)", async () => {
    const machines = await withOldTombstoneAtC("tombstone");
    machines.cut(["c"], ["a", "b"]);
    // b's clock is far behind that of the delete.
    machines.skewMs.set(machines.at("b").id, -20_000);
    machines.put("b", "k", "again");
    machines.run(1000);
    machines.heal();
    machines.run(10_000);
    expectEverywhere(machines, ALL, { k: "again" });
  });
});

describe("tombstone2: it comes back with a replica that was down", () => {
  it.each(["a", "b", "c"])("does not undo a write made at %s, nor bring the deleted value back", async (writer) => {
    const machines = await withOldTombstoneAtC("tombstone2");
    machines.crash("c");
    machines.run(1000);
    await machines.start("c");
    machines.skewMs.set(machines.at(writer).id, -20_000);
    machines.put(writer, "k", "again");
    machines.run(10_000);
    expectEverywhere(machines, ALL, { k: "again" });
  });
});

describe("uid: one life is lived twice", () => {
  async function oldCopy(when: "between lives" | "within a life"): Promise<Machines> {
    const machines = await Machines.started(ALL, when);
    machines.put("c", "k1", "v");
    machines.put("c", "zombie", "v");
    machines.run(3000);
    if (when === "between lives") machines.crash("c");
    const copy = new Map(machines.machine("c").disk);
    if (when === "between lives") await machines.start("c");
    machines.run(1000);
    for (let i = 0; i < 30; i++) machines.put("c", `k${i}`, "v2");
    machines.delete("a", "zombie");
    machines.run(8000);
    machines.crash("c");
    machines.machine("c").disk = copy;
    return machines;
  }

  it.each(["between lives", "within a life"] as const)("is noticed when the disk is a copy made %s", async (when) => {
    const machines = await oldCopy(when);
    await machines.start("c");
    machines.put("c", "x", "new");
    machines.put("c", "k3", "newer");
    machines.run(8000);
    expect(machines.at("c").quarantines).toBe(1);
    expectEverywhere(machines, ALL, { x: "new", k3: "newer", k4: "v2" });
    expect(ALL.map((name) => machines.get(name, "zombie"))).toEqual([undefined, undefined, undefined]);
  });

  it("is noticed when it has written more than the life before, out of sight", async () => {
    const machines = await oldCopy("between lives");
    machines.cut(["c"], ["a", "b"]);
    await machines.start("c");
    for (let i = 0; i < 200; i++) {
      machines.put("c", `y${i % 40}`, `v${i}`);
      if (i % 5 === 0) machines.run(50);
    }
    machines.heal();
    machines.run(10_000);
    expect(machines.at("c").quarantines).toBe(1);
    expectEverywhere(machines, ALL, { y0: "v160", y39: "v199", k4: "v2" });
  });

  it("is noticed when the life's number was lost", async () => {
    const machines = await oldCopy("between lives");
    machines.machine("c").disk = withoutMeta(machines.machine("c").disk);
    await machines.start("c");
    machines.put("c", "x", "new");
    machines.run(8000);
    expectEverywhere(machines, ALL, { x: "new", k4: "v2" });
    expect(ALL.map((name) => machines.get(name, "zombie"))).toEqual([undefined, undefined, undefined]);
    expect(machines.at("c").life).toBe(machines.at("a").members.get(machines.at("c").id)?.life);
  });

  it("leaves no dot with two writes: acknowledgements are true", async () => {
    const machines = await oldCopy("between lives");
    await machines.start("c");
    const { dot } = machines.put("c", "x", "new");
    expect(replicaOf(dot.origin)).toBe(machines.at("c").number);
    const acks: unknown[] = [];
    const answer = (reached: unknown) => acks.push(reached);
    const dueAt = machines.now + 4000;
    machines.at("c").acks.add({ ...dot, level: "all", dueAt, waitMaxMs: 60_000, answer }, machines.now);
    machines.run(50);
    // Whatever was answered by now, the write is where the answer says.
    for (const each of acks) expect(each).toMatchObject({ met: false });
    machines.run(5000);
    expectEverywhere(machines, ALL, { x: "new" });
  });
});

describe("tombstone, for a newcomer that never saw it", () => {
  it("has its writes win against it, where it is still held", async () => {
    const machines = await withOldTombstoneAtC("newcomer");
    machines.cut(["d"], ["b", "c"]);
    machines.skewMs.set("d" as ReplicaId, -20_000);
    await machines.start("d");
    machines.run(2000);
    machines.at("c").reports.clear();
    machines.put("d", "k", "from d");
    expect(machines.get("d", "k")).toBe("from d");
    machines.run(3000);
    machines.heal();
    machines.run(10_000);
    expectEverywhere(machines, [...ALL, "d"], { k: "from d" });
    expect([...ALL, "d"].map((name) => machines.at(name).audit.repaired)).toEqual([0, 0, 0, 0]);
  });
});
