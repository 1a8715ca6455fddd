/** Keys of collections are listed once, however many members there are, and which of them are left. */

import { expect, test } from "vitest";
import { collectParts } from "../../src/core/shard/listed-slots.ts";
import { commandLines } from "../support/command-lines.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

test("a key is listed once and counted once, whatever lies under it, and visits of a page do not go by members", async () => {
  const placed = new PlacedWorld({ seed: "listed", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const run = commandLines(placed, 0);
  const expected: string[] = [];
  for (let i = 0; i < 60; i++) {
    expected.push(`h${i}`, `s${i}`, `t${i}`);
    const members = Array.from({ length: i % 7 === 0 ? 100 : 3 }, (_, j) => `m${j}`);
    run(`hset h${i} ${members.map((member) => `${member} v`).join(" ")}`);
    run(`sadd s${i} ${members.join(" ")}`);
    run(`set t${i} v`);
    run(`sadd gone${i} a`);
    run(`srem gone${i} a`);
  }
  expect(run("dbsize")).toBe(expected.length);
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = run(`scan ${cursor} count 7`) as [string, string[]];
    found.push(...keys);
    cursor = next;
  } while (cursor !== "0");
  expect(found.sort()).toEqual(expected.sort());
  const slots: number[] = [];
  for (const shard of placed.driver(0).replica.shards.in(SPACE)) collectParts(shard, 0, 16, slots);
  expect(slots.length).toBe(expected.length);
});

test("a hash whose first field has expired, and has not been swept, is listed for the others", async () => {
  const placed = new PlacedWorld({ seed: "listed-expired", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const run = commandLines(placed, 0);
  run("hset h a 1 b 2 c 3");
  const [first = ""] = run("hkeys h") as string[];
  run(`hpexpire h 1 fields 1 ${first}`);
  await placed.run(2);
  expect(run("scan 0 count 100")).toEqual(["0", ["h"]]);
  expect(run("dbsize")).toBe(1);
  expect(run("randomkey")).toBe("h");
  expect(run("hkeys h")).toHaveLength(2);
});
