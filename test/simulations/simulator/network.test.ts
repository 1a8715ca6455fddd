import { describe, expect, it } from "vitest";
import type { NetworkSettings } from "../../../simulations/simulator/network.ts";
import type { PathQuality } from "../../../simulations/simulator/paths.ts";
import type { World } from "../../../simulations/simulator/world.ts";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { CALM, createBareWorld, idOf, Listener } from "./bench-world.ts";

async function createPair(
  options: { quality?: PathQuality; seed?: string; network?: Partial<NetworkSettings> } = {},
): Promise<[World, Listener, Listener]> {
  const world = createBareWorld(options);
  const a = new Listener(world, 0);
  const b = new Listener(world, 1);
  a.endpoint.connect(["r1:1"]);
  b.endpoint.connect(["r0:1"]);
  await world.run(500);
  return [world, a, b];
}

function cutBoth(world: World): void {
  world.network.cut(0, 1);
  world.network.cut(1, 0);
}

function healBoth(world: World): void {
  world.network.heal(0, 1);
  world.network.heal(1, 0);
}

const LOSSY: PathQuality = { latencyMs: 20, jitterMs: 30, loss: 0.2, bytesPerMs: 100 };

describe("simulated network", () => {
  it("brings up one link for a pair of which both dial, whatever crosses", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const [, a, b] = await createPair({ seed: String(seed), quality: { ...CALM, jitterMs: 40 } });
      expect([a.links.size, b.links.size]).toEqual([1, 1]);
    }
  });

  it("delivers what either end says the moment its link comes up", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const world = createBareWorld({ seed: String(seed), quality: { ...CALM, jitterMs: seed % 2 } });
      const [a, b] = [new Listener(world, 0), new Listener(world, 1)];
      a.greeting = 1;
      b.greeting = 2;
      a.endpoint.connect(["r1:1"]);
      await world.run(500);
      expect([a.numbersFrom(1), b.numbersFrom(0)]).toEqual([[2], [1]]);
    }
  });

  it("delivers in order and exactly once while a link lives, whatever is lost on the way", async () => {
    const [world, a, b] = await createPair({ quality: LOSSY });
    for (let i = 0; i < 500; i++) {
      a.say(1, i);
      await world.run(world.now + 1);
    }
    await world.run(world.now + 60_000);
    expect(b.numbersFrom(0)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it("holds frames back during a short cut and delivers them after it, on the same link", async () => {
    const [world, a, b] = await createPair();
    cutBoth(world);
    for (let i = 0; i < 10; i++) a.say(1, i);
    await world.run(world.now + 1000);
    expect(b.heard).toEqual([]);
    healBoth(world);
    await world.run(world.now + 5000);
    expect(b.numbersFrom(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(b.downs).toEqual([]);
  });

  it("takes a link down at both ends when a path stays cut, one way or both, and brings up another after the heal", async () => {
    for (const isOneWay of [false, true]) {
      const [world, a, b] = await createPair();
      world.network.cut(0, 1);
      if (!isOneWay) world.network.cut(1, 0);
      await world.run(world.now + 12_000);
      expect([a.links.size, b.links.size]).toEqual([0, 0]);
      world.network.heal(0, 1);
      if (!isOneWay) world.network.heal(1, 0);
      await world.run(world.now + 5000);
      expect([a.links.size, b.links.size]).toEqual([1, 1]);
    }
  });

  it("lets one side learn late of a broken link, and replaces the old link when the other redials first", async () => {
    const [world, a, b] = await createPair();
    const before = [a.downs.length, b.downs.length];
    world.network.breakLink(0, 1, 3000);
    expect([a.links.size, b.links.size]).toEqual([0, 1]);
    await world.run(world.now + 10_000);
    expect([a.links.size, b.links.size]).toEqual([1, 1]);
    expect([a.downs.length, b.downs.length]).toEqual(before.map((downs) => downs + 1));
  });

  it("delivers a prefix of what a crashed process had sent, and nothing of its old links once it is back", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const [world, a, b] = await createPair({ seed: String(seed) });
      for (let i = 0; i < 10; i++) a.say(1, i);
      a.owner.ended = true;
      world.network.crashed(a.endpoint, seed % 2 === 0);
      const again = new Listener(world, 0, 2);
      again.endpoint.connect(["r1:1"]);
      await world.run(world.now + 10_000);
      again.say(1, 99);
      await world.run(world.now + 1000);
      const numbers = b.numbersFrom(0);
      expect(numbers.at(-1)).toBe(99);
      expect(numbers.slice(0, -1)).toEqual(Array.from({ length: numbers.length - 1 }, (_, i) => i));
      expect(b.links.size).toBe(1);
    }
  });

  it("delivers a late copy on whatever link there then is to the same replica, and to no other in its place", async () => {
    for (const { id, heard } of [
      { id: idOf(1), heard: [7] },
      { id: "another" as ReplicaId, heard: [] },
    ]) {
      const [world, a, b] = await createPair();
      world.network.copyLate({ from: 0, to: 1, lateMs: 3000, isOnlyCopy: true });
      a.say(1, 7, true);
      b.owner.ended = true;
      world.network.crashed(b.endpoint, true);
      const again = new Listener(world, 1, 2, id);
      again.endpoint.connect(["r0:1"]);
      await world.run(world.now + 10_000);
      expect(again.links.size).toBe(1);
      expect(again.numbersFrom(0)).toEqual(heard);
    }
  });

  it("leaves out droppable frames, and only those, when the queue is full", async () => {
    const [world, a, b] = await createPair();
    cutBoth(world);
    const frame = new Uint8Array(64 * 1024);
    const link = a.links.get(idOf(1)) ?? 0;
    for (let i = 0; i < 100; i++) a.endpoint.send(link, frame, true);
    expect(a.endpoint.queuedBytes(link)).toBeLessThanOrEqual(world.network.settings.queueBytesMax);
    const queued = a.endpoint.queuedBytes(link) / frame.length;
    a.endpoint.send(link, frame, false);
    healBoth(world);
    await world.run(world.now + 3000);
    expect(b.heard.length).toBe(queued + 1);
  });

  it("gives a link up over a queue that would go beyond its bound", async () => {
    const settings = { queueBytesMax: 1000, queueBytesHardMax: 2000, messageBytesMax: 500 };
    const [world, a, b] = await createPair({ network: settings });
    cutBoth(world);
    const link = a.links.get(idOf(1)) ?? 0;
    for (let i = 0; i < 20; i++) {
      a.endpoint.send(link, new Uint8Array(499), false);
      expect(a.endpoint.queuedBytes(link)).toBeLessThanOrEqual(a.endpoint.queueBytesMax);
    }
    expect(a.endpoint.queuedBytes(link)).toBe(5 * 499);
    await world.run(world.now + 1);
    expect(a.downs.at(-1)).toBe("queue over its bound");
    expect([a.links.size, b.links.size]).toEqual([0, 1]);
  });

  it("keeps to a bandwidth", async () => {
    const [world, a, b] = await createPair({ quality: { ...CALM, bytesPerMs: 2 } });
    for (let i = 0; i < 100; i++) a.say(1, i);
    expect(a.endpoint.queuedBytes(a.links.get(idOf(1)) ?? 0)).toBe(200);
    await world.run(world.now + 60);
    expect(b.heard.length).toBeGreaterThan(20);
    expect(b.heard.length).toBeLessThan(60);
  });

  it("dials more and more rarely where each link goes down at once, and at once where one lasted", async () => {
    const world = createBareWorld({ network: { redialMaxMs: 10_000 } });
    const [a] = [new Listener(world, 0), new Listener(world, 1)];
    let ups = 0;
    let isBad = true;
    a.up = (link) => {
      ups++;
      if (isBad) a.endpoint.close(link, "PEER_BAD_FRAME", "a test");
    };
    a.down = () => {};
    a.endpoint.connect(["r1:1"]);
    await world.run(60_000);
    expect(ups).toBeGreaterThan(5);
    expect(ups).toBeLessThan(30);
    isBad = false;
    await world.run(120_000);
    world.network.breakLink(0, 1, 0);
    const before = ups;
    await world.run(121_000);
    expect(ups).toBe(before + 1);
  });

  it("carries what is queued at the rate that the path has now", async () => {
    const [world, a, b] = await createPair({ quality: { ...CALM, bytesPerMs: 0.01 } });
    for (let i = 0; i < 100; i++) a.say(1, i);
    await world.run(world.now + 1000);
    expect(b.heard.length).toBeLessThan(6);
    const link = a.links.get(idOf(1)) ?? 0;
    world.network.setQuality(0, 1, { ...CALM, bytesPerMs: 1 });
    expect(a.endpoint.queuedBytes(link)).toBeGreaterThan(185);
    await world.run(world.now + 100);
    expect(b.heard.length).toBeGreaterThan(30);
    expect(b.heard.length).toBeLessThan(60);
    world.network.setQuality(0, 1, CALM);
    await world.run(world.now + 100);
    expect(b.numbersFrom(0)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(a.endpoint.queuedBytes(link)).toBe(0);
  });

  it("carries what is queued at that rate too when the path was cut while it changed", async () => {
    const [world, a, b] = await createPair({ quality: { ...CALM, bytesPerMs: 0.0001 } });
    for (let i = 0; i < 10; i++) a.say(1, i);
    await world.run(world.now + 100);
    world.network.cut(0, 1);
    world.network.setQuality(0, 1, CALM);
    await world.run(world.now + 100);
    world.network.heal(0, 1);
    await world.run(world.now + 3000);
    expect(b.numbersFrom(0)).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  it("has no link with a blocked replica until it is welcome again", async () => {
    const [world, a, b] = await createPair();
    a.endpoint.block([idOf(1)]);
    await world.run(world.now + 5000);
    expect([a.links.size, b.links.size]).toEqual([0, 0]);
    a.endpoint.block([]);
    await world.run(world.now + 5000);
    expect([a.links.size, b.links.size]).toEqual([1, 1]);
  });

  it("refuses another cluster", async () => {
    const world = createBareWorld({});
    const a = new Listener(world, 0);
    const b = new Listener(world, 1);
    Object.assign(b.endpoint.facts, { cluster: "other" });
    a.endpoint.connect(["r1:1"]);
    await world.run(1000);
    expect(a.links.size + b.links.size).toBe(0);
    expect(a.refusals).toContain("PEER_OTHER_CLUSTER");
  });

  it("repeats and reorders droppable frames in datagram mode, across a reconnect too, and no others", async () => {
    const [world, a, b] = await createPair();
    world.network.datagram = { duplicate: 0.3, reorder: 0.3, lateMs: 2000 };
    for (let i = 0; i < 200; i++) a.say(1, i, i % 2 === 0);
    await world.run(world.now + 500);
    world.network.breakLink(0, 1, 0);
    await world.run(world.now + 30_000);
    const droppable = b.numbersFrom(0).filter((number) => number % 2 === 0);
    const lawful = b.numbersFrom(0).filter((number) => number % 2 === 1);
    expect(droppable.length).toBeGreaterThan(110);
    expect(new Set(droppable).size).toBeLessThan(droppable.length);
    expect(droppable).not.toEqual(droppable.toSorted((x, y) => x - y));
    expect(lawful).toEqual(Array.from({ length: 100 }, (_, i) => 2 * i + 1));
    expect(new Set(b.heard.map((frame) => frame.link)).size).toBe(2);
  });

  it("waits for a paused process and then delivers everything in order", async () => {
    const [world, a, b] = await createPair();
    b.owner.pausedUntil = world.now + 3000;
    for (let i = 0; i < 5; i++) a.say(1, i);
    await world.run(world.now + 2000);
    expect(b.heard).toEqual([]);
    await world.run(world.now + 2000);
    expect(b.numbersFrom(0)).toEqual([0, 1, 2, 3, 4]);
  });

  it("calls it a bug when a frame is changed after it was sent", async () => {
    const [world, a] = await createPair();
    const frame = Uint8Array.of(1, 2);
    a.endpoint.send(a.links.get(idOf(1)) ?? 0, frame, false);
    frame[0] = 9;
    await world.run(world.now + 100);
    expect(world.breakdowns[0]?.error.message).toContain("BUG: a frame was changed");
  });

  it("gives the same trace for the same seed, in either way of draining, and another for another", async () => {
    const run = async (seed: string): Promise<string> => {
      const [world, a, b] = await createPair({ seed, quality: LOSSY });
      for (let i = 0; i < 100; i++) (i % 2 === 0 ? a : b).say(i % 2 === 0 ? 1 : 0, i);
      await world.run(5000);
      return world.trace.hash();
    };
    expect(await run("x")).toBe(await run("x"));
    expect(await run("x")).not.toBe(await run("y"));
  });
});
