/** Who was away too long, or comes with an old disk: what it drops, what it keeps, what must never come back. */

import { describe, expect, it } from "vitest";
import { Machines } from "../support/machines.ts";

const RETENTION_MS = 60_000;
const AWAY_MS = RETENTION_MS + 5000;

describe.each([[["a", "b", "c"]], [["a", "c"]]])("of %s, c", (names) => {
  const others = names.filter((name) => name !== "c");
  const started = () => Machines.started(names, names.join(), { retentionMs: RETENTION_MS });

  /** Everything that a client saw at `name` of a key while time passed. */
  function seen(machines: Machines, name: string, key: string, ms: number): unknown[] {
    const values = new Set<string | undefined>();
    for (let passed = 0; passed < ms; passed += 50) {
      machines.run(50);
      values.add(machines.get(name, key));
    }
    return [...values];
  }

  async function deletedWhileAway(writer: string): Promise<Machines> {
    const machines = await started();
    machines.put(writer, "k", "v");
    machines.run(3000);
    machines.cut(["c"], others);
    machines.delete("a", "k");
    machines.run(AWAY_MS);
    expect(machines.at("a").shards.all.map((shard) => shard.table.count)).toEqual([0, 0, 0, 0, 0]);
    return machines;
  }

  it("brings nothing back that was deleted and purged while it was away", async () => {
    const machines = await deletedWhileAway("a");
    machines.heal();
    expect(seen(machines, "a", "k", 10_000)).toEqual([undefined]);
    expect(machines.get("c", "k")).toBe(undefined);
    expect(machines.differences()).toEqual([]);
    expect(machines.at("a").quarantines + machines.at("c").quarantines).toBe(1);
  });

  it("brings back no write of its own either, when others had it and deleted it", async () => {
    const machines = await deletedWhileAway("c");
    machines.heal();
    expect(seen(machines, "a", "k", 10_000)).toEqual([undefined]);
    expect(machines.get("c", "k")).toBe(undefined);
    expect(machines.differences()).toEqual([]);
  });

  it("brings nothing back when it was restarted while it was away", async () => {
    const machines = await deletedWhileAway("a");
    machines.crash("c");
    await machines.start("c");
    machines.run(1000);
    machines.heal();
    expect(seen(machines, "a", "k", 10_000)).toEqual([undefined]);
    expect(machines.get("c", "k")).toBe(undefined);
    expect(machines.differences()).toEqual([]);
    expect(machines.at("c").quarantines).toBe(1);
  });

  it("is not quarantined a second time when it starts again afterwards", async () => {
    const machines = await deletedWhileAway("a");
    machines.heal();
    machines.run(5000);
    machines.crash("c");
    await machines.start("c");
    machines.run(5000);
    expect(machines.at("c").quarantines).toBe(0);
    expect(machines.differences()).toEqual([]);
  });

  it("keeps its own unseen writes, and puts those aside that are older than the retention", async () => {
    const machines = await started();
    machines.cut(["c"], others);
    machines.put("c", "old", "v");
    machines.run(AWAY_MS);
    machines.put("c", "young", "v");
    machines.heal();
    machines.run(10_000);
    for (const name of names) {
      expect(machines.get(name, "young")).toBe("v");
      expect(machines.get(name, "old")).toBe(undefined);
    }
    expect(machines.machine("c").salvaged).toHaveLength(1);
    expect(machines.differences()).toEqual([]);
    for (const name of names) expect(machines.at(name).unreadyReasons(machines.now)).toEqual([]);
  });

  it("takes writes of clients all the while", async () => {
    const machines = await deletedWhileAway("a");
    machines.heal();
    machines.put("c", "k", "again");
    machines.deliverAll();
    machines.put("c", "other", "v");
    machines.run(10_000);
    for (const name of names) {
      expect(machines.get(name, "k")).toBe("again");
      expect(machines.get(name, "other")).toBe("v");
    }
    expect(machines.differences()).toEqual([]);
  });

  it("begins a new life when it hears that it is taken for gone, its lives closed, and keeps what is unseen", async () => {
    const machines = await started();
    // Some in every shard.
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const putAll = (prefix: string) => keys.map((key) => machines.put("c", `${prefix}/${key}`, "v").dot.shard);
    expect(new Set(putAll("seen")).size).toBe(4);
    machines.run(1000);
    machines.cut(["c"], others);
    for (const other of others) machines.at(other).members.leave(machines.at("c").id);
    putAll("unseen");
    machines.run(20_000);
    for (const other of others) {
      for (const shard of machines.at(other).shards) expect([...shard.vector.entries()], "c is sealed").toEqual([]);
    }
    putAll("unseen too");
    machines.heal();
    machines.run(10_000);
    putAll("new life");
    machines.run(10_000);
    for (const name of names) {
      for (const prefix of ["seen", "unseen", "unseen too", "new life"]) {
        expect(keys.filter((key) => machines.get(name, `${prefix}/${key}`) !== "v")).toEqual([]);
      }
      expect(machines.at(name).audit.repaired, "by replication, not by the audit").toBe(0);
    }
    expect(machines.differences()).toEqual([]);
  });

  it("keeps its own unseen writes also when it was restarted while it was away", async () => {
    const machines = await started();
    machines.put("c", "k", "v");
    machines.run(3000);
    machines.cut(["c"], others);
    machines.run(AWAY_MS);
    machines.put("c", "young", "v");
    machines.run(1000);
    machines.crash("c");
    await machines.start("c");
    machines.run(1000);
    machines.heal();
    machines.run(10_000);
    for (const name of names) expect([machines.get(name, "k"), machines.get(name, "young")]).toEqual(["v", "v"]);
    expect(machines.at("c").quarantines).toBe(1);
    expect(machines.differences()).toEqual([]);
  });
});

