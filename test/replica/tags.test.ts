/** Tags between replicas: what was invalidated is stale wherever it is, what came after is not, and what is stale dies. */

import { describe, expect, it } from "vitest";
import { SCANT_MEMORY } from "../../simulations/scenarios/scant-memory.ts";
import type { Key, ShardId, Timestamp } from "../../src/base/ids.ts";
import { DEFAULT_SPACE, SYSTEM_SPACE } from "../../src/base/shard-id.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import { timestampFromMs } from "../../src/core/clock.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import type { ReplicaConfig } from "../../src/replica/config.ts";
import { pageOfKeys } from "../../src/replica/key-pages.ts";
import { readKey, ValueAway } from "../../src/replica/operations.ts";
import { stampOf } from "../../src/replica/register-view.ts";
import { fateOf } from "../../src/replica/second-tries.ts";
import { INVALIDATIONS_MAX, invalidateTag } from "../../src/replica/tag-invalidation.ts";
import type { WatchEvent } from "../../src/store.ts";
import { recordsIn, restoreBackup, takeBackup } from "../support/backups.ts";
import { id, Machines } from "../support/machines.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";
import { apply, createShard, NOW, origin, record } from "../support/shards.ts";

function invalidate(machines: Machines, name: string, tag: string) {
  const outcome = invalidateTag(machines.at(name), DEFAULT_SPACE, tag, {}, machines.clockOf(name));
  machines.carryOut(id(name));
  return outcome;
}

const keysAt = (machines: Machines, name: string) =>
  pageOfKeys(machines.at(name), DEFAULT_SPACE, { prefix: "", limit: 100 }, machines.clockOf(name)).keys;

const started = (seed: string, config: Partial<ReplicaConfig> = {}) => Machines.started(["a", "b", "c"], seed, config);

/** Registers of tagged values that are held, dead ones not counted. */
const taggedAt = (machines: Machines, name: string) =>
  [...machines.at(name).shards].reduce((sum, { accounts }) => sum + accounts.tagged, 0);

function sweptBy(machines: Machines, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + machines.at(name).staleSweep.swept, 0);
}

