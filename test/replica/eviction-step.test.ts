/** One step of eviction, of a replica without a disk. */

import { expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Container } from "../../src/core/containers/container.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_HASH, KIND_PLAIN } from "../../src/core/record/kind.ts";
import { keyAt } from "../../src/core/record/record.ts";
import type { Residency } from "../../src/core/shard/residency.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { Eviction, type EvictionHost } from "../../src/replica/eviction.ts";
import { deletionOfAll } from "../../src/types/collection.ts";
import { memberAddition } from "../../src/types/counted-member.ts";
import { createShard, NOW, origin, sendDelta } from "../support/shards.ts";

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

it.each([
  ["at once", 256],
  ["in steps", 2],
])(
  "takes no more than has to go, of collections whose members several replicas added to, and which fall %s",
  (_how, fallingAtOnceMax) => {
    const replicas = [1, 2, 3].map((replica) => {
      const made = createShard({ fallingAtOnceMax });
      made.shard.beginLife(origin(replica));
      for (let i = 0; i < 200; i++) {
        const id = { kind: KIND_HASH, key: `h${i}` as Key };
        made.shard.write(memberAddition(made.shard, id, "visits", { by: wholeAmount(1), due: undefined }, NOW), NOW);
      }
      return made;
    });
    const [first, ...others] = replicas as [(typeof replicas)[0]];
    for (const other of others) sendDelta(other, first);
    const { shard } = first;
    const staying = () => shard.accounts.recordBytes - shard.accounts.fallenBytes - shard.falling.bytes;
    const most = staying();
    const residency = {
      hasDisk: false,
      // So little that a third of all has to go at once, down to the last mark.
      bytesMax: (most * 2) / 3 / (0.85 * 1.12),
      fixedBytes: 0,
      leastBytes: most,
      lendableBytes: 0,
      measureLeast: () => most,
      keyBytes: () => 0,
      standings: () => undefined,
    };
    const evictAll = (_shard: Shard, { kind, key }: Container): void => {
      for (const write of deletionOfAll(shard, { kind, key })) shard.write(write, NOW);
    };
    const host = {
      residency: residency as unknown as Residency,
      shards: { all: [shard] },
      ownership: { owns: () => true, isEverywhere: () => true },
      writes: { evictAll },
    } as unknown as EvictionHost;
    new Eviction(host, Infinity, new SeededRandom("step")).step(NOW);
    expect(staying()).toBeLessThanOrEqual((most * 2) / 3);
    expect(staying()).toBeGreaterThan(0.64 * most);
  },
);
