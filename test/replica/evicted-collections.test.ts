/** Collections that go for good where there is no disk and memory is spent. */

import { expect, it } from "vitest";
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
