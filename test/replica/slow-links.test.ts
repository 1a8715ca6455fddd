/** Replicas that have to catch up over links of every kind, in the simulator's time. */

import { describe, expect, it } from "vitest";
import { createProductionReplica } from "../../simulations/production-replica.ts";
import { SMALL_REPLICA } from "../../simulations/scenarios/build.ts";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import { World } from "../../simulations/simulator/world.ts";
import type { Key, ReplicaId } from "../../src/base/ids.ts";

const MIB = 1024 * 1024;
const RECORD_OVERHEAD_BYTES = 40;

const address = (index: number) => `r${index}.example:7400`;

function createWorld(
  nodes: number,
  shards: number,
  quality: (from: number, to: number) => Partial<PathQuality>,
): World {
  const indexes = Array.from({ length: nodes }, (_, index) => index);
  return new World({
    seed: "slow links",
    keepTrace: true,
    nodes: indexes.map((index) => ({
      durable: false,
      clockOffsetMs: 0,
      diskMeanMs: 1,
      identity: {
        id: `r${index}` as ReplicaId,
        region: "eu",
        address: address(index),
        join: indexes.filter((other) => other !== index).map(address),
      },
    })),
    quality: (from, to) => ({ latencyMs: 1, jitterMs: 0, loss: 0, bytesPerMs: Infinity, ...quality(from, to) }),
    createReplica: (identity, ports) =>
      createProductionReplica(identity, ports, { ...SMALL_REPLICA, antiEntropyMs: 1000, shards }),
  });
}

/** Fills the first node, and those that are told, and starts the last one, which is empty. */
async function begin(world: World, values: { readonly count: number; readonly bytes: number }): Promise<void> {
  const last = world.nodes.length - 1;
  for (const node of world.nodes.slice(0, last)) node.start();
  await world.run(3000);
  for (let i = 0; i < values.count; i++) {
    await world.run(world.now + 1);
    void world.node(0).replica?.put(`k${i}` as Key, new Uint8Array(values.bytes));
  }
  await world.run(world.now + 2000);
  world.node(last).start();
}

function held(world: World, node: number): number {
  return world.node(node).replica?.inspect().registers.length ?? 0;
}

/** Virtual ms until a node holds so many registers. */
async function untilHeld(world: World, node: number, count: number, withinMs: number): Promise<number> {
  const from = world.now;
  while (held(world, node) < count) {
    if (world.now - from > withinMs) throw new Error(`${held(world, node)} of ${count} after ${withinMs} ms`);
    await world.run(world.now + Math.max(100, withinMs / 200));
    for (const { error } of world.breakdowns) throw error;
  }
  return world.now - from;
}

describe("a replica that catches up", () => {
  it.each([
    ["1.6 Mbit/s", { latencyMs: 20, bytesPerMs: 200 }, { count: 1000, bytes: 5000 }, 8, 1.1],
    ["0.4 Mbit/s", { latencyMs: 20, bytesPerMs: 50 }, { count: 300, bytes: 5000 }, 8, 1.1],
    ["100 Mbit/s over 150 ms", { latencyMs: 75, bytesPerMs: 12_500 }, { count: 3000, bytes: 10_000 }, 64, 1.7],
  ])(
    "over %s takes about as long as the bytes do, and fetches each once",
    async (_what, path, values, shards, most) => {
      const world = createWorld(2, shards, () => path);
      await begin(world, values);
      const recordBytes = values.count * (values.bytes + RECORD_OVERHEAD_BYTES);
      const before = world.network.bytes;
      const tookMs = await untilHeld(world, 1, values.count, 10 * (recordBytes / path.bytesPerMs));
      expect(tookMs).toBeLessThan(1000 + most * (recordBytes / path.bytesPerMs));
      expect(world.network.bytes - before).toBeLessThan(1.15 * recordBytes);
    },
  );

  it("takes the longest values one after the other, however long each is under way", async () => {
    const values = { count: 3, bytes: 16 * MIB };
    const world = createWorld(2, 8, () => ({ bytesPerMs: 200 }));
    await begin(world, values);
    const ideal = (values.count * values.bytes) / 200;
    expect(await untilHeld(world, 1, values.count, 2 * ideal)).toBeLessThan(1.1 * ideal);
  });

  it("does not have its link cut for what it asked for", async () => {
    const values = { count: 4, bytes: 16 * MIB };
    const world = createWorld(2, 8, () => ({ bytesPerMs: 8000 }));
    await begin(world, values);
    await untilHeld(world, 1, values.count, 60_000);
    expect(world.trace.entries.filter(({ kind }) => kind === "down")).toEqual([]);
  });

  it("is not held up by a slow peer when another one has it all as well", async () => {
    const slow = (a: number, b: number) => a + b === 2 && a !== b;
    const world = createWorld(3, 64, (from, to) => ({ bytesPerMs: slow(from, to) ? 50 : 12_500 }));
    await begin(world, { count: 2000, bytes: 5000 });
    // From the slow one alone it would take 200 s.
    expect(await untilHeld(world, 2, 2000, 200_000)).toBeLessThan(20_000);
  });
});
