/** Values that replicas without a disk let go of, as others have them. */

import { describe, expect, it } from "vitest";
import type { ReplicaSettings } from "../../simulations/plan.ts";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { keeperOf } from "../../src/cluster/keeper.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import type { VersionFacts } from "../../src/wire/version-facts.ts";
import {
  answers,
  COUNT,
  evictedBy,
  fill,
  ghostsOf,
  isGhost,
  keyOf,
  LARGE,
  newcomer,
  placeOf,
  put,
  read,
  SMALL,
  started,
  usedBy,
  VALUE,
  versionOf,
} from "../support/ghost-world.ts";

describe("values that others have", () => {
  it("leave the memory of the replica that has less, which serves them all the same; and all is quiet", async () => {
    const placed = await started("two", [SMALL, LARGE]);
    await fill(placed);
    expect(usedBy(placed, 0)).toBeLessThan(SMALL * 0.9);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    expect(ghostsOf(placed, 1)).toEqual([]);
    for (const node of [0, 1]) {
      for (let i = 0; i < COUNT; i++) expect(await read(placed, node, keyOf(i))).toBe(VALUE + i);
    }
    await placed.run(5000);
    expect(usedBy(placed, 0)).toBeLessThan(SMALL * 0.9);
    expect([evictedBy(placed, 0), evictedBy(placed, 1)]).toEqual([0, 0]);
    const busy = () =>
      [0, 1].map((node) => {
        const { pulls, audit, ghosts, recalls } = placed.driver(node).replica;
        return [pulls.sessions, audit.begun, audit.repaired, ghosts.refused, recalls.taken];
      });
    const before = busy();
    await placed.run(20_000);
    expect(busy()).toEqual(before);
    const digests = await Promise.all([0, 1].map((node) => placed.driver(node).status()));
    expect(digests[0]?.digest).toBe(digests[1]?.digest);
  });

  it("are kept by the keeper, the first owner that is there, whose own values are no ghosts", async () => {
    const placed = await started("keeper", [SMALL, SMALL]);
    await fill(placed, {});
    for (const node of [0, 1]) {
      const { replica } = placed.driver(node);
      for (const key of ghostsOf(placed, node)) {
        expect(keeperOf(replica, replica.shardOfKey(key as Key).id)).not.toBe(replica.id);
        expect(isGhost(placed, 1 - node, key)).toBe(false);
      }
    }
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(0);
    expect(ghostsOf(placed, 1).length).toBeGreaterThan(0);
  });

  it("are overwritten, deleted, expire and are listed like any others", async () => {
    const placed = await started("fates", [SMALL, LARGE]);
    await put(placed, 1, "short-lived", VALUE, { ttlMs: 60_000 });
    await fill(placed);
    const [overwritten, deleted] = ghostsOf(placed, 0) as [string, string];
    const { keys } = await placed.do(placed.driver(0).keys({ prefix: "k" as Key, limit: 10_000 }));
    expect(keys).toHaveLength(COUNT);
    await put(placed, 0, overwritten, "newer");
    await placed.do(placed.driver(1).delete(deleted as Key));
    await placed.run(1000);
    for (const node of [0, 1]) {
      expect(await read(placed, node, overwritten)).toBe("newer");
      expect(await read(placed, node, deleted)).toBeUndefined();
    }
    await placed.run(60_000);
    for (const node of [0, 1]) expect(await read(placed, node, "short-lived")).toBeUndefined();
    for (const shard of placed.driver(0).replica.shards.all)
      expect(shard.accounts.awayBytes === 0).toBe(shard.accounts.away === 0);
  });

  it("are sent to a newcomer by whoever it asks, ghost or not, and claimed", async () => {
    const placed = await started("newcomer", [SMALL, LARGE, LARGE], { begin: 2 });
    await fill(placed);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    placed.cut([2], [1]);
    placed.world.node(2).start();
    await placed.run(30_000);
    expect(ghostsOf(placed, 2)).toEqual([]);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 2, keyOf(i))).toBe(VALUE + i);
    expect(usedBy(placed, 0)).toBeLessThan(SMALL);
  });

  it("are left out of what a newcomer is sent, and nothing is claimed, while nobody gives them", async () => {
    const { placed, ghosts } = await newcomer("left-out");
    await placed.run(20_000);
    const { replica } = placed.driver(2);
    const rest = Array.from({ length: COUNT }, (_, i) => keyOf(i)).filter((key) => !ghosts.includes(key));
    for (const key of rest) expect([key, placeOf(placed, 2, key).slot > 0]).toEqual([key, true]);
    for (const key of ghosts) {
      const { shard, slot } = placeOf(placed, 2, key);
      const version = versionOf(placed, 0, key);
      expect([slot, shard.vector.covers(version.origin, version.sequence)]).toEqual([0, false]);
    }
    const sent = replica.pulls.registers;
    await placed.run(300_000);
    // What can be sent of a shard comes less and less often, in vain as it is.
    expect(replica.pulls.registers - sent).toBeLessThan(6 * rest.length);
    placed.heal([1], [0, 2]);
    await placed.run(30_000);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 2, keyOf(i))).toBe(VALUE + i);
  });

  it("are sent to a newcomer as soon as somebody gives them again, however long nobody did", async () => {
    const { placed, ghosts } = await newcomer("given-again");
    await placed.run(200_000);
    placed.heal([1], [0]);
    await placed.run(20_000);
    for (const key of ghosts) expect(await read(placed, 2, key)).toBe(await read(placed, 1, key));
  });

  it("are refused, not absent, while whoever has them is out of reach; all others are served", async () => {
    const placed = await started("cut", [SMALL, LARGE]);
    await fill(placed);
    const ghosts = ghostsOf(placed, 0);
    const there = keyOf(Array.from({ length: COUNT }, (_, i) => i).find((i) => !ghosts.includes(keyOf(i))) as number);
    placed.cut([0], [1]);
    await placed.run(500);
    for (const wait of [500, 15_000]) {
      await placed.run(wait);
      expect(await read(placed, 0, ghosts[0] as string)).toBe("NOT_READY");
      expect(await read(placed, 0, there)).toBe(VALUE + there.slice(1));
    }
    placed.heal([0], [1]);
    await placed.run(10_000);
    for (const key of ghosts) expect(await read(placed, 0, key)).toBe(VALUE + key.slice(1));
    expect(evictedBy(placed, 0) + evictedBy(placed, 1)).toBe(0);
  });

  it("are absent once whoever had them is known to have gone for good, and their registers go soon", async () => {
    const placed = await started("gone", [SMALL, LARGE]);
    await fill(placed);
    const ghosts = ghostsOf(placed, 0);
    placed.world.node(1).crash(false);
    await placed.run(2000);
    placed.world.node(1).start();
    await placed.run(5000);
    const first = ghosts.find((key) => isGhost(placed, 0, key)) ?? (ghosts[0] as string);
    expect(await read(placed, 0, first)).toBeUndefined();
    await placed.run(60_000);
    for (const node of [0, 1]) {
      for (const key of ghosts) expect(await read(placed, node, key)).toBeUndefined();
      const { keys } = await placed.do(placed.driver(node).keys({ prefix: "k" as Key, limit: 10_000 }));
      expect(keys.length).toBe(COUNT - ghosts.length);
    }
    expect(ghostsOf(placed, 0)).toEqual([]);
    const digests = await Promise.all([0, 1].map((node) => placed.driver(node).status()));
    expect(digests[0]?.digest).toBe(digests[1]?.digest);
  });

  /** Of three, one without the memory for all: a value that is with nobody but its keeper, which is named. */
  async function onlyWithKeeper(seed: string, more: Partial<ReplicaSettings>) {
    const replica = (node: number) => ({ memoryBytesMax: node === 0 ? SMALL : LARGE, displaceMs: 15_000, ...more });
    const placed = await started(seed, [SMALL, LARGE, LARGE], { replica });
    await fill(placed, { nodes: [0, 1, 2] });
    const { replica: small } = placed.driver(0);
    const key = ghostsOf(placed, 0)[0] as string;
    const keeper = Number(keeperOf(small, small.shardOfKey(key as Key).id)?.slice(1, 2));
    const other = 3 - keeper;
    const { shard, slot } = placeOf(placed, other, key);
    shard.values.letGo(slot);
    return { placed, key, keeper, others: [0, other] };
  }

  it("are absent while whoever had them has been away long enough to lose its place, and are there again when it is", async () => {
    const { placed, key, keeper, others } = await onlyWithKeeper("away", {});
    placed.cut([keeper], others);
    await placed.run(8000);
    for (const node of others) expect(await read(placed, node, key)).toBe("NOT_READY");
    await placed.run(60_000);
    for (const node of others) {
      expect(await read(placed, node, key)).toBeUndefined();
      expect(isGhost(placed, node, key)).toBe(true);
      expect(placed.driver(node).replica.orphans.deleted).toBe(0);
    }
    placed.heal([keeper], others);
    await placed.run(20_000);
    for (const node of [keeper, ...others]) expect(await read(placed, node, key)).toBe(VALUE + key.slice(1));
  });

  it("go, registers included, once whoever had them was given up after the retention", async () => {
    const { placed, key, keeper, others } = await onlyWithKeeper("given-up", { retentionMs: 60_000 });
    placed.world.node(keeper).crash(false);
    await placed.run(120_000);
    for (const node of others) {
      expect(await read(placed, node, key)).toBeUndefined();
      expect(isGhost(placed, node, key)).toBe(false);
    }
    const deleted = others.map((node) => placed.driver(node).replica.orphans.deleted);
    expect(Math.max(...deleted)).toBeGreaterThan(0);
  });

  it("are sent again to whoever begins anew, which has dropped its ghosts with its claims (G6)", async () => {
    const placed = await started("anew", [SMALL, LARGE]);
    await fill(placed);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    const { replica } = placed.driver(0);
    replica.quarantine({ reason: "closed life", knownLife: replica.life }, placed.world.node(0).clockTime);
    expect(ghostsOf(placed, 0)).toEqual([]);
    await placed.run(30_000);
    expect(replica.shards.all.every(({ isSettled }) => isSettled)).toBe(true);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 0, keyOf(i))).toBe(VALUE + i);
  });

  it("are dropped where they are in doubt and gone, so that the doubt ends", async () => {
    const placed = await started("in-doubt", [SMALL, LARGE]);
    await fill(placed);
    const ghosts = ghostsOf(placed, 0);
    expect(ghosts.length).toBeGreaterThan(COUNT / 8);
    placed.world.node(1).crash(false);
    await placed.run(2000);
    placed.world.node(1).start();
    await placed.run(2000);
    const { replica } = placed.driver(0);
    for (const shard of replica.shards) {
      replica.pulls.abandon(shard.id);
      shard.quarantine.distrust({ serve: true, isWhole: true });
    }
    await placed.run(30_000);
    expect(replica.shards.all.filter(({ isSettled }) => !isSettled)).toEqual([]);
    for (const node of [0, 1]) for (const key of ghosts) expect(await read(placed, node, key)).toBeUndefined();
    const digests = await Promise.all([0, 1].map((node) => placed.driver(node).status()));
    expect(digests[0]?.digest).toBe(digests[1]?.digest);
  });

  it("are fetched by whoever becomes the keeper, as long as it would not lend itself: nothing goes for good", async () => {
    const placed = await started("home", [SMALL, LARGE, LARGE]);
    await fill(placed, { to: 900, nodes: [0, 1, 2] });
    const before = ghostsOf(placed, 0).length;
    placed.world.node(1).crash(false);
    await placed.run(30_000);
    expect(before).toBeGreaterThan(ghostsOf(placed, 0).length);
    expect(usedBy(placed, 0)).toBeLessThan(SMALL * 0.9);
    expect([evictedBy(placed, 0), evictedBy(placed, 2)]).toEqual([0, 0]);
  });

  it("are fetched by the keeper tick by tick", async () => {
    const placed = await started("ticks", [LARGE, LARGE]);
    await fill(placed);
    const { replica } = placed.driver(0);
    for (let i = 0; i < COUNT; i++) {
      const { shard, slot } = placeOf(placed, 0, keyOf(i));
      if (keeperOf(replica, shard.id) === replica.id) shard.values.letGo(slot);
    }
    // Of 64 each, of 50 ms: far less than what housekeeping alone would come to.
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(3 * 64);
    await placed.run(450);
    expect(ghostsOf(placed, 0)).toEqual([]);
  });

  it("go to a replica with a disk where there is one, whatever the order, once they are on it", async () => {
    const placed = await started("disk", [SMALL, LARGE], { durable: (node) => node === 1 });
    const { replica } = placed.driver(0);
    const disk = placed.driver(1).replica.id;
    for (const { id } of replica.shards.in(DEFAULT_SPACE)) expect(keeperOf(replica, id)).toBe(disk);
    const early = Array.from({ length: 20 }, (_, i) => `early${i}`);
    for (const key of early) await put(placed, 0, key, VALUE);
    await placed.run(1000);
    await put(placed, 0, "new", VALUE);
    await placed.run(10);
    const keeper = answers(placed, 1);
    const version = versionOf(placed, 0, "new");
    placed.world.node(1).disk.slowDown(1000);
    await put(placed, 0, "newer", VALUE);
    await placed.run(10);
    expect(keeper.keep(replica.id, [versionOf(placed, 0, "newer")])).toEqual([]);
    // What is being written says nothing of other shards.
    const written = ["new", "newer"].map((key) => replica.shardOfKey(key as Key));
    const others = early.filter((key) => !written.includes(replica.shardOfKey(key as Key)));
    for (let ms = 0; !keeper.replica.persistence.isUnderWay; ms++) {
      expect(ms).toBeLessThan(100);
      await placed.run(1);
    }
    expect(keeper.keep(replica.id, [versionOf(placed, 0, "newer")])).toEqual([]);
    expect(keeper.keep(replica.id, [versionOf(placed, 0, others[0] as string)])).toEqual([0]);
    placed.world.node(1).disk.speedUp();
    await placed.run(10_000);
    expect(keeper.keep(replica.id, [version, versionOf(placed, 0, "newer")])).toEqual([0, 1]);
    await fill(placed);
    expect(usedBy(placed, 0)).toBeLessThan(SMALL * 0.8);
    expect(evictedBy(placed, 0)).toBe(0);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 0, keyOf(i))).toBe(VALUE + i);
  });
});

