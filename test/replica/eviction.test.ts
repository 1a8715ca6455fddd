/** Values that go for good where a disk is bounded, the memory that keys take, or all there is of memory. */

import { describe, expect, it } from "vitest";
import type { Key, SpaceId } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { PlacedWorld, type PlacedWorldOptions, SPACE } from "../support/placed-world.ts";

const MAX = 40_000;
const VALUE = "v".repeat(500);
const keyOf = (i: number) => `k${i}`;

async function started(
  seed: string,
  replica: PlacedWorldOptions["replica"] = { dataBytesMax: MAX },
): Promise<PlacedWorld> {
  const regions = ["eu", "eu"];
  const placed = new PlacedWorld({ seed, regions, settings: { replication: "all" }, replica });
  await placed.begin();
  return placed;
}

/** Writes these keys, waiting where there is no room at the moment. */
async function fill(
  placed: PlacedWorld,
  [from, to]: readonly [number, number],
  { node = (i: number) => i % 2, paceMs = 10 } = {},
): Promise<number> {
  let refused = 0;
  for (let i = from; i < to; ) {
    try {
      await placed.put(node(i), keyOf(i), VALUE + i);
      i++;
      await placed.run(paceMs);
    } catch (error) {
      expect(error).toMatchObject({ code: "DISK_FULL" });
      expect(++refused).toBeLessThan(100);
      await placed.run(500);
    }
  }
  return refused;
}

const heldBy = (placed: PlacedWorld, node: number, count: number) =>
  Array.from({ length: count }, (_, i) => keyOf(i)).filter((key) => {
    const shard = placed.driver(node).replica.shardOfKey(key as Key, SPACE);
    const slot = shard.find(KIND_PLAIN, key as Key);
    return slot !== 0 && shard.isLive(slot, placed.world.node(node).clockTime);
  });

const evictedAt = (placed: PlacedWorld, node: number) => placed.world.node(node).evictions.map(({ key }) => key);

