/** Values that nobody in reach has: what becomes of backups, and of those who are new, meanwhile. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { keeperOf } from "../../src/cluster/keeper.ts";
import { UNCLAIMED_MS } from "../../src/cluster/pulls.ts";
import { isSound, recordsIn, takeBackup } from "../support/backups.ts";
import {
  COUNT,
  fill,
  ghostsOf,
  isGhost,
  LARGE,
  newcomer,
  placeOf,
  read,
  SMALL,
  started,
} from "../support/ghost-world.ts";

const code = (error: unknown) => (error as { readonly code?: string }).code;
const DISPLACE_MS = 15_000;

/** Of three, one without the memory for all: `keys` are with nobody but their keeper, which is named. */
async function onlyWithKeeper(seed: string, displaceMs = DISPLACE_MS) {
  const replica = (node: number) => ({ memoryBytesMax: node === 0 ? SMALL : LARGE, displaceMs });
  const placed = await started(seed, [SMALL, LARGE, LARGE], { replica });
  await fill(placed, { nodes: [0, 1, 2] });
  const { replica: small } = placed.driver(0);
  const keeperOfKey = (key: string) => Number(keeperOf(small, small.shardOfKey(key as Key).id)?.slice(1, 2));
  const ghosts = ghostsOf(placed, 0);
  const keeper = keeperOfKey(ghosts[0] as string);
  const other = 3 - keeper;
  const keys = ghosts.filter((key) => keeperOfKey(key) === keeper);
  for (const key of keys) {
    const { shard, slot } = placeOf(placed, other, key);
    shard.values.letGo(slot);
  }
  expect(keys.length).toBeGreaterThan(5);
  return { placed, keys, keeper, other };
}

describe("a backup", () => {
  it("leaves out the values that are absent, as reads do, says how many, and has all else", async () => {
    const { placed, keys, keeper, other } = await onlyWithKeeper("left-out");
    placed.world.node(keeper).crash(false);
    await placed.run(60_000);
    const absent = keys.filter((key) => isGhost(placed, 0, key));
    expect(absent).toEqual(keys);
    for (const node of [0, other]) {
      expect(await read(placed, node, keys[0] as string)).toBeUndefined();
      const taken = await takeBackup(placed, node);
      expect([recordsIn(taken), taken.absent]).toEqual([COUNT - absent.length, absent.length]);
      expect(isSound(taken)).toBe(true);
    }
  });

  it("fails while whoever has some values may be back soon, and has them once it is", async () => {
    const { placed, keeper, other } = await onlyWithKeeper("refused", 300_000);
    placed.cut([keeper], [0, other]);
    await placed.run(8000);
    expect(await takeBackup(placed, 0).catch(code)).toBe("OWNERS_UNREACHABLE");
    placed.heal([keeper], [0, other]);
    await placed.run(10_000);
    const taken = await takeBackup(placed, 0);
    expect([recordsIn(taken), taken.absent]).toEqual([COUNT, 0]);
  });
});

describe("a newcomer", () => {
  it("is not ready before it has what others only have ghosts of, once whoever has that can be reached", async () => {
    const { placed, ghosts } = await newcomer("back");
    await placed.run(15_000);
    expect(placed.driver(2).readiness().reasons.join()).toMatch(
      /^\d+ shards wait for values that nobody in reach gives$/,
    );
    placed.heal([1], [0]);
    for (let waited = 0; !placed.driver(2).readiness().ready; waited += 100) {
      expect(waited).toBeLessThan(10_000);
      await placed.run(100);
    }
    for (const key of ghosts) expect([key, await read(placed, 2, key)]).toEqual([key, await read(placed, 0, key)]);
  });

  it("is ready without it where nobody gives it for long", async () => {
    const { placed, ghosts } = await newcomer("away");
    await placed.run(UNCLAIMED_MS / 2);
    expect(placed.driver(2).readiness().ready).toBe(false);
    await placed.run(UNCLAIMED_MS);
    expect(placed.driver(2).readiness()).toEqual({ ready: true, reasons: [] });
    expect(ghosts.some((key) => placeOf(placed, 2, key).slot > 0)).toBe(false);
  });
});
