/** One step of eviction, of a replica without a disk. */

import { expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { keyAt } from "../../src/core/record/record.ts";
import type { Residency } from "../../src/core/shard/residency.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { Eviction, type EvictionHost } from "../../src/replica/eviction.ts";
import { createShard, NOW, origin } from "../support/shards.ts";

it("takes no value for one that others may have and for one that nobody has, should they all have gone since", () => {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  for (let i = 0; i < 100; i++)
    shard.write({ kind: KIND_PLAIN, key: `k${i}` as Key, value: new Uint8Array(1000) }, NOW);
  const bytes = () => shard.accounts.recordBytes - shard.accounts.fallenBytes;
  // As of the last measure others might have had four in five.
  const residency = {
    hasDisk: false,
    bytesMax: bytes(),
    fixedBytes: 0,
    leastBytes: bytes() / 5,
    lendableBytes: (bytes() * 4) / 5,
    measureLeast: () => {
      residency.lendableBytes = 0;
      residency.leastBytes = bytes();
      return bytes();
    },
    keyBytes: () => 0,
    standings: () => undefined,
  };
  const evict = ({ table }: Shard, slot: number): void => {
    const key = keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
    shard.write({ kind: KIND_PLAIN, key, isRemoval: true }, NOW);
  };
  const host = {
    residency: residency as unknown as Residency,
    shards: { all: [shard] },
    ownership: { owns: () => true, isEverywhere: () => true },
    writes: { evictNumber: evict },
  } as unknown as EvictionHost;
  const eviction = new Eviction(host, Infinity, new SeededRandom("step"));
  eviction.step(NOW);
  expect(eviction.evicted).toBeGreaterThan(0);
  expect(bytes()).toBeGreaterThan(0.8 * residency.bytesMax);
});
