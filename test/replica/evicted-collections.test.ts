/** Collections that go for good where there is no disk and memory is spent. */

import { expect, it } from "vitest";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { spaceOf } from "../../src/base/shard-id.ts";
import { originAt, recordLength, sequenceAt } from "../../src/core/record/record.ts";
import { CommandWorld } from "../support/command-world.ts";

const MEMORY = 300_000;
const VALUE = "v".repeat(40);

async function started(seed: string, memoryBytesMax = MEMORY): Promise<CommandWorld> {
  const world = new CommandWorld({
    seed,
    regions: ["eu", "eu"],
    settings: { replication: "all" },
    replica: { memoryBytesMax },
    durable: false,
  });
  await world.begin();
  return world;
}

const fields = (count: number) => Array.from({ length: count }, (_, i) => `f${i} ${VALUE}`).join(" ");

/** Hashes of 20 fields under these numbers; true of those that were taken. */
async function fill(world: CommandWorld, [from, to]: readonly [number, number], meanwhile = async () => {}) {
  const refused: unknown[] = [];
  for (let i = from; i < to; i++) {
    const reply = await world.at(i % 2).do(`hset h${i} ${fields(20)}`);
    if (reply !== 20) refused.push(reply);
    if (i % 5 === 0) await world.run(60);
    if (i % 10 === 0) await meanwhile();
  }
  await world.run(5000);
  return refused;
}

const lengths = async (world: CommandWorld, node: number, count: number) => {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) all.push(await world.at(node).do(`hlen h${i}`));
  return all;
};

it("go as wholes, those first that nobody asked for, and are gone everywhere", async () => {
  const world = await started("cold");
  const count = 400;
  const refused = await fill(world, [0, count], async () => {
    for (const node of [0, 1]) for (const hot of [0, 1, 2]) await world.at(node).do(`hget h${hot} f7`);
  });
  expect(refused).toEqual([]);
  expect(world.driver(0).replica.residency?.measureLeast()).toBeLessThan(MEMORY);
  const left = await lengths(world, 0, count);
  expect(await lengths(world, 1, count)).toEqual(left);
  expect([...new Set(left)].sort()).toEqual([0, 20]);
  expect(left.slice(0, 3)).toEqual([20, 20, 20]);
  expect(left.filter((length) => length === 20).length).toBeGreaterThan(20);
});

it("count as gone while their members fall in steps, so that nothing else goes with them", async () => {
  const world = await started("falls", 10_000_000);
  for (let i = 0; i < 24_000; i += 1000) {
    await world.at(0).do(`sadd long ${Array.from({ length: 1000 }, (_, j) => `member-of-it-${i + j}`).join(" ")}`);
    await world.run(20);
  }
  await fill(world, [0, 50]);
  const { eviction, residency } = world.driver(0).replica;
  if (residency === undefined) throw new Error("memory has a bound");
  residency.bytesMax = Math.ceil(residency.measureLeast() / 0.85) + 1000;
  await world.run(61_000);
  expect(eviction.evicted).toBe(0);
  for (let i = 50; i < 250; i++) world.at(0).ask(`hset h${i} ${fields(20)}`);
  residency.measure();
  for (let step = 0; step < 5; step++) eviction.step(world.world.node(0).clockTime);
  // It was written to of late: a few that were not go before it.
  expect(eviction.evicted).toBeLessThan(10);
  await world.run(1000);
  expect(await world.at(1).do("scard long")).toBe(0);
  expect((await lengths(world, 1, 250)).filter((length) => length === 20).length).toBeGreaterThan(240);
});

it("leave what was added elsewhere meanwhile", async () => {
  const world = await started("added");
  await fill(world, [0, 30]);
  world.cut([0], [1]);
  await world.run(10_000);
  for (let i = 0; i < 30; i++) await world.at(1).do(`hset h${i} late 1`);
  for (let i = 30; i < 250; i++) {
    await world.at(0).do(`hset h${i} ${fields(20)}`);
    if (i % 5 === 0) await world.run(60);
  }
  const gone = (await lengths(world, 0, 30)).flatMap((length, i) => (length === 0 ? [i] : []));
  expect(gone.length).toBeGreaterThan(10);
  world.heal([0], [1]);
  await world.run(10_000);
  const keys = (await Promise.all(gone.map((i) => world.at(0).do(`hkeys h${i}`)))) as string[][];
  // Some went once more, with what was added.
  expect(keys.every((each) => each.length === 0 || each.join() === "late")).toBe(true);
  expect(keys.filter((each) => each.length === 1).length).toBeGreaterThan(3);
});

