/** Leaving and removing through the driver, in a simulated cluster, with clients that go on. */

import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import type { Driver } from "../../src/replica/driver.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import { NAME, PlacedWorld, SETTLE_MS } from "../support/placed-world.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const R3 = "r3" as ReplicaId;

async function four(seed: string, replication: number): Promise<PlacedWorld> {
  const placed = new PlacedWorld({ seed, regions: ["eu", "eu", "us", "us"], settings: { replication } });
  await placed.begin();
  return placed;
}

/** Asks node 3 to leave, and lets time pass until it has handed over. Returns its driver. */
async function handOver(placed: PlacedWorld, meanwhile: () => Promise<unknown> = () => placed.run(100)) {
  const driver = placed.driver(3);
  driver.leaveCluster();
  for (const until = placed.world.now + 60_000; !driver.replica.departure.hasHandedOver; await meanwhile()) {
    if (placed.world.now > until) throw new Error(driver.readiness().reasons.join());
  }
  return driver;
}

/** Its process is told to stop, and has stopped. */
async function stop(placed: PlacedWorld): Promise<void> {
  placed.world.node(3).stop();
  for (const until = placed.world.now + 30_000; placed.world.node(3).life !== undefined; await placed.run(50)) {
    if (placed.world.now > until) throw new Error("it does not stop");
  }
}

function leftAt(placed: PlacedWorld, node: number): boolean | undefined {
  return placed.driver(node).replica.members.get(R3)?.left;
}

function putDefault(driver: Driver, key: string, value: string) {
  return driver.put(key as Key, bytes(value));
}

async function getDefault(placed: PlacedWorld, node: number, key: string): Promise<string | undefined> {
  const { entry } = await placed.do(placed.driver(node).get(key as Key));
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
}

describe("a replica that is asked to leave", () => {
  it("serves until it has handed over, goes for good once all that was written is elsewhere, and loses nothing", async () => {
    const placed = await four("leaves", 1);
    const written = new Map<string, string>();
    let round = 0;
    const driver = await handOver(placed, async () => {
      const key = `k${round % 25}`;
      written.set(key, `v${round}`);
      await placed.put(3, key, `v${round}`);
      await placed.do(putDefault(placed.driver(3), key, `v${round++}`));
      expect(await placed.get(3, key)).toBe(written.get(key));
      await placed.run(20);
    });
    expect(round).toBeGreaterThan(20);
    // Answered in the very moment in which it is told to stop.
    const last = putDefault(driver, "last", "v");
    await stop(placed);
    await placed.do(last);
    expect(driver.hasLeft).toBe(true);
    await placed.run(3000);
    expect([0, 1, 2].map((node) => leftAt(placed, node))).toEqual([true, true, true]);
    for (const node of [0, 1, 2]) {
      expect(await getDefault(placed, node, "last")).toBe("v");
      for (const [key, value] of written) {
        expect([key, await getDefault(placed, node, key)]).toEqual([key, value]);
        expect([key, await placed.get(node, key)]).toEqual([key, value]);
      }
    }
    // Started again all the same, and out of reach: its own disk knows.
    placed.cut([3], [0, 1, 2]);
    placed.world.node(3).start();
    await placed.run(2000);
    expect(await getDefault(placed, 3, "last")).toBeUndefined();
  });

  it("says so in its readiness and is told once, however often it is asked", async () => {
    const placed = await four("asked", 2);
    const driver = placed.driver(3);
    expect(driver.readiness().ready).toBe(true);
    driver.leaveCluster();
    driver.leaveCluster();
    expect(driver.readiness().reasons).toEqual([expect.stringMatching(/^leaving: [1-9]\d* shards to hand over$/)]);
    await placed.run(1000);
    const { members } = await placed.do(placed.driver(0).status());
    expect(members.find(({ id }) => id === R3)).toMatchObject({ state: "leaving", owned: 0 });
  });

  it("keeps its place where nobody can be given what was written last, and has it when it is back", async () => {
    const placed = await four("keeps", 2);
    const driver = await handOver(placed);
    placed.cut([3], [0, 1, 2]);
    void putDefault(driver, "late", "v");
    await stop(placed);
    expect(driver.hasLeft).toBe(false);
    placed.heal([3], [0, 1, 2]);
    placed.world.node(3).start();
    await placed.run(2 * SETTLE_MS);
    expect([leftAt(placed, 0), placed.driver(3).replica.movement.progress().owned > 0]).toEqual([false, true]);
    expect(await getDefault(placed, 0, "late")).toBe("v");
  });

  it("stops as ever where it is stopped before it has handed over", async () => {
    const placed = await four("early", 2);
    const driver = placed.driver(3);
    driver.leaveCluster();
    await stop(placed);
    expect([driver.hasLeft, leftAt(placed, 0)]).toEqual([false, false]);
  });

  it("stays where nobody is there to take over", async () => {
    const placed = await four("nobody", 2);
    for (const node of [0, 1, 2]) placed.world.node(node).crash(false);
    await placed.run(2 * SETTLE_MS);
    expect(() => placed.driver(3).leaveCluster()).toThrow(expect.objectContaining({ code: "LAST_MEMBER" }));
    expect(placed.driver(3).replica.departure.isUnderWay).toBe(false);
  });
});

