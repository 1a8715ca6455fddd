import { expect, test } from "vitest";
import { randomKeyOf } from "../../../src/commands/here/random-key.ts";
import { commandLines } from "../../support/command-lines.ts";
import { PlacedWorld, SPACE } from "../../support/placed-world.ts";

test("of collections of many members a key is found without a look at each of them, and none where there is none", async () => {
  const placed = new PlacedWorld({ seed: "random", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const run = commandLines(placed, 0);
  expect(run("randomkey")).toBeUndefined();
  const members = Array.from({ length: 3000 }, (_, i) => `m${i}`).join(" ");
  for (const key of ["a", "b", "c"]) run(`sadd ${key} ${members}`);
  const drawn = new Set(Array.from({ length: 60 }, () => run("randomkey")));
  expect([...drawn].sort()).toEqual(["a", "b", "c"]);
  const { shards } = placed.driver(0).replica;
  let looked = 0;
  let drawing = 7;
  const random = (): number => {
    drawing = (Math.imul(drawing, 1664525) + 1013904223) >>> 0;
    return drawing;
  };
  const none = (): undefined => {
    looked++;
    return undefined;
  };
  expect(["a", "b", "c"]).toContain(randomKeyOf([...shards.in(SPACE)], random, placed.world.now, none));
  expect(looked).toBeLessThanOrEqual(128);
});
