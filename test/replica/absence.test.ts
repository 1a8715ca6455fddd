/** Members that are away, for good or for a while, and what their coming back must never cost. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { readKey } from "../../src/replica/operations.ts";
import type { ReadOutcome, WatchEvent } from "../../src/store.ts";
import { id, Machines } from "../support/machines.ts";

const RETENTION_MS = 60_000;
const AWAY_MS = RETENTION_MS + 5000;
const KEYS = Array.from({ length: 30 }, (_, i) => `k/${i}`);

const started = (names: readonly string[], seed: string, shards = 4) =>
  Machines.started(names, seed, { retentionMs: RETENTION_MS, shards });

const isGivenUp = (machines: Machines, at: string, name: string) =>
  (machines.at(at).members.get(id(name))?.givenUpLife ?? 0) > 0;

function missing(machines: Machines, name: string, keys: readonly string[] = KEYS): readonly string[] {
  return keys.filter((key) => machines.get(name, key) === undefined);
}

const quarantines = (machines: Machines, names: readonly string[]) =>
  names.map((name) => machines.at(name).quarantines);

describe("two that were cut from each other for longer than the retention", () => {
  it("do not both defer, though the least of all is gone for good", async () => {
    const machines = await started(["a", "b", "c"], "least is gone");
    for (const key of KEYS) machines.put("a", key, "v");
    machines.run(5000);
    machines.crash("a");
    machines.run(AWAY_MS);
    machines.cut(["b"], ["c"]);
    machines.run(AWAY_MS);
    machines.heal();
    machines.run(20_000);
    expect(quarantines(machines, ["b", "c"])).toEqual([0, 1]);
    for (const name of ["b", "c"]) {
      expect(missing(machines, name)).toEqual([]);
      expect(machines.machine(name).salvaged).toEqual([]);
    }
  });

  it("keep each other's late deletions, as they keep each other's late writes", async () => {
    for (const names of [
      ["a", "c"],
      ["a", "b", "c"],
    ]) {
      const machines = await started(names, `deletions ${names}`);
      for (const key of ["deleted", "overwritten"]) machines.put("a", key, "v");
      machines.run(3000);
      machines.cut(
        ["c"],
        names.filter((name) => name !== "c"),
      );
      machines.run(AWAY_MS);
      machines.put("c", "overwritten", "w");
      machines.delete("c", "deleted");
      machines.run(3000);
      machines.heal();
      machines.run(10_000);
      for (const name of names) {
        expect([machines.get(name, "deleted"), machines.get(name, "overwritten")]).toEqual([undefined, "w"]);
      }
      expect(machines.differences()).toEqual([]);
      machines.run(AWAY_MS);
      expect(names.map((name) => machines.at(name).shards.all.some((shard) => shard.tombstones > 0))).not.toContain(
        true,
      );
    }
  });

  it("end with what is greater, also where an old write was in its way", async () => {
    const machines = await started(["a", "c"], "in the way", 1);
    machines.put("a", "k", "old");
    machines.run(3000);
    machines.cut(["c"], ["a"]);
    machines.put("a", "k", "of a");
    machines.run(1000);
    machines.put("c", "k", "of c, later");
    machines.run(AWAY_MS);
    machines.heal();
    machines.run(10_000);
    expect([machines.get("a", "k"), machines.get("c", "k")]).toEqual(["of a", "of a"]);
    expect(machines.machine("c").salvaged).toHaveLength(1);
    expect(machines.at("a").audit.repaired + machines.at("c").audit.repaired, "by the audit").toBe(0);
    expect(machines.differences()).toEqual([]);
  });
});

describe("a member that is linked to some and not to others", () => {
  it("is not given up by those who hear of it", async () => {
    const machines = new Machines("hub", { retentionMs: RETENTION_MS, shards: 1 });
    machines.cut(["a"], ["c"]);
    for (const name of ["a", "b", "c"]) await machines.start(name);
    machines.run(3 * AWAY_MS);
    expect([isGivenUp(machines, "a", "c"), isGivenUp(machines, "c", "a")]).toEqual([false, false]);
    machines.crash("b");
    // Nobody is missed before its silence was noticed.
    machines.run(AWAY_MS + 10_000);
    expect([isGivenUp(machines, "a", "c"), isGivenUp(machines, "c", "a")]).toEqual([true, true]);
  });
});

describe("a clock that jumps ahead by more than the retention", () => {
  it("gives nobody up", async () => {
    const machines = await started(["a", "b", "c"], "jump");
    for (const key of KEYS) machines.put("a", key, "v");
    machines.run(5000);
    machines.cut(["c"], ["a", "b"]);
    machines.run(1000);
    machines.skewMs.set(id("c"), 25 * 3_600_000);
    machines.run(1000);
    machines.heal();
    machines.run(10_000);
    expect(quarantines(machines, ["a", "b", "c"])).toEqual([0, 0, 0]);
    for (const name of ["a", "b", "c"]) expect(missing(machines, name)).toEqual([]);
  });
});

describe("one that slept for longer than the retention", () => {
  it("defers to those who gave it up, though it gave nobody up", async () => {
    const machines = await started(["a", "b", "c"], "asleep");
    for (const key of KEYS) machines.put("c", key, "v");
    machines.run(3000);
    machines.cut(["c"], ["a", "b"]);
    machines.delete("a", "k/0");
    machines.sleeping.add(id("c"));
    machines.run(3 * AWAY_MS);
    machines.sleeping.clear();
    machines.heal();
    machines.run(10_000);
    expect(quarantines(machines, ["a", "b", "c"])).toEqual([0, 0, 1]);
    for (const name of ["a", "b", "c"]) expect(missing(machines, name)).toEqual(["k/0"]);
  });
});

describe("one that joins while another is away", () => {
  it("learns from whom it joins that the other was given up, and brings nothing back through it", async () => {
    const machines = await started(["a", "c"], "joiner", 1);
    machines.put("a", "k", "v");
    machines.run(3000);
    machines.cut(["c"], ["a"]);
    machines.delete("a", "k");
    machines.run(3 * AWAY_MS);
    machines.cut(["c"], ["d"]);
    await machines.start("d");
    machines.run(3000);
    expect(isGivenUp(machines, "d", "c")).toBe(true);
    machines.cut(["a"], ["d"]);
    machines.healBetween("d", "c");
    machines.run(10_000);
    expect([machines.get("c", "k"), machines.get("d", "k")]).toEqual([undefined, undefined]);
    machines.heal();
    machines.run(10_000);
    for (const name of ["a", "c", "d"]) expect(machines.get(name, "k")).toBe(undefined);
  });
});

describe("what is missing before a write of one that never comes back", () => {
  it("counts as void once it was given up: sessions go on, and losses are found again", async () => {
    const machines = await started(["a", "b", "o"], "gap", 1);
    machines.put("o", "k1", "v");
    machines.run(2000);
    machines.drop = () => true;
    machines.put("o", "lost", "v");
    machines.flush("o");
    machines.drop = () => false;
    machines.put("o", "k3", "v");
    machines.flush("o");
    machines.deliverTo("a");
    machines.deliverTo("b");
    machines.crash("o");
    machines.run(AWAY_MS + 5000);
    for (const name of ["a", "b"]) {
      const { entry, dot } = readKey(machines.at(name), DEFAULT_SPACE, "k3" as Key, machines.now) as ReadOutcome;
      expect(entry).toBeDefined();
      expect(machines.at(name).shards.all[0]?.vector.covers(dot?.origin as never, dot?.sequence ?? Infinity)).toBe(
        true,
      );
      expect(machines.at(name).shards.all[0]?.isWhole()).toBe(true);
    }
  });
});

describe("a quarantined replica", () => {
  async function quarantined(seed: string): Promise<Machines> {
    const machines = await started(["a", "c"], seed);
    for (const key of KEYS) machines.put("a", key, "v");
    machines.run(3000);
    machines.cut(["c"], ["a"]);
    machines.run(AWAY_MS);
    return machines;
  }

  it("tells its watchers to read again once it serves again", async () => {
    const machines = await quarantined("watch");
    const known = new Set<string>();
    const follow = (event: WatchEvent) => {
      if (event.type === "put") known.add(event.key);
      else if (event.type !== "reset") known.delete(event.key);
      else {
        known.clear();
        for (const key of KEYS) if (machines.get("c", key) !== undefined) known.add(key);
      }
    };
    machines.at("c").audience.changesOf(DEFAULT_SPACE).watch({ prefix: "k/" }, follow, machines.now);
    for (const key of KEYS) known.add(key);
    machines.heal();
    machines.run(10_000);
    expect(machines.at("c").quarantines).toBe(1);
    expect([...known].sort()).toEqual([...KEYS].sort());
  });

  it("is not ready while nobody is there to tell it what still stands", async () => {
    const machines = await quarantined("alone");
    machines.heal();
    while (machines.at("c").quarantines === 0 && machines.deliverOne()) {}
    machines.cut(["c"], ["a"]);
    machines.run(20_000);
    expect(machines.at("c").unreadyReasons(machines.now).join()).toMatch(/shards wait for a peer/);
    machines.heal();
    machines.run(10_000);
    expect(machines.at("c").unreadyReasons(machines.now)).toEqual([]);
    expect(missing(machines, "c")).toEqual([]);
  });

  it("does not stand still because its first question was put before its new life was on disk", async () => {
    const machines = await quarantined("slow disk");
    machines.machine("c").diskWorks = false;
    machines.heal();
    machines.run(300);
    machines.machine("c").diskWorks = true;
    machines.run(3000);
    expect(missing(machines, "c")).toEqual([]);
  });
});

describe("a single replica whose disk lost something", () => {
  it("goes by itself, and purges again", async () => {
    const machines = await started(["a"], "alone and damaged", 1);
    for (const key of KEYS) machines.put("a", key, "v");
    machines.run(1000);
    machines.crash("a");
    const { disk } = machines.machine("a");
    disk.delete([...disk.keys()].find((key) => key.startsWith("r")) ?? "");
    await machines.start("a");
    for (const key of KEYS) machines.delete("a", key);
    machines.run(AWAY_MS + 5000);
    expect(machines.at("a").shards.all[0]?.unconfirmed).toBe(0);
    expect(machines.at("a").shards.all[0]?.tombstones).toBe(0);
  });
});

describe("replicas that keep nothing on disk", () => {
  it("of one address leave each other alone", async () => {
    const machines = await started(["c"], "clash");
    await machines.start("e1", { ephemeral: true, address: "pod:1" });
    machines.run(3000);
    await machines.start("e2", { ephemeral: true, address: "pod:1" });
    machines.run(10_000);
    expect(quarantines(machines, ["e1", "e2"])).toEqual([0, 0]);
    machines.put("e1", "k1", "v");
    machines.put("e2", "k2", "v");
    machines.run(3000);
    for (const name of ["c", "e1", "e2"]) expect(missing(machines, name, ["k1", "k2"])).toEqual([]);
  });

  it("are succeeded by whoever begins at their address, whatever the clock says, and keep no tombstone waiting", async () => {
    const machines = await started(["c"], "clock put back");
    machines.skewMs.set(id("e1"), 30_000);
    await machines.start("e1", { ephemeral: true, address: "pod:1" });
    machines.run(3000);
    machines.crash("e1");
    await machines.start("e2", { ephemeral: true, address: "pod:1" });
    machines.put("c", "k", "v");
    machines.delete("c", "k");
    machines.run(20_000);
    const owners = machines.at("c").members.owners();
    expect(owners.map((member) => member.id)).toEqual([machines.at("e2").id]);
    expect(machines.at("c").shards.all.reduce((sum, shard) => sum + shard.tombstones, 0)).toBe(0);
  });

  it("that are gone for longer than the retention are forgotten, and count for nothing before", async () => {
    const machines = await started(["a", "b"], "redeployed");
    for (let i = 0; i < 20; i++) {
      await machines.start(`e${i}`, { ephemeral: true, address: `pod${i % 2}:1` });
      machines.run(1000);
      machines.put(`e${i}`, `k/${i}`, "v");
      machines.run(1000);
      if (i % 2 === 0) {
        machines.at(`e${i}`).leave();
        machines.carryOut(id(`e${i}`));
        machines.deliverAll();
      }
      machines.crash(`e${i}`);
    }
    machines.run(AWAY_MS);
    expect(
      machines
        .at("a")
        .members.owners()
        .map((member) => member.id),
    ).toEqual(["b"]);
    machines.run(AWAY_MS);
    for (const name of ["a", "b"]) {
      const names = machines.at(name).members.all();
      expect(names.map((member) => member.id).sort()).toEqual(["a", "b"]);
    }
    expect(missing(machines, "a", KEYS.slice(0, 20))).toEqual([]);
    expect(machines.differences()).toEqual([]);
  });
});
