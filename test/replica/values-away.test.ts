/** Values that are on disk only are read, sent, and lost and brought back, as if they were in memory. */

import { describe, expect, it } from "vitest";
import { SCANT_MEMORY } from "../../simulations/scenarios/scant-memory.ts";
import type { Key } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);
const VALUE = "v".repeat(100);

/** Nodes of which each keeps all, with hardly any value in memory. */
async function started(seed: string, nodes: readonly number[] = [0, 1]): Promise<PlacedWorld> {
  const regions = ["eu", "eu", "us"];
  const placed = new PlacedWorld({ seed, regions, settings: { replication: "all" }, replica: SCANT_MEMORY });
  await placed.begin(nodes);
  for (const key of KEYS) await placed.put(0, key, VALUE + key);
  await placed.run(1000);
  return placed;
}

function awayAt(placed: PlacedWorld, node: number): string[] {
  const { replica } = placed.driver(node);
  return KEYS.filter((key) => {
    const shard = replica.shardOfKey(key as Key, SPACE);
    return shard.isAway(shard.find(KIND_PLAIN, key as Key));
  });
}

describe("values that are on disk only", () => {
  it("are read as they were written, from there, once however many want them", async () => {
    const placed = await started("read");
    const [key = ""] = awayAt(placed, 1);
    expect(awayAt(placed, 1).length).toBeGreaterThan(50);
    const before = placed.driver(1).replica.recalls.taken;
    const reads = Array.from({ length: 20 }, () => placed.store(1).get(key as Key));
    const answers = await placed.do(Promise.all(reads));
    expect(answers.map(({ entry }) => new TextDecoder().decode(entry?.value))).toEqual(answers.map(() => VALUE + key));
    expect(placed.driver(1).replica.recalls.taken).toBe(before + 1);
    for (const each of KEYS) expect(await placed.get(1, each)).toBe(VALUE + each);
    expect(await placed.get(1, key, { consistency: "quorum" })).toBe(VALUE + key);
  });

  it("are had of the disk and copied once there is room, where they are long and that is asked for", async () => {
    const placed = await started("room");
    const long = "x".repeat(100_000);
    for (const key of ["first", "second"]) await placed.put(0, key, long);
    await placed.run(5000);
    const { recalls } = placed.driver(0).replica;
    const before = recalls.taken;
    const asked: number[] = [];
    let makeRoom = () => {};
    const room = (bytes: number) => {
      asked.push(bytes);
      return new Promise<void>((resolve) => {
        makeRoom = resolve;
      });
    };
    const reading = placed.store(0).get("first" as Key, { room });
    await placed.run(1000);
    expect([asked, recalls.taken]).toEqual([[long.length], before]);
    makeRoom();
    expect((await placed.do(reading)).entry?.value.length).toBe(long.length);
    expect([asked.length, recalls.taken]).toEqual([1, before + 1]);
    await placed.do(placed.store(0).get(KEYS[0] as Key, { room }));
    expect(asked).toHaveLength(1);
  });

  it("go to a replica that comes to have them", async () => {
    const placed = await started("delta");
    placed.world.node(2).start();
    await placed.run(15_000);
    for (const key of KEYS) expect(placed.held(2, key)).toBe(true);
    for (const key of KEYS) expect(await placed.get(2, key)).toBe(VALUE + key);
  });

  it("are there after a restart, without being in memory all at once", async () => {
    const placed = await started("restart");
    placed.world.node(1).stop();
    await placed.run(1000);
    placed.world.node(1).start();
    await placed.run(5000);
    expect(awayAt(placed, 1).length).toBeGreaterThan(50);
    for (const key of KEYS) expect(await placed.get(1, key)).toBe(VALUE + key);
  });

  it("are had of another replica while the disk cannot be read, and of nobody where there is none", async () => {
    const placed = await started("unreadable");
    placed.world.node(1).disk.isUnreadable = true;
    const [key = "", other = ""] = awayAt(placed, 1);
    expect(await placed.get(1, key)).toBe(VALUE + key);
    placed.cut([1], [0, 2]);
    await placed.run(10_000);
    await expect(placed.get(1, other)).rejects.toMatchObject({ code: "DISK_FAILED" });
    placed.world.node(1).disk.isUnreadable = false;
    expect(await placed.get(1, other)).toBe(VALUE + other);
  });

  it("are brought back by others where the disk has lost them", async () => {
    const placed = await started("lost");
    const { disk } = placed.world.node(1);
    const [key = ""] = awayAt(placed, 1);
    const stored = disk.keys("", "\xff").filter((each) => each.endsWith(key) && each.startsWith("r"));
    expect(stored).toHaveLength(1);
    const bytes = disk.get(stored[0] as string);
    if (bytes !== undefined) bytes[50] = (bytes[50] as number) ^ 1;
    expect(await placed.get(1, key)).toBe(VALUE + key);
    await placed.run(10_000);
    expect(placed.driver(1).replica.recalls.lost).toBe(1);
    expect(await placed.get(1, key)).toBe(VALUE + key);
    expect(
      placed
        .driver(1)
        .replica.shards.in(SPACE)
        .every((shard) => shard.isSettled),
    ).toBe(true);
  });

  it("leave room for no client's write where the disk does not take what comes, and take what peers send", async () => {
    const placed = await started("full");
    placed.world.node(1).disk.failing = Number.POSITIVE_INFINITY;
    const { residency } = placed.driver(1).replica;
    if (residency === undefined) expect.fail("memory is bounded");
    residency.bytesMax = residency.fixedBytes;
    await expect(placed.put(1, "more", VALUE)).rejects.toMatchObject({ code: "MEMORY_FULL" });
    await placed.put(0, "more", VALUE);
    await placed.run(100);
    expect(await placed.get(1, "more")).toBe(VALUE);
    await placed.do(placed.store(1).delete("more" as Key));
  });
});
