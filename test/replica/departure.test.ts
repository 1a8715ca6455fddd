/** A replica gives up its place: others take over what it held, nothing is lost, and it does not come back as if nothing had been. */

import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import { isDisplaced } from "../../src/cluster/members.ts";
import { defineKeyspace } from "../../src/replica/keyspace-definitions.ts";
import { type Disk, Machines } from "../support/machines.ts";

const SPACE = spaceOfName("placed");
const IN_SPACE = { space: SPACE };
const KEYS = Array.from({ length: 30 }, (_, i) => `k${i}`);
const FOUR = ["a", "b", "c", "d"];
const REST = ["a", "b", "c"];
const SETTLE_MS = 20_000;
/** A replica that is asked to leave has handed over by then. */
const LEAVING_MS = 60_000;

/** Four replicas with a keyspace of so many copies, and a value for each key, in it and in `default`. */
async function four(seed: string, replication: number | "all" = 2, config = {}): Promise<Machines> {
  const machines = await Machines.started(FOUR, seed, { shards: 8, retentionMs: 3_600_000, ...config });
  defineKeyspace(machines.at("a"), "placed", { replication }, machines.clockOf("a"));
  machines.run(SETTLE_MS);
  for (const key of KEYS) {
    machines.put(ownersOf(machines, "a", key)[0] ?? "a", key, "v", IN_SPACE);
    machines.put("d", key, "v");
  }
  machines.run(1000);
  return machines;
}

function ownersOf(machines: Machines, name: string, key: string): readonly string[] {
  const replica = machines.at(name);
  return replica.ownership.ownersOf(replica.shardOfKey(key as Key, SPACE).id);
}

/** Lets time pass until a replica has handed over. */
function untilHandedOver(machines: Machines, name: string, meanwhile: () => void = () => {}): void {
  for (let ms = 0; !machines.at(name).departure.hasHandedOver; ms += 100) {
    if (ms > LEAVING_MS) throw new Error(`still ${machines.at(name).departure.reasons().join()}`);
    meanwhile();
    machines.run(100);
  }
}

/** What is left to do once the doors are shut, as the driver does it. Returns the disk from before. */
function go(machines: Machines, name: string): Disk {
  for (let ms = 0; !machines.at(name).departure.mayGo(); ms += 100) {
    if (ms > LEAVING_MS) throw new Error("others do not have all");
    machines.run(100);
  }
  const before: Disk = new Map(machines.machine(name).disk);
  machines.at(name).noteLeft();
  machines.sync(name);
  machines.at(name).leave(true);
  machines.carryOut(name as ReplicaId);
  machines.deliverAll();
  machines.crash(name);
  return before;
}

function expectAll(machines: Machines, names: readonly string[], value: string | undefined): void {
  for (const key of KEYS) {
    const owners = ownersOf(machines, names[0] ?? "", key);
    expect(owners.length).toBeGreaterThan(0);
    expect(owners.filter((name) => !names.includes(name))).toEqual([]);
    expect(owners.map((name) => machines.get(name, key, IN_SPACE))).toEqual(owners.map(() => value));
    expect(names.map((name) => machines.get(name, key))).toEqual(names.map(() => value));
  }
}