describe("an invalidated tag", () => {
  it("makes the values that carry it stale at once, and no others", async () => {
    const machines = await started("at once");
    machines.put("a", "x", "1", { tags: ["t", "u"] });
    machines.put("a", "y", "1", { tags: ["u"] });
    machines.put("a", "z", "1");
    invalidate(machines, "a", "t");
    expect(machines.get("a", "x")).toBeUndefined();
    expect(keysAt(machines, "a").toSorted()).toEqual(["y", "z"]);
    expect(() => machines.put("a", "x", "2", { condition: { type: "present" } })).toThrow(/absent/);
    expect(machines.put("a", "x", "2", { condition: { type: "absent" } }).existed).toBe(false);
    expect(machines.get("a", "x")).toBe("2");
  });

  it("does so at every replica, also for what comes only after it, from one that was cut", async () => {
    const machines = await started("cut");
    machines.put("a", "old", "1", { tags: ["t"] });
    machines.run(500);
    machines.cut(["c"], ["a", "b"]);
    machines.put("c", "only-there", "1", { tags: ["t"] });
    machines.run(100);
    invalidate(machines, "a", "t");
    machines.run(100);
    machines.put("c", "later", "1", { tags: ["t"] });
    expect(machines.get("b", "old")).toBeUndefined();
    expect(machines.get("c", "old")).toBe("1");
    machines.heal();
    machines.run(5000);
    for (const name of ["a", "b", "c"]) {
      expect(machines.get(name, "old")).toBeUndefined();
      expect(machines.get(name, "only-there")).toBeUndefined();
      expect(machines.get(name, "later")).toBe("1");
    }
    machines.run(5000);
    expect(machines.differences()).toEqual([]);
  });

  it("is not one of another keyspace", async () => {
    const machines = await started("keyspaces");
    machines.put("a", "x", "1", { tags: ["t"] });
    const other = spaceOfName("other");
    machines
      .at("a")
      .invalidations.of(other)
      .learn("t", timestampFromMs(machines.now + 1000), Infinity);
    expect(machines.get("a", "x")).toBe("1");
  });

  it("is stamped above what it was made in the knowledge of, and a later value above it, whatever the clocks say", async () => {
    const machines = await started("clocks", { maxClockOffsetMs: 100 });
    machines.skewMs.set(id("b"), 60_000);
    machines.put("b", "x", "ahead", { tags: ["t"] });
    machines.run(500);
    expect(machines.get("a", "x")).toBe("ahead");
    const { version } = invalidate(machines, "a", "t");
    expect(machines.get("a", "x")).toBeUndefined();
    const put = machines.put("a", "y", "after", { tags: ["t"] });
    expect(stampOf(put.version)).toBeGreaterThan(stampOf(version));
    machines.run(500);
    for (const name of ["a", "b", "c"]) {
      expect(machines.get(name, "x")).toBeUndefined();
      expect(machines.get(name, "y")).toBe("after");
    }
  });

  it("is known after a restart, from the disk alone", async () => {
    const machines = await Machines.started(["a"], "restart");
    machines.put("a", "x", "1", { tags: ["t"] });
    invalidate(machines, "a", "t");
    machines.sync("a");
    machines.crash("a");
    await machines.start("a");
    expect(machines.at("a").invalidations.size).toBe(1);
    expect(machines.get("a", "x")).toBeUndefined();
  });

  it("is told to a session that read what it made stale", async () => {
    const machines = await started("session");
    const put = machines.put("a", "x", "1", { tags: ["t"] });
    const { dot } = invalidate(machines, "a", "t");
    expect(readKey(machines.at("a"), DEFAULT_SPACE, "x" as Key, machines.now)).toEqual({
      dot: put.dot,
      staleBy: dot,
    });
  });

  it("costs a definition of a keyspace nothing, and no look through what is held", async () => {
    const machines = await started("look");
    const { ownership } = machines.at("a");
    const { view } = ownership;
    invalidate(machines, "a", "t");
    machines.run(1000);
    expect(ownership.view).toBe(view);
    expect(machines.at("a").keyspaces.all()).toHaveLength(1);
  });

  it("is refused once there are too many, unless it was invalidated before", async () => {
    const machines = await Machines.started(["a"], "many");
    const learned = machines.at("a").invalidations;
    invalidate(machines, "a", "t");
    Object.defineProperty(learned, "size", { value: INVALIDATIONS_MAX });
    expect(() => invalidate(machines, "a", "u")).toThrow(expect.objectContaining({ code: "TOO_MANY_INVALIDATIONS" }));
    expect(() => invalidate(machines, "a", "")).toThrow(expect.objectContaining({ code: "BAD_TAG" }));
    invalidate(machines, "a", "t");
  });
});

