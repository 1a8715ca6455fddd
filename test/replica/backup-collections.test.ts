/** Backups of collections: all their members, with their ends and that of the whole. */

import { describe, expect, it } from "vitest";
import { restoreBackup, takeBackup } from "../support/backups.ts";
import { commandLines } from "../support/command-lines.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

async function two(seed: string) {
  const placed = new PlacedWorld({ seed, regions: ["eu", "eu"], settings: { replication: "all" } });
  await placed.begin();
  return { placed, run: commandLines(placed, 0), elsewhere: commandLines(placed, 1) };
}

const LONG = "n".repeat(2000);

function fill(run: (line: string) => unknown): void {
  run("hset h a 1 b 2 c 3");
  run(`hset h ${LONG} 4`);
  run("hexpire h 100 fields 1 b");
  run("sadd s x y z");
  run("expire s 200");
  run("rpush l 1 2 3");
  run("set t text");
  run("hset gone a 1");
  run("del gone");
  run("sadd s w");
  run("srem s w");
}

function expectFilled(run: (line: string) => unknown): void {
  expect(Object.fromEntries(pairs(run("hgetall h")))).toEqual({ a: "1", b: "2", c: "3", [LONG]: "4" });
  expect(run("httl h fields 2 a b")).toEqual([-1, 100]);
  expect((run("smembers s") as string[]).sort()).toEqual(["x", "y", "z"]);
  expect(run("ttl s")).toBe(200);
  expect(run("lrange l 0 -1")).toEqual(["1", "2", "3"]);
  expect(run("ttl h")).toBe(-1);
  expect(run("exists gone")).toBe(0);
  expect(run("dbsize")).toBe(4);
}

function pairs(flat: unknown): [string, string][] {
  const words = flat as string[];
  return words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] as string] as [string, string]] : []));
}

async function expectEqual(placed: PlacedWorld): Promise<void> {
  await placed.run(2000);
  const [here, there] = [0, 1].map((node) =>
    placed
      .driver(node)
      .replica.shards.in(SPACE)
      .map(({ fingerprint }) => [fingerprint.high, fingerprint.low]),
  );
  expect(here).toEqual(there);
}

describe("a backup of collections", () => {
  it("brings everything to a cluster that has nothing, and nothing the second time", async () => {
    const from = await two("collections-taken");
    fill(from.run);
    const taken = await takeBackup(from.placed, 1);
    const to = await two("collections-given");
    const counts = await restoreBackup(to.placed, 0, taken);
    expect(counts).toEqual({ restored: 12, kept: 0, forgotten: 0, expired: 0 });
    await to.placed.run(100);
    for (const run of [to.run, to.elsewhere]) {
      expect(run("httl h fields 1 b")).toEqual([100]);
      expectFilled(run);
    }
    expect(await restoreBackup(to.placed, 1, taken)).toEqual({ restored: 0, kept: 12, forgotten: 0, expired: 0 });
    await expectEqual(to.placed);
  });

  it("brings nothing back that was removed since, one by one or with the whole, and keeps what is newer", async () => {
    const { placed, run, elsewhere } = await two("collections-merged");
    fill(run);
    const taken = await takeBackup(placed, 0);
    run("del s");
    run("sadd s new");
    run("hdel h a");
    run("hset h c newer");
    expect(await restoreBackup(placed, 1, taken)).toMatchObject({ restored: 0 });
    await placed.run(100);
    for (const each of [run, elsewhere]) {
      expect(each("smembers s")).toEqual(["new"]);
      expect(each("ttl s")).toBe(-1);
      expect(each("hmget h a c")).toEqual([undefined, "newer"]);
    }
    await expectEqual(placed);
  });

  it("as of a stamp replaces what is there, its end included, however often", async () => {
    const from = await two("collections-source");
    fill(from.run);
    const taken = await takeBackup(from.placed, 0);
    const { placed, run, elsewhere } = await two("collections-target");
    run("hset h a other z other");
    run("expire h 10");
    run("sadd s x q");
    await placed.run(100);
    const stamp = placed.driver(0).stampRestore();
    expect(await restoreBackup(placed, 0, taken, stamp)).toMatchObject({ restored: 12 });
    await placed.run(100);
    for (const each of [run, elsewhere]) expectFilled(each);
    run("hset h a after");
    run("srem s x");
    expect(await restoreBackup(placed, 1, taken, stamp)).toMatchObject({ restored: 0, kept: 12 });
    expect(run("hget h a")).toBe("after");
    expect(run("sismember s x")).toBe(0);
    await expectEqual(placed);
  });

  it("leaves out what has expired meanwhile, fields and wholes, and of two under one key only that", async () => {
    const from = await two("collections-expired");
    fill(from.run);
    const taken = await takeBackup(from.placed, 0);
    const to = await two("collections-late");
    await to.placed.run(250_000);
    expect(await restoreBackup(to.placed, 0, taken)).toMatchObject({ restored: 7, expired: 5 });
    expect(to.run("exists s")).toBe(0);
    expect(to.run("hexists h b")).toBe(0);
    expect(to.run("hlen h")).toBe(3);
  });
});