/** So many hashes of ten fields, one after the other, with something between every ten. */
async function flood(world: CommandWorld, count: number, meanwhile: (i: number) => Promise<unknown>): Promise<number> {
  let refused = 0;
  for (let i = 0; i < count; i++) {
    if ((await world.at(0).do(`hset flood${i} ${fields(10)}`)) !== 10) refused++;
    if (i % 10 === 0) await meanwhile(i);
    await world.run(10);
  }
  return refused;
}

async function alone(seed: string, memoryBytesMax: number): Promise<CommandWorld> {
  const settings = { replication: "all" } as const;
  const world = new CommandWorld({ seed, regions: ["eu"], settings, replica: { memoryBytesMax }, durable: false });
  await world.begin();
  return world;
}

it("are not those that are asked for again and again, small or large, however much is written", async () => {
  const world = await alone("hot", 1_500_000);
  for (let hot = 0; hot < 30; hot++) await world.at(0).do(`hset hot${hot} ${fields(10)}`);
  for (let i = 0; i < 2000; i += 500)
    await world.at(0).do(`sadd large ${Array.from({ length: 500 }, (_, j) => `member-of-it-${i + j}`).join(" ")}`);
  await flood(world, 2000, async () => {
    for (let hot = 0; hot < 30; hot++) await world.at(0).do(`hget hot${hot} f7`);
    await world.at(0).do("sismember large member-of-it-7");
  });
  expect(world.driver(0).replica.eviction.evicted).toBeGreaterThan(300);
  let left = 0;
  for (let hot = 0; hot < 30; hot++) left += Number(await world.at(0).do(`exists hot${hot}`));
  expect(left).toBe(30);
  expect(await world.at(0).do("scard large")).toBe(2000);
});

it("go on going while others delete long ones all the time", async () => {
  const world = await alone("churn", 2_000_000);
  const churn = async () => {
    world.at(0).ask(`hset churn ${fields(1500)}`);
    world.at(0).ask("del churn");
  };
  const refused = await flood(world, 1500, churn);
  expect(refused).toBeLessThan(50);
  expect(world.driver(0).replica.eviction.evicted).toBeGreaterThan(100);
});

it("go also where it was heard, behind a gap, that they are to end", async () => {
  const world = await started("lease");
  await fill(world, [0, 60]);
  world.cut([0], [1]);
  await world.run(200);
  const [here, there] = [world.driver(0).replica, world.driver(1).replica];
  for (let i = 0; i < 60; i++) {
    await world.at(1).do(`set gap${i} 1`);
    await world.at(1).do(`pexpire h${i} 100000000`);
  }
  let gaps = 0;
  for (const shard of there.shards) {
    for (const { lease } of shard.containers.all()) {
      if (lease === 0) continue;
      const [view, at] = [shard.table.viewOf(lease), shard.table.offsetOf(lease)];
      const copy = new Uint8Array(view.buffer, view.byteOffset + at, recordLength(view, at)).slice();
      const shardHere = here.shards.get(shard.id);
      shardHere?.applyPushed(new DataView(copy.buffer), copy, 0, copy.length, world.world.node(0).clockTime);
      if (shardHere?.vector.covers(originAt(view, at), sequenceAt(view, at)) === false) gaps++;
    }
  }
  expect(gaps).toBeGreaterThan(10);
  for (let i = 60; i < 300; i++) {
    await world.at(0).do(`hset h${i} ${fields(20)}`);
    if (i % 5 === 0) await world.run(60);
  }
  expect(here.eviction.evicted).toBeGreaterThan(20);
});

it("are not those that a command of several turns is under way with", async () => {
  const world = await alone("in use", 1_500_000);
  const members = (from: number) => Array.from({ length: 500 }, (_, j) => `m${from + j}`).join(" ");
  for (let i = 0; i < 6000; i += 500) await world.at(0).do(`sadd a ${members(i)}`);
  const { eviction, shards } = world.driver(0).replica;
  await world.at(0).do("rename a d");
  const space = spaceOf(shards.all.find(({ containers }) => containers.count > 0)?.id as ShardId);
  // Those that the gate of the commands of that keyspace holds.
  expect(eviction.keysInUse.get(space)?.size).toBe(0);
  eviction.keysInUse.set(space, new Map([["d" as Key, { until: Promise.resolve() }]]));
  await flood(world, 1500, async () => {});
  expect(eviction.evicted).toBeGreaterThan(100);
  expect(await world.at(0).do("scard d")).toBe(6000);
  eviction.keysInUse.delete(space);
  await flood(world, 1500, async () => {});
  expect(await world.at(0).do("scard d")).toBe(0);
});
