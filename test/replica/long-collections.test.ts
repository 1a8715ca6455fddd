/** Deleting a long collection takes several turns, shows nothing of it meanwhile, and comes to the same everywhere. */

import { expect, test } from "vitest";
import { commandLines } from "../support/command-lines.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

const FIELDS = 6000;

test("a long hash is gone at once, falls in steps at every replica, and may be written anew meanwhile", async () => {
  const placed = new PlacedWorld({ seed: "long-collections", regions: ["eu", "eu"], settings: { replication: "all" } });
  await placed.begin();
  const [run, elsewhere] = [commandLines(placed, 0), commandLines(placed, 1)];
  for (let from = 0; from < FIELDS; from += 500) {
    const pairs = Array.from({ length: 500 }, (_, i) => `field${from + i} value${from + i}`);
    run(`hset h ${pairs.join(" ")}`);
    await placed.run(20);
  }
  await placed.run(2000);
  expect(elsewhere("hlen h")).toBe(FIELDS);
  const standing = (node: number) =>
    placed
      .driver(node)
      .replica.shards.in(SPACE)
      .reduce((sum, shard) => sum + shard.standing, 0);
  expect(run("del h")).toBe(1);
  expect(standing(0)).toBe(FIELDS);
  expect(run("exists h")).toBe(0);
  expect(run("hget h field7")).toBeUndefined();
  expect(run("dbsize")).toBe(0);
  expect(run("hset h field7 new")).toBe(1);
  await placed.run(5);
  expect(run("hgetall h")).toEqual(["field7", "new"]);
  expect(standing(0)).toBeGreaterThan(1);
  await placed.run(3000);
  for (const node of [0, 1]) expect(standing(node)).toBe(1);
  expect(elsewhere("hgetall h")).toEqual(["field7", "new"]);
  const fingerprints = [0, 1].map((node) =>
    placed
      .driver(node)
      .replica.shards.in(SPACE)
      .map(({ accounts: { fingerprint, sum } }) => [fingerprint.high, fingerprint.low, sum.high, sum.low]),
  );
  expect(fingerprints[1]).toEqual(fingerprints[0]);
});