describe("a replica that leaves", () => {
  it.each([1, 2, "all"] as const)(
    "hands over what it holds of %s copies, and is gone for good",
    async (replication) => {
      const machines = await four(`leaves ${replication}`, replication);
      machines.at("d").departure.begin();
      untilHandedOver(machines, "d");
      go(machines, "d");
      expect(REST.map((name) => machines.at(name).members.get("d" as ReplicaId)?.left)).toEqual([true, true, true]);
      machines.run(SETTLE_MS);
      expectAll(machines, REST, "v");
      // Nothing waits for it.
      for (const key of KEYS) {
        machines.delete("a", key);
        machines.delete(ownersOf(machines, "a", key)[0] ?? "", key, IN_SPACE);
      }
      machines.run(3 * SETTLE_MS);
      expect(
        REST.map((name) => machines.at(name).shards.all.reduce((sum, shard) => sum + shard.tombstones, 0)),
      ).toEqual([0, 0, 0]);
    },
  );

  it("loses nothing that is written to it until it shuts its doors, as owner, as guest, and as what everybody keeps", async () => {
    const machines = await four("written", 1);
    machines.at("d").departure.begin();
    let round = 0;
    untilHandedOver(machines, "d", () => {
      // Once it owns nothing it passes writes on; before that it takes them.
      const owned = KEYS.filter((key) => ownersOf(machines, "d", key).includes("d"));
      for (const key of owned) machines.put("d", key, `w${round}`, IN_SPACE);
      machines.put("d", "everywhere", `w${round++}`);
    });
    machines.put("d", "everywhere", "last");
    expect(machines.at("d").departure.mayGo()).toBe(false);
    go(machines, "d");
    machines.run(SETTLE_MS);
    expect(REST.map((name) => machines.get(name, "everywhere"))).toEqual(["last", "last", "last"]);
    for (const key of KEYS) {
      const values = ownersOf(machines, "a", key).map((name) => machines.get(name, key, IN_SPACE));
      expect(values.map((value) => value !== undefined)).toEqual([true]);
    }
  });

  it("is waited for by the new owners, who are not ready before they have what it has", async () => {
    const machines = await four("ready", 1);
    const key = KEYS.find((each) => ownersOf(machines, "a", each).includes("d")) ?? "";
    machines.latencyMs = 500;
    machines.at("d").departure.begin();
    for (let ms = 0; ms < LEAVING_MS && !machines.at("d").departure.hasHandedOver; ms += 100) {
      machines.run(100);
      for (const name of REST) {
        const shard = machines.at(name).shardOfKey(key as Key, SPACE);
        if (machines.at(name).ownership.owns(shard.id) && shard.isReady) {
          expect(machines.get(name, key, IN_SPACE)).toBe("v");
        }
      }
    }
    expect(machines.at("d").departure.hasHandedOver).toBe(true);
  });

  it("keeps nobody who joins while it is remembered from taking its share", async () => {
    const machines = await four("remembered");
    machines.at("d").departure.begin();
    untilHandedOver(machines, "d");
    go(machines, "d");
    machines.run(SETTLE_MS);
    await machines.start("e");
    machines.heal();
    machines.run(2 * SETTLE_MS);
    const { owned, ready } = machines.at("e").movement.progress();
    expect(owned).toBeGreaterThan(0);
    expect(ready).toBe(owned);
    expect(machines.at("a").members.get("d" as ReplicaId)?.left).toBe(true);
    expect(machines.at("e").members.get("d" as ReplicaId)).toBeUndefined();
    expectAll(machines, [...REST, "e"], "v");
  });

  it("is seen to leave, and says how far it is", async () => {
    const machines = await four("seen");
    expect(machines.at("d").unreadyReasons(machines.now)).toEqual([]);
    machines.at("d").departure.begin();
    expect(machines.at("d").unreadyReasons(machines.now)).toEqual([
      expect.stringMatching(/^leaving: \d+ shards to hand over$/),
    ]);
    machines.run(1000);
    expect(isDisplaced(machines.at("a").members.get("d" as ReplicaId) ?? { displaced: 0 })).toBe(true);
    untilHandedOver(machines, "d");
    expect(machines.at("d").unreadyReasons(machines.now)).toEqual(["leaving: all is handed over"]);
    expect(machines.machine("d").logs.filter((event) => event === "leaving" || event === "handed-over")).toEqual([
      "leaving",
      "handed-over",
    ]);
  });

  it("waits for a disk that others have what it has, and for none that is about to leave itself", async () => {
    const machines = await four("disks", "all");
    for (const name of REST) machines.machine(name).diskWorks = false;
    machines.put("d", "k0", "late");
    machines.run(1000);
    machines.at("d").departure.begin();
    machines.run(SETTLE_MS);
    expect(machines.at("d").departure.hasHandedOver).toBe(false);
    // The only one whose disk works is leaving, too.
    machines.machine("c").diskWorks = true;
    machines.at("c").departure.begin();
    machines.run(SETTLE_MS);
    expect(machines.at("d").departure.hasHandedOver).toBe(false);
    machines.machine("a").diskWorks = true;
    untilHandedOver(machines, "d");
  });

  it("has nobody to hand over to where all others are gone or leave", async () => {
    const machines = await four("alone");
    for (const name of REST) machines.at(name).departure.begin();
    machines.run(1000);
    expect(machines.at("d").departure.heirs()).toEqual([]);
    machines.at("d").departure.begin();
    expect(machines.at("d").departure.reasons()).toEqual(["leaving: no other member is there to hand over to"]);
  });
});

