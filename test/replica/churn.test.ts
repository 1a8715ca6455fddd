/** What time leaves behind: after a long life on the same keys a replica takes about what a fresh one does. */

import { describe, expect, it } from "vitest";
import type { StorageEntry } from "../../src/replica/ports.ts";
import { id, Machines } from "../support/machines.ts";

const KEYS = Array.from({ length: 400 }, (_, i) => `k${i}`);
const NAMES = ["a", "b", "c"];
const HOUR_MS = 3_600_000;
/** In which everything is written, deleted or let expire a few times, and somebody begins anew. */
const HOURS = 24;

function diskBytes(machines: Machines, name: string): number {
  let bytes = 0;
  for (const { key, value } of machines.machine(name).disk.values() as Iterable<StorageEntry>)
    bytes += key.length + value.length;
  return bytes;
}

/** Of records and tables: what pages waste, some MiB whatever there is, is for `compaction.ts` to bound. */
function memoryBytes(machines: Machines, name: string): number {
  const { shards, arena } = machines.at(name);
  return shards.all.reduce((sum, shard) => sum + shard.residentBytes, arena.usedBytes);
}

const sizesOf = (machines: Machines) =>
  NAMES.map((name) => ({ memory: memoryBytes(machines, name), disk: diskBytes(machines, name) }));

describe("after a day of churn on the same keys", () => {
  it("memory and disk are within 1.5 times those of replicas that hold the same and have just begun", async () => {
    const machines = await Machines.started(NAMES, "churn", { shards: 4, retentionMs: 2 * HOUR_MS });
    const { random } = machines;
    for (let hour = 0; hour < HOURS; hour++) {
      for (let burst = 0; burst < 3; burst++) {
        for (const key of KEYS) {
          const name = random.pick(NAMES);
          if (random.chance(0.3)) machines.delete(name, key);
          else {
            const ttlMs = random.chance(0.3) ? random.between(100, 5000) : undefined;
            machines.put(name, key, "v".repeat(random.between(1, 900)), ttlMs === undefined ? {} : { ttlMs });
          }
        }
        machines.run(6000);
      }
      const restarted = random.pick(NAMES);
      machines.crash(restarted);
      await machines.start(restarted);
      machines.run(10_000);
    }
    for (const key of KEYS) machines.put("a", key, `last of ${key}`);
    machines.run(20_000);
    const old = sizesOf(machines);

    const fresh = await Machines.started(NAMES, "fresh", { shards: 4, retentionMs: 2 * HOUR_MS });
    for (const key of KEYS) fresh.put("a", key, `last of ${key}`);
    fresh.run(20_000);
    const young = sizesOf(fresh);

    expect(machines.differences()).toEqual([]);
    for (const [i, name] of NAMES.entries()) {
      const tombstones = machines.at(name).shards.all.reduce((sum, shard) => sum + shard.tombstones, 0);
      expect([name, tombstones]).toEqual([name, 0]);
      expect((old[i]?.disk ?? Infinity) / (young[i]?.disk ?? 1), `disk of ${id(name)}`).toBeLessThan(1.5);
      expect((old[i]?.memory ?? Infinity) / (young[i]?.memory ?? 1), `memory of ${id(name)}`).toBeLessThan(1.5);
    }
  });
});
