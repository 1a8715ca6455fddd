/** Keyspaces of machines: defined at one, they are there at all, with their rules. */

import { describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import { KEYSPACES_MAX, spaceOfName } from "../../src/cluster/keyspaces.ts";
import { defineKeyspace, grantKeyspace, keyspaceStatuses } from "../../src/replica/keyspace-definitions.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import { id, Machines } from "../support/machines.ts";

const start = (seed: string, ...names: readonly string[]) => Machines.started(names, seed, { shards: 4, region: "eu" });

function define(machines: Machines, at: string, name: string, settings: KeyspaceSettings = { replication: "all" }) {
  const { keyspace } = defineKeyspace(machines.at(at), name, settings, machines.clockOf(at));
  machines.carryOut(id(at));
  return keyspace;
}

function namesAt(machines: Machines, at: string): readonly string[] {
  return keyspaceStatuses(machines.at(at)).map(({ name }) => name);
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return "none";
  } catch (error) {
    return error instanceof AtollError ? error.code : String(error);
  }
}

describe("a keyspace", () => {
  it("that is defined at one replica is there at all, and takes keys at once", async () => {
    const machines = await start("defined", "a", "b");
    const space = spaceOfName("sessions");
    define(machines, "a", "sessions", { replication: 2 });
    machines.put("a", "k", "early", { space });
    machines.run(50);
    machines.put("b", "k2", "v", { space });
    machines.run(3000);
    for (const at of ["a", "b"]) {
      expect(namesAt(machines, at)).toEqual(["default", "sessions"]);
      expect([machines.get(at, "k", { space }), machines.get(at, "k2", { space })]).toEqual(["early", "v"]);
    }
    expect(machines.at("a").keyspaces.digest()).toEqual(machines.at("b").keyspaces.digest());
  });

  it("is there after a restart, with its keys and its policy", async () => {
    const machines = await start("restart", "a");
    const space = spaceOfName("s");
    define(machines, "a", "s", { replication: { eu: 1 }, maxTtlMs: 1000, memoryShare: 0.5 });
    define(machines, "a", "empty");
    machines.put("a", "k", "v", { space });
    machines.run(500);
    machines.crash("a");
    await machines.start("a");
    expect(namesAt(machines, "a")).toEqual(["default", "empty", "s"]);
    const expected = { name: "s", replication: { eu: 1 }, maxTtlMs: 1000, memoryShare: 0.5, underReplicated: [] };
    expect(keyspaceStatuses(machines.at("a"))[2]).toEqual(expected);
    expect(machines.get("a", "k", { space })).toBe("v");
  });

  it("that was defined on both sides of a cut is what was said last, everywhere", async () => {
    const machines = await start("cut", "a", "b");
    machines.cut(["a"], ["b"]);
    define(machines, "a", "s", { replication: 1 });
    define(machines, "a", "only-a");
    machines.run(1000);
    define(machines, "b", "s", { replication: 2 });
    machines.run(1000);
    machines.heal();
    machines.run(3000);
    for (const at of ["a", "b"]) {
      expect(namesAt(machines, at)).toEqual(["default", "only-a", "s"]);
      expect(machines.at(at).keyspaces.get("s")?.policy).toEqual({ replication: 2 });
    }
  });

  it("that is taken for granted later than it was defined beyond a cut has the settings that it was given", async () => {
    const machines = await start("granted", "a", "b");
    const space = spaceOfName("1");
    machines.cut(["a"], ["b"]);
    define(machines, "a", "1", { replication: 1 });
    machines.run(1000);
    expect(grantKeyspace(machines.at("b"), "1", machines.clockOf("b"))).toBeDefined();
    machines.carryOut(id("b"));
    expect(grantKeyspace(machines.at("b"), "1", machines.clockOf("b"))).toBeUndefined();
    machines.put("b", "k", "v", { space });
    machines.run(1000);
    expect(keyspaceStatuses(machines.at("b"))[0]).toMatchObject({ name: "1", replication: "all" });
    machines.heal();
    machines.run(5000);
    for (const at of ["a", "b"]) expect(machines.at(at).keyspaces.get("1")?.policy).toEqual({ replication: 1 });
    machines.crash("b");
    await machines.start("b");
    machines.run(5000);
    for (const at of ["a", "b"]) expect(machines.at(at).keyspaces.get("1")?.policy).toEqual({ replication: 1 });
    expect(["a", "b"].filter((at) => machines.get(at, "k", { space }) === "v")).toHaveLength(1);
  });

  it("is known to whoever joins later, keys and all", async () => {
    const machines = await start("joins", "a");
    define(machines, "a", "s");
    machines.put("a", "k", "v", { space: spaceOfName("s") });
    machines.run(1000);
    await machines.start("b");
    machines.run(5000);
    expect(namesAt(machines, "b")).toEqual(["default", "s"]);
    expect(machines.get("b", "k", { space: spaceOfName("s") })).toBe("v");
  });

  it("is not forgotten by a replica that has to begin anew", async () => {
    const machines = await start("anew", "a", "b");
    define(machines, "a", "s", { replication: 2 });
    machines.run(1000);
    machines.at("b").quarantine({ reason: "away", knownLife: 1, doubtedSince: 1 }, machines.clockOf("b"));
    machines.carryOut(id("b"));
    expect(namesAt(machines, "b")).toEqual(["default", "s"]);
    machines.run(3000);
    expect(machines.at("b").keyspaces.digest()).toEqual(machines.at("a").keyspaces.digest());
    expect(machines.differences()).toEqual([]);
  });

  it("gives puts its default time to live, and takes none over its maximum", async () => {
    const machines = await start("ttl", "a");
    define(machines, "a", "s", { replication: "all", defaultTtlMs: 1000, maxTtlMs: 5000 });
    const space = spaceOfName("s");
    machines.put("a", "default", "v", { space });
    machines.put("a", "asked", "v", { space, ttlMs: 5000 });
    expect(codeOf(() => machines.put("a", "long", "v", { space, ttlMs: 5001 }))).toBe("TTL_OVER_MAX");
    machines.put("a", "elsewhere", "v");
    const shown = () => ["default", "asked", "long"].map((key) => machines.get("a", key, { space }));
    expect(shown()).toEqual(["v", "v", undefined]);
    machines.run(1100);
    expect(shown()).toEqual([undefined, "v", undefined]);
    machines.run(4000);
    expect(shown()).toEqual([undefined, undefined, undefined]);
    expect(machines.get("a", "elsewhere")).toBe("v");
  });

  it("of the name default can be given a policy; what was put before keeps its time to live", async () => {
    const machines = await start("default", "a", "b");
    machines.put("a", "before", "v");
    define(machines, "a", "default", { replication: "all", maxTtlMs: 1000 });
    machines.run(100);
    machines.put("b", "after", "v");
    machines.run(2000);
    expect(["before", "after"].map((key) => machines.get("a", key))).toEqual(["v", undefined]);
  });

  it("says where there are fewer members than it asks for, and no more once they are there", async () => {
    const machines = await start("short", "a");
    expect(define(machines, "a", "s", { replication: 2 }).underReplicated).toEqual([{ wanted: 2, has: 1 }]);
    const by = define(machines, "a", "by", { replication: { eu: 1, mars: 2 } });
    expect(by.underReplicated).toEqual([{ region: "mars", wanted: 2, has: 0 }]);
    expect(by.emptyRegions).toEqual(["mars"]);
    const typed = define(machines, "a", "typed", { replication: 1, regions: ["eu", "uu"] });
    expect([typed.underReplicated, typed.emptyRegions]).toEqual([[], ["uu"]]);
    machines.run(100);
    await machines.start("b");
    machines.run(3000);
    for (const at of ["a", "b"]) {
      expect(
        keyspaceStatuses(machines.at(at)).map(({ name, underReplicated }) => [name, underReplicated.length]),
      ).toEqual(
        [["by", 1], ["default", 0], ["s", 0], ["typed", 0]], // biome-ignore format: short
      );
    }
  });

  it.each<[string, string, KeyspaceSettings, string]>([
    ["a name that is none", "Caps", { replication: 1 }, "BAD_KEYSPACE_NAME"],
    ["nobody who may keep it", "s", { replication: 1, regions: ["mars"] }, "KEYSPACE_WITHOUT_OWNERS"],
    ["nobody in any region that it names", "s", { replication: { mars: 1 } }, "KEYSPACE_WITHOUT_OWNERS"],
    ["a contradiction", "s", { replication: { eu: 1 }, regions: ["us"] }, "POLICY_REGION_NOT_ALLOWED"],
    ["more memory than the others leave", "s", { replication: 1, memoryShare: 0.51 }, "MEMORY_SHARES_OVER_ALL"],
    ["a region named as what objects inherit", "s", { replication: { ["__proto__"]: 1 } }, "KEYSPACE_WITHOUT_OWNERS"],
  ])("is refused with %s, and nothing is kept of it", async (_what, name, settings, code) => {
    const machines = await start("refused", "a");
    define(machines, "a", "half", { replication: "all", memoryShare: 0.5 });
    expect(codeOf(() => define(machines, "a", name, settings))).toBe(code);
    expect(namesAt(machines, "a")).toEqual(["default", "half"]);
    // Its own share does not count twice.
    define(machines, "a", "half", { replication: "all", memoryShare: 1 });
  });

  it("is refused where there are as many as there may be; those that are there can be changed", async () => {
    const machines = await start("many", "a");
    for (let i = 1; i < KEYSPACES_MAX; i++) define(machines, "a", `n${i}`);
    expect(codeOf(() => define(machines, "a", "one-more"))).toBe("TOO_MANY_KEYSPACES");
    define(machines, "a", "n1", { replication: 1 });
  });
});
