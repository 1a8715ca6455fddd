/** Numbers that go for good where there is no disk and memory is spent: also those that nothing but additions make, as wholes. */

import { expect, it } from "vitest";
import { CommandWorld } from "../support/command-world.ts";

const COUNT = 3000;
const nameOf = (i: number) => `visits-of-the-page-with-a-long-name-${i}`;

async function started(seed: string, memoryBytesMax: number): Promise<CommandWorld> {
  const settings = { replication: "all" } as const;
  const world = new CommandWorld({
    seed,
    regions: ["eu", "eu"],
    settings,
    replica: { memoryBytesMax },
    durable: false,
  });
  await world.begin();
  return world;
}

async function shown(world: CommandWorld, node: number, count: number): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) all.push(await world.at(node).do(`get ${nameOf(i)}`));
  return all;
}

it("go, those first that nobody adds to, are gone everywhere, and begin anew", async () => {
  const world = await started("counters", 300_000);
  let refused = 0;
  for (let i = 0; i < COUNT; i++) {
    if ((await world.at(i % 2).do(`incrby ${nameOf(i)} 7`)) !== 7) refused++;
    if (i % 10 === 0) await world.at(0).do("incr hot");
    if (i % 10 === 0) await world.run(50);
  }
  await world.run(5000);
  expect(refused).toBe(0);
  const left = await shown(world, 0, COUNT);
  expect(await shown(world, 1, COUNT)).toEqual(left);
  const gone = left.flatMap((value, i) => (value === null ? [i] : []));
  expect(gone.length).toBeGreaterThan(COUNT / 4);
  expect(left.filter((value) => value === "7").length).toBe(COUNT - gone.length);
  expect(COUNT - gone.length).toBeGreaterThan(COUNT / 10);
  expect(await world.at(1).do("get hot")).toBe(`${COUNT / 10}`);
  const [first] = gone;
  expect(await world.at(0).do(`incr ${nameOf(first as number)}`)).toBe(1);
  expect(await world.at(1).do(`incrby ${nameOf(first as number)} 2`)).toSatisfy((value) => value === 2 || value === 3);
  await world.run(1000);
  for (const node of [0, 1]) expect(await world.at(node).do(`get ${nameOf(first as number)}`)).toBe("3");
});

it("go with all that several replicas added, and what is added elsewhere meanwhile counts alone", async () => {
  const world = await started("wholes", 120_000);
  const count = 150;
  for (let i = 0; i < count; i++) {
    // Every third has a value of its own besides.
    if (i % 3 === 0) await world.at(0).do(`set ${nameOf(i)} 100`);
    await world.at(0).do(`incrby ${nameOf(i)} 1`);
    await world.at(1).do(`incrby ${nameOf(i)} 2`);
    if (i % 10 === 0) await world.run(50);
  }
  await world.run(1000);
  world.cut([0], [1]);
  await world.run(10_000);
  for (let i = 0; i < count; i++) await world.at(1).do(`incrby ${nameOf(i)} 4`);
  for (let i = count; i < 800; i++) {
    await world.at(0).do(`incrby ${nameOf(i)} 7`);
    if (i % 10 === 0) await world.run(50);
  }
  const gone = (await shown(world, 0, count)).map((value) => value === null);
  expect(gone.filter((each) => each).length).toBeGreaterThan(20);
  world.heal([0], [1]);
  await world.run(10_000);
  const left = await shown(world, 0, count);
  expect(await shown(world, 1, count)).toEqual(left);
  const sums = left.map((value, i) => (value === null ? 0 : Number(value) - (i % 3 === 0 && !gone[i] ? 100 : 0)));
  // Once it is seen it goes with the others.
  const isAsItWas = (sum: number, i: number) => sum === 0 || sum === (gone[i] ? 4 : 7);
  expect(sums.filter((sum, i) => !isAsItWas(sum, i))).toEqual([]);
  expect(sums.filter((sum, i) => gone[i] && sum === 4).length).toBeGreaterThan(5);
});