describe("what is stale", () => {
  it("dies everywhere, each value by one replica's deletion, and watchers hear of it as of a deletion", async () => {
    const machines = await started("sweep");
    const heard: WatchEvent[] = [];
    machines
      .at("b")
      .audience.changesOf(DEFAULT_SPACE)
      .watch({ prefix: "" }, (event) => heard.push(event), machines.now);
    for (let i = 0; i < 50; i++) machines.put("c", `k${i}`, "1", { tags: ["t"] });
    machines.run(500);
    expect(taggedAt(machines, "a")).toBe(50);
    invalidate(machines, "c", "t");
    machines.run(3000);
    for (const name of ["a", "b", "c"]) expect(taggedAt(machines, name)).toBe(0);
    expect(sweptBy(machines, ["a", "b", "c"])).toBe(50);
    const deleted = heard.filter(({ type }) => type === "delete");
    expect(deleted).toHaveLength(50);
    expect(machines.differences()).toEqual([]);
  });

  it("dies on both sides of a cut, and what came after on either side lives", async () => {
    const machines = await started("both sides");
    for (const key of ["x", "y"]) machines.put("a", key, "old", { tags: ["t"] });
    machines.run(500);
    invalidate(machines, "b", "t");
    machines.run(100);
    machines.cut(["c"], ["a", "b"]);
    machines.put("c", "x", "new", { tags: ["t"] });
    machines.run(5000);
    expect(sweptBy(machines, ["a", "b"])).toBeGreaterThan(0);
    expect(sweptBy(machines, ["c"])).toBeGreaterThan(0);
    machines.heal();
    machines.run(5000);
    for (const name of ["a", "b", "c"]) {
      expect(machines.get(name, "x")).toBe("new");
      expect(machines.get(name, "y")).toBeUndefined();
    }
    expect(machines.differences()).toEqual([]);
  });

  it("comes to watchers as a deletion, never as a value", async () => {
    const machines = await started("late");
    machines.cut(["c"], ["a", "b"]);
    machines.put("c", "x", "old", { tags: ["t"] });
    machines.run(100);
    invalidate(machines, "a", "t");
    const heard: WatchEvent[] = [];
    machines
      .at("a")
      .audience.changesOf(DEFAULT_SPACE)
      .watch({ prefix: "" }, (event) => heard.push(event), machines.now);
    machines.heal();
    machines.run(5000);
    expect(heard.map(({ type }) => type)).toContain("delete");
    expect(heard.map(({ type }) => type)).not.toContain("put");
  });

  it("is known to be so while its value is away, without the disk", async () => {
    const placed = new PlacedWorld({
      seed: "away",
      regions: ["eu"],
      settings: { replication: "all" },
      replica: SCANT_MEMORY,
    });
    await placed.begin([0]);
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    for (const key of keys) await placed.put(0, key, "v".repeat(100), { tags: ["t", key] });
    await placed.run(1000);
    const { replica } = placed.driver(0);
    const shardOf = (key: string) => replica.shardOfKey(key as Key, SPACE);
    const away = keys.find((key) => shardOf(key).isAway(shardOf(key).find(KIND_PLAIN, key as Key))) ?? "";
    expect(readKey(replica, SPACE, away as Key, placed.world.now)).toBeInstanceOf(ValueAway);
    const { entry } = await placed.do(placed.store(0).get(away as Key));
    expect(entry?.tags).toEqual([away, "t"].toSorted());
    placed.world.node(0).disk.isUnreadable = true;
    await placed.do(placed.store(0).invalidate("t"));
    for (const key of keys) expect(await placed.get(0, key)).toBeUndefined();
    await placed.run(5000);
    expect([...replica.shards].reduce((sum, { accounts }) => sum + accounts.tagged, 0)).toBe(0);
    expect(replica.staleSweep.swept).toBe(keys.length);
  });
});

describe("an invalidation's end", () => {
  it("comes after two retentions, everywhere, in memory and on disk", async () => {
    const machines = await started("end", { retentionMs: 5000 });
    machines.put("a", "x", "1", { tags: ["t"] });
    machines.run(500);
    invalidate(machines, "b", "t");
    machines.run(9000);
    for (const name of ["a", "b", "c"]) expect(machines.at(name).invalidations.size).toBe(1);
    machines.run(20_000);
    for (const name of ["a", "b", "c"]) {
      expect(machines.at(name).invalidations.size).toBe(0);
      expect(machines.at(name).shards.in(SYSTEM_SPACE)[0]?.table.count).toBe(0);
      expect(machines.get(name, "x")).toBeUndefined();
    }
  });
});

