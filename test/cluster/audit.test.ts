/** Registers lost or damaged behind the version vectors' back, on machines connected directly. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { damage, force, lose, neighbourOf, REPAIR_MS, recordOf } from "../support/losses.ts";
import { Machines } from "../support/machines.ts";

function repaired(machines: Machines, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + machines.at(name).audit.repaired, 0);
}

describe("a register that one lost", () => {
  it("comes back, is counted and told to watchers", async () => {
    const machines = await Machines.started(["a", "b", "c"], "lost");
    machines.put("a", "k", "v");
    machines.run(2000);
    const heard: string[] = [];
    machines
      .at("c")
      .audience.changesOf(DEFAULT_SPACE)
      .watch({ prefix: "" }, (event) => heard.push(event.type), machines.now);
    lose(machines, "c", "k");
    expect(machines.get("c", "k")).toBe(undefined);
    machines.run(REPAIR_MS);
    expect(machines.get("c", "k")).toBe("v");
    expect(machines.differences()).toEqual([]);
    expect(repaired(machines, ["a", "b", "c"])).toBe(1);
    expect(heard).toEqual(["put"]);
    expect(machines.machine("c").logs).toContain("divergence-repaired");
  });

  it("comes back in a message of its own when others are too long to go with it", async () => {
    const machines = await Machines.started(["a", "b"], "long", { shards: 1 });
    const keys = ["k", neighbourOf(machines.at("a"), "k")];
    for (const key of keys) machines.put("a", key, "x".repeat(400_000));
    machines.run(2000);
    for (const key of keys) lose(machines, "b", key);
    let longest = 0;
    machines.spy = (frame) => {
      longest = Math.max(longest, frame.length);
    };
    machines.run(2 * REPAIR_MS);
    expect(keys.map((key) => machines.get("b", key)?.length)).toEqual([400_000, 400_000]);
    expect(longest).toBeLessThan(512 * 1024);
  });

  it("is the newest that anybody has, when an older one is left in its place", async () => {
    const machines = await Machines.started(["a", "b", "c"], "older");
    machines.put("a", "k", "old");
    machines.run(2000);
    const old = recordOf(machines, "c", "k");
    machines.put("b", "k", "new");
    machines.run(2000);
    force(machines, "c", "k", old);
    expect(machines.get("c", "k")).toBe("old");
    machines.run(REPAIR_MS);
    expect(["a", "b", "c"].map((name) => machines.get(name, "k"))).toEqual(["new", "new", "new"]);
  });
});

describe("more than one audit can tell", () => {
  it("comes in the end, in a shard of any size", async () => {
    const machines = await Machines.started(["a", "b"], "large", { shards: 1 });
    const value = "v".repeat(100);
    for (let i = 0; i < 24_000; i++) {
      machines.put("a", `k${i}`, value);
      if (i % 500 === 0) machines.run(50);
    }
    machines.run(3000);
    const lost = Array.from({ length: 200 }, (_, i) => `k${23_999 - i}`);
    for (const key of lost) lose(machines, "b", key);
    machines.run(60_000);
    expect(lost.filter((key) => machines.get("b", key) === undefined)).toEqual([]);
    expect(repaired(machines, ["a", "b"])).toBe(lost.length);
  });

  it("comes although what cannot be decided would fill every message", async () => {
    const machines = await Machines.started(["a", "b", "c"], "undecided", { shards: 1 });
    const large = Array.from({ length: 6 }, (_, i) => `large ${i}`);
    for (const key of large) machines.put("a", key, "v".repeat(100 * 1024));
    machines.run(1000);
    machines.put("a", "k", "v");
    machines.run(3000);
    machines.cut(["c"], ["a", "b"]);
    const shard = machines.at("b").shardOfKey("k" as Key);
    for (const key of large) shard.graves.forget(shard.find(KIND_PLAIN, key as Key));
    lose(machines, "b", "k");
    machines.run(2 * REPAIR_MS);
    expect(large.map((key) => machines.get("b", key))).toEqual(Array(6).fill(undefined));
    expect(machines.get("b", "k")).toBe("v");
  });
});

describe("a register whose content was damaged", () => {
  it("becomes the same everywhere again, and counts as repaired", async () => {
    const machines = await Machines.started(["a", "b"], "damage");
    machines.put("a", "k", "good");
    machines.run(2000);
    damage(machines, "b", "k", "evil");
    expect(machines.get("b", "k")).toBe("evil");
    machines.run(REPAIR_MS);
    expect(machines.get("a", "k")).toBe(machines.get("b", "k"));
    expect(machines.differences()).toEqual([]);
    expect(repaired(machines, ["a", "b"])).toBe(1);
  });
});

describe("replicas whose clocks differ", () => {
  it.each(
    [0, 300, 600, 5000].flatMap((skewMs) =>
      ["nothing expires", "something expires all the time"].flatMap((what) =>
        ["the one ahead", "the one behind"].map((loser) => [skewMs, what, loser] as const),
      ),
    ),
  )("by %i ms, while %s, find what %s lost, and nothing else", async (skewMs, what, loser) => {
    const machines = await Machines.started(["behind", "ahead"], `skew ${skewMs} ${what}`, { shards: 1 });
    machines.skewMs.set(machines.at("ahead").id, skewMs);
    machines.put("behind", "k", "v");
    for (let i = 0; i < 50; i++) machines.put("ahead", `lasting ${i}`, "v");
    if (what !== "nothing expires") {
      for (let i = 1; i <= 1200; i++) machines.put(i % 2 === 0 ? "ahead" : "behind", `k${i}`, "v", { ttlMs: 50 * i });
    }
    machines.run(3000);
    machines.latencyMs = 400;
    machines.run(5000);
    lose(machines, loser === "the one ahead" ? "ahead" : "behind", "k");
    machines.run(REPAIR_MS);
    expect([machines.get("ahead", "k"), machines.get("behind", "k")]).toEqual(["v", "v"]);
    machines.run(60_000);
    expect(repaired(machines, ["ahead", "behind"])).toBe(1);
    expect(machines.at("ahead").audit.begun + machines.at("behind").audit.begun).toBeLessThan(4);
    expect(machines.differences()).toEqual([]);
  });

  it("still compare all other shards while what fell early in one makes it incomparable", async () => {
    const machines = await Machines.started(["a", "b"], "one shard");
    machines.put("a", "early", "v", { ttlMs: 300_000 });
    machines.run(1000);
    machines.skewMs.set(machines.at("a").id, 600_000);
    machines.run(500);
    machines.skewMs.clear();
    const shardOf = (key: string) => machines.at("a").shardOfKey(key as Key).id;
    const other = ["k1", "k2", "k3", "k4", "k5"].find((key) => shardOf(key) !== shardOf("early")) ?? "";
    machines.put("a", other, "v");
    machines.run(3000);
    lose(machines, "b", other);
    machines.run(60_000);
    expect([machines.get("b", other), machines.get("a", "early"), machines.get("b", "early")]).toEqual([
      "v",
      undefined,
      "v",
    ]);
    expect(repaired(machines, ["a", "b"])).toBe(1);
  });

  it("let registers expire without taking that for damage", async () => {
    const names = ["a", "b", "c"];
    const machines = await Machines.started(names, "expiry");
    machines.skewMs.set(machines.at("b").id, 330);
    machines.skewMs.set(machines.at("c").id, -170);
    for (let i = 0; i < 300; i++) {
      machines.put(names[i % 3] ?? "a", `k${i}`, "v", { ttlMs: 500 + machines.random.below(8000) });
      if (i % 10 === 0) machines.run(50);
    }
    machines.run(20_000);
    expect(repaired(machines, names)).toBe(0);
    expect(names.map((name) => machines.at(name).audit.begun)).toEqual([0, 0, 0]);
    expect(names.flatMap((name) => machines.at(name).shards.all.map((shard) => shard.table.count))).toEqual(
      Array(15).fill(0),
    );
    expect(machines.differences()).toEqual([]);
  });
});

describe("a register that fell early, by a faster clock", () => {
  it("is no difference to those who still hold its value, until it falls there too", async () => {
    const machines = await Machines.started(["a", "b", "c"], "fast clock", { sweepMs: 200, antiEntropyMs: 300 });
    machines.skewMs.set(machines.at("a").id, 5000);
    machines.cut(["c"], ["a", "b"]);
    machines.put("b", "k", "v", { ttlMs: 6000 });
    machines.run(1500);
    // At a it has fallen, and from there it comes to c, which knows of no push.
    machines.cut(["b"], ["a"]);
    expect(machines.get("a", "k")).toBe(undefined);
    machines.heal();
    machines.cut(["b"], ["a", "c"]);
    machines.run(1000);
    machines.heal();
    machines.run(2000);
    expect([machines.get("b", "k"), machines.get("c", "k")]).toEqual(["v", undefined]);
    machines.run(5000);
    expect(repaired(machines, ["a", "b", "c"])).toBe(0);
    expect(machines.differences()).toEqual([]);
    // Afterwards shards are compared again, and losses found.
    machines.put("b", "k", "again");
    machines.run(2000);
    lose(machines, "c", "k");
    machines.run(REPAIR_MS);
    expect(repaired(machines, ["c"])).toBe(1);
  });
});
