/** Numbers that go for good where there is no disk and memory is spent: also those that nothing but additions make. */

import { expect, it } from "vitest";
import { CommandWorld } from "../support/command-world.ts";

const COUNT = 3000;
const nameOf = (i: number) => `visits-of-the-page-with-a-long-name-${i}`;

it("go, those first that nobody adds to, are gone everywhere, and begin anew", async () => {
  const settings = { replication: "all" } as const;
  const replica = { memoryBytesMax: 300_000 };
  const world = new CommandWorld({ seed: "counters", regions: ["eu", "eu"], settings, replica, durable: false });
  await world.begin();
  let refused = 0;
  for (let i = 0; i < COUNT; i++) {
    if ((await world.at(i % 2).do(`incrby ${nameOf(i)} 7`)) !== 7) refused++;
    if (i % 10 === 0) await world.at(0).do("incr hot");
    if (i % 10 === 0) await world.run(50);
  }
  await world.run(5000);
  expect(refused).toBe(0);
  const shown = async (node: number) => {
    const all: unknown[] = [];
    for (let i = 0; i < COUNT; i++) all.push(await world.at(node).do(`get ${nameOf(i)}`));
    return all;
  };
  const left = await shown(0);
  expect(await shown(1)).toEqual(left);
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