describe("in a keyspace that some keep", () => {
  /** As if it had heard of an invalidation that no other has, from a clock that is ahead. */
  function invalidateAhead(placed: PlacedWorld, node: number): void {
    const stamp = timestampFromMs(placed.world.node(node).clockTime + 60_000);
    placed.driver(node).replica.invalidations.of(SPACE).learn("t", stamp, Infinity);
  }

  async function world(seed: string): Promise<PlacedWorld> {
    const placed = new PlacedWorld({ seed, regions: ["eu", "eu", "eu"], settings: { replication: 1 } });
    await placed.begin();
    return placed;
  }

  it("a tag is invalidated at any replica, and a forwarded write that knew of it is never stale", async () => {
    const placed = await world("forwarded");
    const key = placed.keyOf([1]);
    await placed.put(0, key, "old", { tags: ["t"] });
    await placed.do(placed.store(0).invalidate("t"));
    expect(await placed.get(0, key)).toBeUndefined();
    for (const condition of [undefined, { type: "absent" } as const]) {
      // The owner's clock is behind what it has not heard of.
      invalidateAhead(placed, 0);
      await placed.do(placed.store(0).delete(key as Key));
      await placed.put(0, key, "new", { tags: ["t"], ...(condition && { condition }) });
      expect(await placed.get(0, key)).toBe("new");
    }
  });

  it("an invalidation is stamped above what was read and written through the replica that makes it", async () => {
    for (const writer of [0, 1]) {
      const placed = await world(`seen by ${writer}`);
      const key = placed.keyOf([1]);
      // The owner stamps what carries the tag far ahead of the clocks.
      invalidateAhead(placed, 1);
      await placed.put(writer, key, "ahead", { tags: ["t"] });
      if (writer === 1) expect(await placed.get(0, key)).toBe("ahead");
      await placed.do(placed.store(0).invalidate("t"));
      expect(await placed.get(0, key)).toBeUndefined();
    }
  });

  it("whoever decides on a condition of a session knows what the session has invalidated", async () => {
    const placed = await world("condition");
    const key = placed.keyOf([1]);
    await placed.put(0, key, "old", { tags: ["t"] });
    // No time goes by: what is asked of the owner is under way before the invalidation is.
    const { dot } = await placed.store(0).invalidate("t");
    const session = await placed.store(0).catchUp([dot], 1000);
    const put = session.put(key as Key, new TextEncoder().encode("new"), { condition: { type: "absent" } });
    expect((await placed.do(put)).existed).toBe(false);
    expect(await placed.get(0, key)).toBe("new");
  });

  it("who watches where the keys are not held hears of a stale value as of a deletion", async () => {
    const placed = await world("watch");
    const key = placed.keyOf([1]);
    const heard: string[] = [];
    placed.store(2).watch({ prefix: "" }, ({ type }) => heard.push(type));
    await placed.run(3000);
    invalidateAhead(placed, 2);
    heard.length = 0;
    await placed.put(1, key, "old", { tags: ["t"] });
    await placed.run(100);
    expect(heard).toEqual(["delete"]);
  });

  it("keys of stale values are not listed by whoever asks the owner", async () => {
    const placed = await world("list");
    const key = placed.keyOf([1]);
    await placed.put(0, key, "old", { tags: ["t"] });
    await placed.do(placed.store(2).invalidate("t"));
    await placed.run(50);
    expect((await placed.do(placed.store(0).keys({ prefix: "", limit: 10 }))).keys).toEqual([]);
  });
});