describe("what is written where nobody owns it, by who was taken for gone meanwhile", () => {
  it("comes to its owners", async () => {
    const placed = await four("gone", 2);
    const key = placed.keyOf([0, 2]);
    placed.cut([3], [0, 1, 2]);
    await placed.run(60_000);
    await placed.put(3, key, "v");
    await placed.do(placed.driver(0).removeMember(R3, { force: true }));
    await placed.run(1000);
    placed.heal([3], [0, 1, 2]);
    await placed.run(2 * SETTLE_MS);
    expect([0, 1, 2, 3].map((node) => placed.held(node, key))).toEqual([true, false, true, false]);
    expect(await placed.get(0, key)).toBe("v");
  });

  it("comes to its owners where it had left, and is back just now", async () => {
    const placed = await four("back", 2);
    const key = placed.keyOf([0, 2]);
    await handOver(placed);
    await stop(placed);
    placed.world.node(3).start();
    while (placed.world.node(3).replica === undefined) await placed.run(1);
    const written = placed.put(3, key, "v");
    await written;
    await placed.run(SETTLE_MS);
    expect(placed.driver(3).replica.quarantines).toBe(1);
    expect(await placed.get(0, key)).toBe("v");
  });
});

describe("who has left and begins again on an old copy of its disk", () => {
  it("brings nothing back that was deleted meanwhile", async () => {
    const placed = await four("copy", 2);
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    for (const key of keys) {
      await placed.put(3, key, "v");
      await placed.do(putDefault(placed.driver(3), key, "v"));
    }
    await placed.run(2000);
    const copy = placed.world.node(3).disk.copy();
    await handOver(placed);
    await stop(placed);
    for (const key of keys) {
      await placed.do(placed.driver(0).delete(key as Key));
      await placed.do(placed.store(0).delete(key as Key));
    }
    await placed.run(60_000);
    expect(placed.driver(0).replica.chores.purged).toBeGreaterThan(0);
    placed.world.node(3).disk.replace(copy, placed.world.now);
    placed.world.node(3).start();
    while (placed.world.node(3).replica?.replica?.isLinked("r0" as ReplicaId) !== true) await placed.run(1);
    await placed.run(10);
    expect(placed.driver(3).replica.quarantines).toBe(1);
    await placed.run(2 * SETTLE_MS);
    for (const node of [0, 3]) {
      for (const key of keys) {
        expect([key, await getDefault(placed, node, key), await placed.get(node, key)]).toEqual([
          key,
          undefined,
          undefined,
        ]);
      }
    }
  });
});

describe("a replica that alone may keep a keyspace", () => {
  /** Node 3 alone is left of its region. */
  async function lastOfItsRegion(seed: string, settings: KeyspaceSettings): Promise<PlacedWorld> {
    const placed = new PlacedWorld({ seed, regions: ["eu", "eu", "us", "us"], settings });
    await placed.begin();
    placed.world.node(2).crash(false);
    await placed.run(2 * SETTLE_MS);
    await placed.do(placed.driver(0).removeMember("r2" as ReplicaId, { force: true }));
    await placed.run(SETTLE_MS);
    return placed;
  }
  const define = (placed: PlacedWorld, settings: KeyspaceSettings) => placed.driver(0).defineKeyspace(NAME, settings);
  const sole = "no other member may keep keyspace placed, as it is set to";

  it("is told so when it is asked to leave, and leaves once others may keep it as well", async () => {
    const placed = await lastOfItsRegion("sole", { replication: 1, regions: ["us"] });
    await placed.put(3, "k", "v");
    const refused = expect.objectContaining({ code: "MEMBER_LAST_OWNER", message: `${sole}: let others first` });
    expect(() => placed.driver(3).leaveCluster()).toThrow(refused);
    expect(placed.driver(3).replica.departure.isUnderWay).toBe(false);
    expect(() => placed.driver(0).replica.departure.checkMayBegin()).not.toThrow();
    await placed.do(define(placed, { replication: 1 }));
    await placed.run(SETTLE_MS);
    await handOver(placed);
    await stop(placed);
    expect(await placed.get(0, "k")).toBe("v");
  });

  it("says so where that comes about while it leaves, and goes on once others may", async () => {
    const placed = await lastOfItsRegion("sole meanwhile", { replication: 2 });
    const defined = define(placed, { replication: 2, regions: ["us"] });
    const driver = placed.driver(3);
    driver.leaveCluster();
    await placed.do(defined);
    await placed.run(2 * SETTLE_MS);
    expect(driver.replica.departure.hasHandedOver).toBe(false);
    expect(driver.readiness().reasons).toContain(sole);
    await placed.do(define(placed, { replication: 2 }));
    await placed.run(2 * SETTLE_MS);
    expect(driver.readiness().reasons).not.toContain(sole);
    expect(driver.replica.departure.hasHandedOver).toBe(true);
  });
});

describe("a removal", () => {
  it("is on the disk of the replica that was asked before it is answered", async () => {
    const placed = await four("removed", 2);
    placed.world.node(3).crash(false);
    await placed.run(2 * SETTLE_MS);
    placed.cut([0], [1, 2]);
    await placed.do(placed.driver(0).removeMember(R3, { force: false }));
    placed.world.node(0).crash(true);
    placed.world.node(0).start();
    await placed.run(2000);
    expect([leftAt(placed, 0), leftAt(placed, 1)]).toEqual([true, false]);
    placed.heal([0], [1, 2]);
    await placed.run(SETTLE_MS);
    expect(leftAt(placed, 1)).toBe(true);
    await placed.do(placed.driver(1).removeMember(R3, { force: false }));
  });

  it("is refused with a code, and changes nothing then", async () => {
    const placed = await four("refused", 2);
    const refused = (id: string) => placed.do(placed.driver(0).removeMember(id as ReplicaId, { force: false }));
    await expect(refused("r1")).rejects.toMatchObject({ code: "MEMBER_ALIVE" });
    await expect(refused("r0")).rejects.toMatchObject({ code: "CANNOT_REMOVE_SELF" });
    await expect(refused("r9")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await placed.run(3000);
    expect(placed.driver(0).replica.members.owners()).toHaveLength(3);
  });
});
