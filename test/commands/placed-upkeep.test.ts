/** Numbers that nothing but additions make, in a keyspace that some replicas keep: lives that ended leave nothing behind. */

import { expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { CommandWorld } from "../support/command-world.ts";
import { SETTLE_MS, SPACE } from "../support/placed-world.ts";

const LIVES = 4;

it("are read elsewhere with the dots of all that they consist of", async () => {
  const placed = new CommandWorld({ seed: "parts", regions: ["eu", "eu", "us"], settings: { replication: { eu: 2 } } });
  await placed.begin();
  const key = placed.keyOf([0, 1]);
  for (const node of [0, 1]) await placed.at(node).do(`incr ${key}`);
  await placed.run(100);
  const { dot, beside = [] } = await placed.do(placed.store(2).get(key as Key));
  const origins = new Set([dot, ...beside].map((each) => each?.origin));
  expect(origins).toEqual(new Set([0, 1].map((node) => placed.driver(node).replica.origin)));
});

it("what they added goes into a value of its own, wherever it is kept", async () => {
  const placed = new CommandWorld({
    seed: "folded",
    regions: ["eu", "eu", "us"],
    settings: { replication: { eu: 2 } },
  });
  await placed.begin();
  const key = placed.keyOf([0, 1]);
  const hash = placed.keyOf([0, 1], 1);
  for (let life = 0; life < LIVES; life++) {
    for (const node of [0, 1, 2]) {
      expect(await placed.at(node).do(`incr ${key}`)).toBe(3 * life + node + 1);
      await placed.at(node).do(`hincrby ${hash} f 1`);
    }
    await placed.run(2000);
    for (const node of [0, 1]) {
      placed.world.node(node).crash(false);
      placed.world.node(node).start();
      await placed.run(SETTLE_MS);
    }
  }
  await placed.run(8 * SETTLE_MS);
  for (const node of [0, 1]) {
    const { replica } = placed.driver(node);
    const shard = replica.shardOfKey(key as Key, SPACE);
    expect(shard.increments.of(key as Key).length).toBeLessThanOrEqual(2);
    expect(placed.held(node, key)).toBe(true);
    const [container] = replica.shardOfKey(hash as Key, SPACE).containers.under(hash as Key);
    expect([...(container?.heldIncrements() ?? [])].length).toBeLessThanOrEqual(2);
  }
  for (const node of [0, 1, 2]) {
    expect(await placed.at(node).do(`get ${key}`)).toBe(String(3 * LIVES));
    expect(await placed.at(node).do(`hget ${hash} f`)).toBe(String(3 * LIVES));
  }
}, 60_000);
