/** Values that others may have only ghosts of, when a replica goes. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { keeperOf } from "../../src/cluster/keeper.ts";
import {
  answers,
  COUNT,
  fill,
  ghostsOf,
  keyOf,
  LARGE,
  put,
  read,
  SMALL,
  started,
  VALUE,
} from "../support/ghost-world.ts";

describe("values of a replica that goes", () => {
  it("are given to whoever has only ghosts of them before a replica leaves", async () => {
    const placed = await started("leaves", [2 * SMALL, LARGE]);
    for (const node of [0]) placed.driver(node).setMemoryBytes(SMALL);
    await fill(placed);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    placed.driver(0).setMemoryBytes(LARGE);
    const leaving = placed.driver(1);
    leaving.leaveCluster();
    for (const until = placed.world.now + 120_000; !leaving.replica.departure.hasHandedOver; await placed.run(100))
      expect(placed.world.now).toBeLessThan(until);
    expect(ghostsOf(placed, 0)).toEqual([]);
    placed.world.node(1).stop();
    await placed.run(20_000);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 0, keyOf(i))).toBe(VALUE + i);
  });

  it("are given to whoever has only ghosts of them before a replica stops, and is started again with nothing", async () => {
    const placed = await started("stops", [SMALL, LARGE]);
    await fill(placed);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    placed.driver(0).setMemoryBytes(LARGE);
    placed.world.node(1).stop();
    await placed.run(10_000);
    expect(placed.world.node(1).life).toBeUndefined();
    placed.world.node(1).start();
    await placed.run(10_000);
    for (const node of [0, 1]) {
      for (let i = 0; i < COUNT; i++) expect(await read(placed, node, keyOf(i))).toBe(VALUE + i);
    }
  });

  it("are given by two that stop at once to the one that stays, and not to each other", async () => {
    const placed = await started("both", [SMALL, LARGE, LARGE]);
    await fill(placed, { nodes: [0, 1, 2] });
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    placed.driver(0).setMemoryBytes(LARGE);
    for (const node of [1, 2]) placed.world.node(node).stop();
    await placed.run(10_000);
    for (const node of [1, 2]) expect(placed.world.node(node).life).toBeUndefined();
    expect(ghostsOf(placed, 0)).toEqual([]);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 0, keyOf(i))).toBe(VALUE + i);
  });

  it("are nobody's to wait for where all stop at once", async () => {
    const placed = await started("all", [SMALL, LARGE, LARGE]);
    await fill(placed);
    for (const node of [0, 1, 2]) placed.world.node(node).stop();
    await placed.run(1000);
    for (const node of [0, 1, 2]) expect(placed.world.node(node).life).toBeUndefined();
  });

  it("are enough with any who stays: the heir may have no room", async () => {
    const placed = await started("another", [SMALL, LARGE, LARGE]);
    await fill(placed);
    const { replica } = placed.driver(1);
    placed.world.node(1).stop();
    await placed.run(1500);
    expect([placed.world.node(1).life, replica.bequest.left, replica.bequest.lost]).toEqual([undefined, 0, 0]);
    for (let i = 0; i < COUNT; i++) expect(await read(placed, 0, keyOf(i))).toBe(VALUE + i);
  });

  it("wait for whoever is alive, though no link to it is up at the moment", async () => {
    const placed = await started("unlinked", [SMALL, LARGE]);
    await fill(placed);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    placed.driver(0).setMemoryBytes(LARGE);
    const { replica } = placed.driver(1);
    const isLinked = replica.isLinked.bind(replica);
    replica.isLinked = () => false;
    placed.world.node(1).stop();
    await placed.run(1000);
    expect([placed.world.node(1).life === undefined, ghostsOf(placed, 0).length > 0]).toEqual([false, true]);
    replica.isLinked = isLinked;
    await placed.run(3000);
    expect([placed.world.node(1).life, ghostsOf(placed, 0)]).toEqual([undefined, []]);
  });

  it("go where nobody has room, whether a replica stops or leaves (B4)", async () => {
    for (const way of ["stop", "leave"] as const) {
      const placed = await started(`no-room-${way}`, [SMALL, LARGE]);
      await fill(placed);
      expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
      const { replica } = placed.driver(1);
      if (way === "stop") placed.world.node(1).stop();
      else placed.driver(1).leaveCluster();
      await placed.run(way === "stop" ? 3000 : 30_000);
      expect([replica.bequest.left, replica.bequest.lost > 0]).toEqual([0, true]);
      if (way === "stop") expect(placed.world.node(1).life).toBeUndefined();
      else expect(replica.departure.hasHandedOver).toBe(true);
    }
  });

  it("are waited for only so long where nobody answers", async () => {
    const placed = await started("unanswered", [SMALL, LARGE]);
    await fill(placed);
    placed.driver(0).replica.ghosts.receiveKeep = () => {};
    placed.world.node(1).stop();
    await placed.run(3500);
    expect(placed.world.node(1).life).toBeDefined();
    await placed.run(1500);
    expect(placed.world.node(1).life).toBeUndefined();
  });

  it("are given again, to the next keeper, where the first one crashes while a replica leaves", async () => {
    const placed = await started("heir", [SMALL, LARGE, LARGE]);
    await fill(placed, { nodes: [0, 1, 2] });
    placed.driver(0).setMemoryBytes(LARGE);
    const { replica } = placed.driver(1);
    replica.departure.begin();
    await placed.run(5000);
    expect(replica.bequest.left).toBe(0);
    const ofOther = ghostsOf(placed, 0).filter(
      (key) => keeperOf(replica, replica.shardOfKey(key as Key).id) === placed.driver(2).replica.id,
    );
    const shardsOfOther = new Set(ofOther.map((key) => replica.shardOfKey(key as Key)));
    expect(shardsOfOther.size).toBeGreaterThan(0);
    // It is to be seen that they are waited for: nothing is fetched any more.
    placed.driver(0).replica.recalls.want = () => {};
    placed.world.node(2).crash(false);
    await placed.run(10_000);
    expect(ghostsOf(placed, 0)).toEqual(expect.arrayContaining(ofOther));
    expect([replica.bequest.left, replica.departure.mayGo()]).toEqual([shardsOfOther.size, false]);
  });

  it("are given, and the replica goes, though all shards are written to all the time", async () => {
    const placed = await started("busy", [SMALL, LARGE]);
    await fill(placed);
    expect(ghostsOf(placed, 0).length).toBeGreaterThan(COUNT / 8);
    placed.driver(0).setMemoryBytes(LARGE);
    const { replica } = placed.driver(1);
    replica.departure.begin();
    const { departure } = replica;
    for (let round = 0; !departure.hasHandedOver; round++) {
      expect(round).toBeLessThan(1000);
      await put(placed, 1, keyOf(round % COUNT), VALUE + round);
      await placed.run(10);
    }
    // Its own doors are shut by now, those of others are not.
    for (let round = 0; !departure.mayGo(); round++) {
      expect(round).toBeLessThan(1000);
      if (round % 20 === 0) await put(placed, 0, keyOf(round % COUNT), VALUE + round);
      await placed.run(10);
    }
    expect(ghostsOf(placed, 0)).toEqual([]);
  });

  it("are asked for one by one by nobody who leaves where there are no ghosts", async () => {
    const placed = await started("no-ghosts", [LARGE, LARGE]);
    await fill(placed);
    const { replica, said } = answers(placed, 1);
    replica.departure.begin();
    await placed.run(3000);
    expect([replica.departure.hasHandedOver, replica.departure.mayGo()]).toEqual([true, true]);
    const questions = said.flatMap((message) => (message.type === "keep" ? [message.versions.length] : []));
    expect(questions).toEqual([0]);
  });
});