describe("one that hears that its present life is closed", () => {
  it("begins another, and what it writes then is replicated, not repaired", async () => {
    const machines = await Machines.started(["a", "c"], "closed");
    for (const shard of machines.at("a").shards) shard.seal(machines.at("c").number, machines.at("c").life + 1);
    machines.put("c", "before", "v");
    machines.run(5000);
    const keys = Array.from({ length: 20 }, (_, i) => `after/${i}`);
    for (const key of keys) machines.put("c", key, "v");
    machines.run(3000);
    expect(machines.at("c").quarantines).toBe(1);
    for (const name of ["a", "c"]) {
      expect(["before", ...keys].filter((key) => machines.get(name, key) !== "v")).toEqual([]);
      expect(machines.at(name).audit.repaired).toBe(0);
    }
    expect(machines.differences()).toEqual([]);
  });
});

describe("an old copy of a disk, put back", () => {
  it.each([1, 2, 5])(
    "and started %d times before it meets anybody, brings nothing back and loses nothing",
    async (starts) => {
      const machines = await Machines.started(["a", "b", "c"], `copy ${starts}`, { retentionMs: 600_000 });
      machines.put("c", "deleted", "v");
      machines.run(3000);
      const copy = new Map(machines.machine("c").disk);
      machines.crash("c");
      await machines.start("c");
      machines.run(3000);
      machines.delete("a", "deleted");
      for (let i = 0; i < 5; i++) machines.put("c", `original/${i}`, "v");
      machines.run(10_000);
      expect(machines.at("a").shards.all.every((shard) => shard.tombstones === 0)).toBe(true);

      machines.cut(["c"], ["a", "b"]);
      machines.machine("c").disk = copy;
      for (let start = 0; start < starts; start++) {
        machines.crash("c");
        await machines.start("c");
        machines.run(1000);
        // As many writes as the original made, under the same dots, and more batches than it told anybody of.
        for (let i = 0; i < 10; i++) machines.put("c", `copy/${start}/${i}`, "v");
        machines.run(20_000);
      }
      machines.heal();
      machines.run(10_000);
      expect(machines.differences()).toEqual([]);
      for (const name of ["a", "b", "c"]) {
        expect(machines.get(name, "deleted")).toBe(undefined);
        for (let i = 0; i < 5; i++) expect(machines.get(name, `original/${i}`)).toBe("v");
        for (let start = 0; start < starts; start++) {
          for (let i = 0; i < 10; i++) expect(machines.get(name, `copy/${start}/${i}`)).toBe("v");
        }
      }
      expect(machines.at("c").quarantines).toBe(1);
    },
  );

  it("is not quarantined once more when it starts again, though its disk has taken less than others were told", async () => {
    const machines = await Machines.started(["a", "c"], "epoch caught up");
    const copy = new Map(machines.machine("c").disk);
    for (let i = 0; i < 100; i++) {
      machines.put("c", "k", `${i}`);
      machines.run(100);
    }
    machines.crash("c");
    machines.machine("c").disk = copy;
    await machines.start("c");
    machines.run(3000);
    expect(machines.at("c").quarantines).toBe(1);
    for (let start = 0; start < 2; start++) {
      machines.crash("c");
      await machines.start("c");
      machines.run(5000);
      expect(machines.at("c").quarantines).toBe(0);
    }
    expect(machines.get("c", "k")).toBe("99");
    expect(machines.differences()).toEqual([]);
  });

  it("does not go on with a life that only somebody knows of whom it has not met yet", async () => {
    const machines = await Machines.started(["a", "b", "c"], "life unknown");
    machines.run(3000);
    const copy = new Map(machines.machine("c").disk);
    machines.crash("c");
    await machines.start("c");
    machines.run(3000);
    machines.cut(["a"], ["b", "c"]);
    machines.crash("c");
    await machines.start("c");
    const { life } = machines.at("c");
    for (let i = 0; i < 3; i++) machines.put("c", `original/${i}`, "v");
    machines.run(1000);

    machines.crash("c");
    machines.machine("c").disk = copy;
    machines.heal();
    machines.cut(["b"], ["a", "c"]);
    await machines.start("c");
    machines.run(3000);
    expect(machines.at("c").quarantines).toBe(1);
    expect(machines.at("c").life).toBeGreaterThan(life);
    for (let i = 0; i < 3; i++) machines.put("c", `copy/${i}`, "v");
    machines.run(1000);

    machines.heal();
    machines.run(10_000);
    expect(machines.differences()).toEqual([]);
    for (let i = 0; i < 3; i++) expect(machines.get("a", `original/${i}`)).toBe("v");
    expect(["a", "b", "c"].map((name) => machines.at(name).audit.repaired)).toEqual([0, 0, 0]);
  });

  it("loses no write of the lives that it lived before it met anybody, whoever tells it of others", async () => {
    const machines = await Machines.started(["a", "b", "c"], "lives in between");
    machines.run(3000);
    const copy = new Map(machines.machine("c").disk);
    // Only a meets the lives that the original goes on to live; b hears of them.
    machines.cut(["b"], ["c"]);
    for (let start = 0; start < 3; start++) {
      machines.crash("c");
      await machines.start("c");
      for (let i = 0; i < 10; i++) machines.put("c", `original/${start}/${i}`, "v");
      machines.run(3000);
    }
    machines.cut(["a"], ["c"]);
    machines.machine("c").disk = copy;
    for (let start = 0; start < 2; start++) {
      machines.crash("c");
      await machines.start("c");
      for (let i = 0; i < 10; i++) machines.put("c", `copy/${start}/${i}`, "v");
      machines.run(1000);
    }
    machines.healBetween("b", "c");
    machines.run(3000);
    machines.heal();
    machines.run(10_000);
    expect(machines.at("c").quarantines).toBe(1);
    expect(machines.differences()).toEqual([]);
    for (const name of ["a", "b", "c"]) {
      for (let i = 0; i < 10; i++) {
        for (let start = 0; start < 3; start++) expect(machines.get(name, `original/${start}/${i}`)).toBe("v");
        for (let start = 0; start < 2; start++) expect(machines.get(name, `copy/${start}/${i}`)).toBe("v");
      }
    }
  });

  it.each([
    ["while the others know of a later one", 0],
    ["after it was away too long", AWAY_MS],
  ])("put back twice %s, lives no life twice, and serves what it wrote since all the while", async (_, awayMs) => {
    const machines = await Machines.started(["a", "b", "c"], "copy twice", { retentionMs: RETENTION_MS });
    machines.put("c", "k", "v");
    machines.run(3000);
    const copy = new Map(machines.machine("c").disk);
    if (awayMs > 0) machines.cut(["c"], ["a", "b"]);
    for (let i = 0; i < 10; i++) {
      machines.put("c", "k", `${i}`);
      machines.run(1000);
    }
    machines.run(awayMs);
    machines.cut(["a"], ["b"]);
    const lives: number[] = [];
    for (const [peer, other] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      machines.cut(["c"], ["a", "b"]);
      machines.crash("c");
      machines.machine("c").disk = new Map(copy);
      await machines.start("c");
      machines.put("c", `alone/${peer}`, "v");
      machines.run(100);
      machines.healBetween(peer, "c");
      while (machines.at("c").quarantines === 0) machines.deliverOne();
      expect(machines.get("c", `alone/${peer}`)).toBe("v");
      for (let i = 0; i < 20; i++) machines.put("c", `${peer}/${i}`, "v");
      machines.run(3000);
      lives.push(machines.at("c").life);
      expect(machines.get(other, `${peer}/0`)).toBe(undefined);
    }
    expect(lives[0]).not.toBe(lives[1]);
    machines.heal();
    machines.run(15_000);
    expect(machines.differences()).toEqual([]);
    const keys = ["a", "b"].flatMap((peer) => [
      `alone/${peer}`,
      ...Array.from({ length: 20 }, (_, i) => `${peer}/${i}`),
    ]);
    for (const name of ["a", "b", "c"]) {
      expect(keys.filter((key) => machines.get(name, key) !== "v")).toEqual([]);
      expect(machines.at(name).audit.repaired, "by replication, not by the audit").toBe(0);
    }
  });

  it("is told so again when the link went before it heard of it", async () => {
    const machines = await Machines.started(["a", "c"], "copy cut");
    machines.put("a", "deleted", "v");
    machines.run(3000);
    const copy = new Map(machines.machine("c").disk);
    machines.crash("c");
    await machines.start("c");
    machines.run(3000);
    machines.delete("a", "deleted");
    machines.run(10_000);
    machines.cut(["c"], ["a"]);
    machines.machine("c").disk = copy;
    for (let start = 0; start < 2; start++) {
      machines.crash("c");
      await machines.start("c");
      // More batches than its disk had ever taken when it was last met.
      for (let i = 0; i < 300; i++) {
        machines.put("c", `copy/${start}`, `${i}`);
        machines.run(50);
      }
    }
    // What c tells arrives, what a tells does not.
    machines.heal();
    machines.deliverTo("a");
    machines.cut(["c"], ["a"]);
    expect(machines.at("c").quarantines).toBe(0);
    machines.heal();
    machines.run(10_000);
    expect(machines.at("c").quarantines).toBe(1);
    expect([machines.get("a", "deleted"), machines.get("c", "deleted")]).toEqual([undefined, undefined]);
    expect(machines.differences()).toEqual([]);
  });
});