describe("a replica that ends before it has left", () => {
  it("takes its place back when it is started again, whether the others or its own disk tell of its leaving", async () => {
    for (const isOnDisk of [true, false]) {
      const machines = await four(`again ${isOnDisk}`);
      const before = KEYS.map((key) => ownersOf(machines, "a", key));
      machines.machine("d").diskWorks = isOnDisk;
      machines.at("d").departure.begin();
      machines.run(200);
      expect(machines.at("a").members.get("d" as ReplicaId)?.displaced).toBe(1);
      machines.crash("d");
      machines.machine("d").diskWorks = true;
      machines.run(3000);
      await machines.start("d");
      machines.heal();
      machines.run(2 * SETTLE_MS);
      expect(machines.at("d").departure.isUnderWay).toBe(false);
      expect(FOUR.map((name) => machines.at(name).members.get("d" as ReplicaId)?.displaced)).toEqual([2, 2, 2, 2]);
      expect(KEYS.map((key) => ownersOf(machines, "a", key))).toEqual(before);
      expectAll(machines, FOUR, "v");
    }
  });
});

describe("a replica that has left, and begins again all the same", () => {
  async function leftAndDeleted(seed: string): Promise<{ readonly machines: Machines; readonly before: Disk }> {
    const machines = await four(seed);
    machines.at("d").departure.begin();
    untilHandedOver(machines, "d");
    const before = go(machines, "d");
    machines.run(SETTLE_MS);
    for (const key of KEYS) {
      machines.delete("a", key);
      machines.delete(ownersOf(machines, "a", key)[0] ?? "", key, IN_SPACE);
    }
    machines.run(3 * SETTLE_MS);
    return { machines, before };
  }

  it("begins with nothing that it held, by what its own disk says, whoever still knows of it", async () => {
    const { machines } = await leftAndDeleted("own disk");
    await machines.start("d");
    expect(KEYS.map((key) => machines.get("d", key))).toEqual(KEYS.map(() => undefined));
    machines.heal();
    machines.run(2 * SETTLE_MS);
    expect(machines.machine("d").logs).toContain("quarantine");
    expectAll(machines, FOUR, undefined);
    expect(KEYS.some((key) => ownersOf(machines, "a", key).includes("d"))).toBe(true);
    expect(machines.at("d").unreadyReasons(machines.now)).toEqual([]);
    machines.put("d", "new", "v");
    machines.run(1000);
    expect(FOUR.map((name) => machines.get(name, "new"))).toEqual(["v", "v", "v", "v"]);
  });

  it("begins with nothing on a copy of its disk from before, by what the others say", async () => {
    const { machines, before } = await leftAndDeleted("old disk");
    machines.machine("d").disk = before;
    await machines.start("d");
    machines.heal();
    machines.run(2 * SETTLE_MS);
    expect(machines.machine("d").logs).toContain("quarantine");
    expectAll(machines, FOUR, undefined);
  });
});