describe("who is asked to keep a value", () => {
  it("says yes to the very version that it holds with its value, and to nothing else (G1)", async () => {
    const placed = await started("yes", [SMALL, LARGE]);
    await fill(placed);
    const ghost = ghostsOf(placed, 0)[0] as string;
    const other = placed.driver(0).replica.id;
    const version = versionOf(placed, 1, ghost);
    const keeper = answers(placed, 1);
    const wrong = [
      { ...version, timestamp: (version.timestamp + 1) as VersionFacts["timestamp"] },
      { ...version, sequence: version.sequence + 1 },
      { ...version, checksum: version.checksum ^ 1 },
      { ...version, key: "unknown" as Key },
      { ...version, shard: 77 as VersionFacts["shard"] },
    ];
    expect(keeper.keep(other, [...wrong, version, ...wrong])).toEqual([wrong.length]);
    const holder = answers(placed, 0);
    expect(holder.keep(placed.driver(1).replica.id, [version])).toEqual([]);
  });

  it("may say no for a while: nothing goes for good before the last mark", async () => {
    const placed = await started("unwilling", [SMALL, LARGE]);
    const { replica } = placed.driver(1);
    replica.ghosts.receiveKeep = (peer, { question }) =>
      replica.send(peer, { type: "kept", question, places: [], isWhole: true, noRoom: [], isGoing: false });
    // Above the second mark, and below the last one.
    for (let i = 0; usedBy(placed, 0) < SMALL * 0.85 * 1.09; i++) {
      await put(placed, 1, keyOf(i), VALUE);
      await placed.run(10);
    }
    await placed.run(5000);
    expect([ghostsOf(placed, 0).length, evictedBy(placed, 0), evictedBy(placed, 1)]).toEqual([0, 0, 0]);
  });

  it("says no while it asks the same itself (G2), and while it leaves", async () => {
    const placed = await started("both", [LARGE, LARGE]);
    await fill(placed, { to: 20 });
    const [one, other] = [answers(placed, 0), answers(placed, 1)];
    const key = Array.from({ length: 20 }, (_, i) => keyOf(i)).find(
      (each) => keeperOf(one.replica, one.replica.shardOfKey(each as Key).id) !== one.replica.id,
    ) as string;
    const version = versionOf(placed, 0, key);
    expect(one.keep(other.replica.id, [version])).toEqual([0]);
    const { shard, slot } = placeOf(placed, 0, key);
    one.replica.ghosts.tick(placed.world.node(0).clockTime);
    expect(one.replica.ghosts.mayOffer(shard)).toBe(true);
    one.replica.ghosts.offer(shard, slot);
    expect(one.keep(other.replica.id, [version])).toEqual([]);
    one.replica.ghosts.linkDown(other.replica.id);
    expect(one.keep(other.replica.id, [version])).toEqual([0]);
    other.replica.departure.begin();
    expect(other.keep(one.replica.id, [version])).toEqual([]);
  });

  it("is not obeyed where the value was written meanwhile (G3), nor too late", async () => {
    const placed = await started("late", [LARGE, LARGE]);
    await fill(placed, { to: 20 });
    const { replica, said } = answers(placed, 0);
    const keys = Array.from({ length: 20 }, (_, i) => keyOf(i)).filter(
      (each) => keeperOf(replica, replica.shardOfKey(each as Key).id) !== replica.id,
    );
    const [changed, left, late] = keys as [string, string, string];
    const offer = (key: string) => {
      const { shard, slot } = placeOf(placed, 0, key);
      expect(replica.ghosts.mayOffer(shard)).toBe(true);
      replica.ghosts.offer(shard, slot);
    };
    const now = placed.world.node(0).clockTime;
    replica.ghosts.tick(now);
    offer(changed);
    offer(left);
    replica.ghosts.flush();
    const keeper = placed.driver(1).replica.id;
    const question = said.findLast((message) => message.type === "keep");
    if (question?.type !== "keep") throw new Error("nothing was asked");
    replica
      .shardOfKey(changed as Key)
      .write({ kind: KIND_PLAIN, key: changed as Key, value: new Uint8Array(100) }, now);
    replica.ghosts.receiveKept(keeper, {
      type: "kept",
      question: question.question,
      places: [0, 1],
      isWhole: true,
      noRoom: [],
      isGoing: false,
    });
    expect([isGhost(placed, 0, changed), isGhost(placed, 0, left)]).toEqual([false, true]);
    offer(late);
    replica.ghosts.flush();
    replica.ghosts.tick(now + 6000);
    replica.ghosts.receiveKept(keeper, {
      type: "kept",
      question: question.question + 1,
      places: [0],
      isWhole: true,
      noRoom: [],
      isGoing: false,
    });
    expect([isGhost(placed, 0, late), replica.ghosts.offers]).toEqual([false, 0]);
  });
});