describe("a backup", () => {
  it("has tags, and a restore does not bring back what was invalidated since; as of now it does, and it is not stale", async () => {
    const placed = new PlacedWorld({ seed: "backup", regions: ["eu", "eu"], settings: { replication: "all" } });
    await placed.begin();
    await placed.put(0, "x", "1", { tags: ["t"] });
    await placed.put(0, "y", "1", { tags: ["u"] });
    await placed.run(500);
    const taken = await takeBackup(placed, 0);
    await placed.do(placed.store(1).invalidate("t"));
    await placed.do(placed.store(1).delete("y" as Key));
    await placed.run(4000);
    expect(recordsIn(await takeBackup(placed, 0))).toBe(0);
    expect(await restoreBackup(placed, 0, taken)).toMatchObject({ restored: 0 });
    expect(await placed.get(0, "x")).toBeUndefined();
    await restoreBackup(placed, 0, taken, placed.driver(0).stampRestore());
    for (const [key, tag] of [
      ["x", "t"],
      ["y", "u"],
    ] as const) {
      const { entry } = await placed.do(placed.store(0).get(key as Key));
      expect(entry?.tags).toEqual([tag]);
    }
    await placed.do(placed.store(1).invalidate("u"));
    await placed.run(500);
    expect([await placed.get(0, "x"), await placed.get(0, "y")]).toEqual(["1", undefined]);
  });

  it("leaves out what is stale, and a restore elsewhere what was made stale there", async () => {
    const [one, other] = await Promise.all(
      ["one", "other"].map(async (seed) => {
        const placed = new PlacedWorld({ seed, regions: ["eu"], settings: { replication: "all" } });
        await placed.begin();
        return placed;
      }),
    );
    if (one === undefined || other === undefined) expect.fail("there are two");
    for (const tag of ["a", "b"]) await one.put(0, tag, "1", { tags: [tag] });
    await one.do(one.store(0).invalidate("a"));
    const taken = await takeBackup(one, 0);
    expect(recordsIn(taken)).toBe(1);
    await other.run(1000);
    await other.do(other.store(0).invalidate("b"));
    expect(await restoreBackup(other, 0, taken)).toMatchObject({ restored: 0, forgotten: 1 });
  });
});

it("an invalidation that a majority has is heeded by a read of a majority, wherever it is asked for", async () => {
  const placed = new PlacedWorld({ seed: "quorum", regions: ["eu", "eu", "eu"], settings: { replication: "all" } });
  await placed.begin();
  await placed.put(0, "k", "old", { tags: ["t"], ack: "all" });
  placed.cut([2], [0, 1]);
  const { acks } = await placed.do(placed.store(0).invalidate("t", { ack: "quorum" }));
  expect(acks).toEqual({ reached: 2, wanted: 2, met: true });
  expect(await placed.get(2, "k")).toBe("old");
  placed.heal([2], [1]);
  const asked = placed.store(2).get("k" as Key, { consistency: "quorum" });
  const { entry, staleBy } = await placed.do(asked);
  expect(entry).toBeUndefined();
  expect(staleBy).toBeDefined();
});

describe("a write that was stamped elsewhere", () => {
  const KEY = "k" as Key;
  const circumstances = { after: [], toldStamp: 0, now: NOW };

  it("has to be stamped anew where an invalidation of its tags is known that is above it", () => {
    const { shard } = createShard();
    const invalidated = timestampFromMs(NOW);
    shard.invalidations.learn("t", invalidated, Infinity);
    const fate = (stamp: Timestamp, tags?: string[]) =>
      fateOf(shard, { key: KEY, tags, stamp, mayBeDone: false }, circumstances);
    expect(fate(invalidated, ["t"])).toEqual({ type: "stale", above: invalidated });
    expect(fate((invalidated + 1) as Timestamp, ["t"])).toEqual({ type: "new" });
    expect(fate(invalidated, ["u"])).toEqual({ type: "new" });
    expect(fate(invalidated)).toEqual({ type: "new" });
  });

  it("is not taken for one that its session had seen for a dot of another shard", () => {
    const loose = createShard();
    const stamp = timestampFromMs(NOW);
    apply(loose, record({ key: KEY, timestamp: stamp }));
    const seen = { shard: 65_536 as ShardId, origin: origin(1), sequence: 5 };
    const asked = { key: KEY, stamp, mayBeDone: true };
    expect(fateOf(loose.shard, asked, { ...circumstances, after: [seen] }).type).toBe("done");
    const own = { ...seen, shard: loose.shard.id };
    expect(fateOf(loose.shard, asked, { ...circumstances, after: [own] }).type).toBe("stale");
  });
});