describe("values that go for good", () => {
  it("are the coldest, of a disk that would grow beyond its bound; the same are left everywhere", async () => {
    const placed = await started("cold", { dataBytesMax: 5 * MAX });
    const count = 800;
    for (let i = 0; i < count; i += 20) {
      await fill(placed, [i, i + 20], { paceMs: 50 });
      for (let hot = 0; hot < 5; hot++) await placed.get(0, keyOf(hot));
      for (let hot = 0; hot < 5; hot++) await placed.get(1, keyOf(hot));
    }
    await placed.run(10_000);
    for (const node of [0, 1]) expect(placed.world.node(node).disk.bytes).toBeLessThan(5 * MAX);
    const left = heldBy(placed, 0, count);
    expect(heldBy(placed, 1, count)).toEqual(left);
    expect(left.length).toBeGreaterThan(30);
    expect(left.filter((key) => Number(key.slice(1)) >= count / 2).length).toBeGreaterThan(left.length * 0.6);
    for (const key of left) expect(await placed.get(0, key)).toBe(VALUE + key.slice(1));
    expect(left.filter((key) => Number(key.slice(1)) < 5).length).toBeGreaterThan(2);
    const digests = await Promise.all([0, 1].map((node) => placed.driver(node).status()));
    expect(digests[0]?.digest).toBe(digests[1]?.digest);
  });

  it("are removed by the first owner of their shard, once, while it is there (F2)", async () => {
    const placed = await started("first", { dataBytesMax: 5 * MAX });
    await fill(placed, [0, 700], { paceMs: 50 });
    await placed.run(5000);
    const [first, second] = [evictedAt(placed, 0), evictedAt(placed, 1)];
    expect(Math.min(first.length, second.length)).toBeGreaterThan(10);
    expect(new Set([...first, ...second]).size).toBe(first.length + second.length);
    for (const [node, keys] of [first, second].entries()) {
      for (const key of keys) expect(placed.ownersOf(key)[0]).toBe(node);
    }
  });

  it("are removed by whoever is there where the first owner is not, and by one whose own bound is smaller", async () => {
    const placed = await started("second", (node) => ({ dataBytesMax: node === 0 ? MAX / 2 : MAX }));
    placed.world.node(0).stop();
    await placed.run(20_000);
    await fill(placed, [0, 200], { node: () => 1 });
    await placed.run(5000);
    expect(placed.world.node(1).disk.bytes).toBeLessThan(MAX);
    placed.world.node(0).start();
    await placed.run(10_000);
    await placed.run(10_000);
    expect(placed.world.node(0).disk.bytes).toBeLessThan(MAX / 2);
    const left = heldBy(placed, 0, 200);
    expect(left.length).toBeGreaterThan(10);
    expect(heldBy(placed, 1, 200)).toEqual(left);
  });

  it("do not take with them what was written elsewhere meanwhile (F1)", async () => {
    const placed = await started("newer");
    await fill(placed, [0, 40]);
    await placed.run(2000);
    placed.cut([0], [1]);
    await placed.run(10_000);
    for (let i = 0; i < 40; i++) await placed.put(1, keyOf(i), `newer${i}`);
    await fill(placed, [40, 300], { node: () => 0 });
    await placed.run(3000);
    const removed = evictedAt(placed, 0).filter((key) => Number(key.slice(1)) < 40);
    expect(removed.length).toBeGreaterThan(20);
    placed.heal([0], [1]);
    await placed.run(10_000);
    for (const key of removed) {
      const isRemovedAnew =
        evictedAt(placed, 0).filter((each) => each === key).length > 1 || evictedAt(placed, 1).includes(key);
      if (!isRemovedAnew) expect(await placed.get(0, key)).toBe(`newer${key.slice(1)}`);
    }
    expect(removed.filter((key) => heldBy(placed, 0, 40).includes(key)).length).toBeGreaterThan(0);
  });

  it("are told to watchers as deleted, everywhere", async () => {
    const placed = await started("watch");
    const told: string[] = [];
    placed.store(1).watch({ prefix: "" as Key }, (event) => {
      if (event.type === "delete") told.push(event.key);
    });
    await fill(placed, [0, 150], { node: () => 0 });
    await placed.run(5000);
    const removed = [...evictedAt(placed, 0), ...evictedAt(placed, 1)];
    expect(removed.length).toBeGreaterThan(10);
    expect(told.sort()).toEqual(removed.sort());
  });

  it("are values whose keys take more memory than there is, though the disk has room", async () => {
    const placed = await started("keys", { memoryBytesMax: 250_000, memoryFillShare: 0 });
    const count = 4000;
    for (let i = 0; i < count; i += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, j) =>
          placed
            .store(j % 2)
            .put(`${keyOf(i + j)}-${"long".repeat(10)}` as Key, new Uint8Array(40))
            .catch(() => {}),
        ),
      );
      await placed.run(100);
    }
    await placed.run(5000);
    const { residency, shards } = placed.driver(0).replica;
    expect(placed.world.node(0).evictions.length + placed.world.node(1).evictions.length).toBeGreaterThan(1000);
    expect(residency?.measureLeast()).toBeLessThan(250_000);
    expect(shards.all.reduce((sum, { standing }) => sum + standing, 0)).toBeGreaterThan(500);
  });

  it("leave a share of what there is while a member is away, however long the removed wait for it (F4)", async () => {
    const placed = await started("away", { memoryBytesMax: 250_000, memoryFillShare: 0 });
    placed.world.node(1).stop();
    await placed.run(5000);
    const standing = () => placed.driver(0).replica.shards.all.reduce((sum, shard) => sum + shard.standing, 0);
    let refused = 0;
    for (let i = 0; i < 6000; i += 50) {
      const puts = Array.from({ length: 50 }, (_, j) =>
        placed.store(0).put(`${keyOf(i + j)}-${"long".repeat(10)}` as Key, new Uint8Array(40)),
      );
      for (const put of puts) put.catch(() => refused++);
      await placed.run(200);
    }
    await placed.run(60_000);
    expect(placed.world.node(0).evictions.length).toBeGreaterThan(100);
    expect(standing()).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(0);
  });

  it("are those of replicas without a disk, whose memory is all there is; the smaller decides, and both are quiet", async () => {
    const bytesMax = (node: number) => (node === 0 ? 250_000 : 500_000);
    const regions = ["eu", "eu"];
    const replica = (node: number) => ({ memoryBytesMax: bytesMax(node) });
    const placed = new PlacedWorld({
      seed: "none",
      regions,
      settings: { replication: "all" },
      replica,
      durable: false,
    });
    await placed.begin();
    const count = 1500;
    for (let i = 0; i < count; i++) {
      await placed.put(i % 2, keyOf(i), VALUE + i);
      if (i % 10 === 0) await placed.run(50);
    }
    await placed.run(5000);
    const { residency } = placed.driver(0).replica;
    expect(residency?.measureLeast()).toBeLessThan(250_000);
    const left = heldBy(placed, 0, count);
    expect(heldBy(placed, 1, count)).toEqual(left);
    expect(left.length).toBeGreaterThan(150);
    for (const node of [0, 1]) {
      for (const key of left) expect(await placed.get(node, key)).toBe(VALUE + key.slice(1));
    }
    const sessions = () => [0, 1].map((node) => placed.driver(node).replica.pulls.sessions);
    const before = sessions();
    await placed.run(20_000);
    expect(sessions()).toEqual(before);
    expect(heldBy(placed, 0, count)).toEqual(left);
  });

  it("without a disk are those of the keyspace that is above its share of the memory (F6)", async () => {
    const placed = await sharing("shares without a disk", { durable: false });
    const count = 100;
    await fill(placed, [0, count]);
    await flood(placed, 1500);
    await placed.run(5000);
    for (const node of [0, 1]) expect(heldBy(placed, node, count)).toHaveLength(count);
    const removed = [...evictedAt(placed, 0), ...evictedAt(placed, 1)];
    expect(removed.length).toBeGreaterThan(400);
    expect(removed.filter((key) => !key.startsWith("flood"))).toEqual([]);
  });
});

describe("values that go to the disk", () => {
  it("are those of the keyspace that is above its share of the memory", async () => {
    const placed = await sharing("shares", { durable: true });
    await fill(placed, [0, 100]);
    await flood(placed, 1500);
    await placed.run(2000);
    const { shards } = placed.driver(0).replica;
    const awayIn = (space: SpaceId) => shards.in(space).reduce((sum, { accounts }) => sum + accounts.away, 0);
    expect(awayIn(DEFAULT_SPACE)).toBeGreaterThan(500);
    expect(awayIn(SPACE)).toBe(0);
  });
});

/** A keyspace that may count on half of a small memory, beside the default one. */
async function sharing(seed: string, { durable }: { readonly durable: boolean }): Promise<PlacedWorld> {
  const settings = { replication: "all", memoryShare: 0.5 } as const;
  const replica = { memoryBytesMax: 500_000, memoryFillShare: 0.8 };
  const placed = new PlacedWorld({ seed, regions: ["eu", "eu"], settings, replica, durable });
  await placed.begin();
  return placed;
}

/** Puts so many values into the default keyspace. */
async function flood(placed: PlacedWorld, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const put = placed.driver(i % 2).put(`flood${i}` as Key, new TextEncoder().encode(VALUE));
    await placed.do(put.catch(() => {}));
    if (i % 10 === 0) await placed.run(50);
  }
}