describe("two halves that gave each other up", () => {
  it.each([
    [["a"], ["b"]],
    [["b"], ["a"]],
    [["a", "b"], ["c"]],
    [["a"], ["b", "c"]],
    [
      ["a", "b"],
      ["c", "d"],
    ],
    [
      ["a", "d"],
      ["b", "c"],
    ],
  ])("%s and %s become equal, one of them deferring, and keep what is young", async (one, other) => {
    const machines = await Machines.started([...one, ...other].sort(), `${one} ${other}`, {
      retentionMs: RETENTION_MS,
    });
    machines.put("a", "k", "v");
    machines.run(3000);
    machines.cut(one, other);
    const [inOne, inOther] = [one[0] ?? "", other[0] ?? ""];
    machines.delete(inOne, "k");
    machines.run(AWAY_MS);
    machines.put(inOne, "one", "v1");
    machines.put(inOther, "other", "v2");
    machines.run(1000);
    machines.heal();
    machines.run(15_000);
    expect(machines.differences()).toEqual([]);
    expect(machines.get("a", "one")).toBe("v1");
    expect(machines.get("a", "other")).toBe("v2");
    const deferred = (names: string[]) => names.filter((name) => machines.at(name).quarantines > 0);
    expect([deferred(one), deferred(other)].filter((names) => names.length > 0)).toHaveLength(1);
    const larger =
      one.length === other.length ? (inOne < inOther ? one : other) : one.length > other.length ? one : other;
    expect(deferred(larger)).toEqual([]);
    // Who deleted it has forgotten so: among the deferring it is gone, otherwise it is as the larger half holds it.
    expect(machines.get("b", "k")).toBe(larger === one ? undefined : "v");
  });

  it("keep what is young also of those that had told each other of it, and begin anew one as the other", async () => {
    const machines = await Machines.started(["a", "b", "c", "d"], "told", { retentionMs: RETENTION_MS });
    // The first half closes lives of which it holds something.
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    for (const key of keys) machines.put("c", `seen/${key}`, "v");
    machines.run(1000);
    machines.cut(["a", "b"], ["c", "d"]);
    machines.run(AWAY_MS);
    for (const key of keys) machines.put("c", key, "v");
    machines.run(5000);
    for (const shard of machines.at("a").shards) expect([...shard.vector.entries()], "c is sealed").toEqual([]);
    machines.heal();
    machines.run(15_000);
    expect(["c", "d"].map((name) => machines.at(name).quarantines)).toEqual([1, 1]);
    for (const name of ["a", "b", "c", "d"]) expect(keys.filter((key) => machines.get(name, key) !== "v")).toEqual([]);
    expect(machines.differences()).toEqual([]);
  });
});
