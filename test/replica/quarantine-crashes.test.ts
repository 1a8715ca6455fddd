/** The process of a quarantined replica ends before its disk has all of that: it is as if it had, or had never begun. */

import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { numberOf } from "../../src/base/shard-id.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import type { StorageOperation } from "../../src/replica/ports.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { startReplica } from "../../src/replica/start-up.ts";
import { type Disk, DiskStorage, Machines } from "../support/machines.ts";

const RETENTION_MS = 60_000;
const AWAY_MS = RETENTION_MS + 5000;
const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);
/** More than one batch of the disk holds. */
const YOUNG = Array.from({ length: 3000 }, (_, i) => `young/${i}`);

describe("a replica that crashes while it is quarantined", () => {
  async function quarantined(): Promise<Machines> {
    const machines = await Machines.started(["a", "c"], 1, { retentionMs: RETENTION_MS });
    // Some in every shard.
    for (const key of KEYS) machines.put("a", key, "v");
    machines.run(3000);
    machines.cut(["a"], ["c"]);
    for (const key of KEYS) machines.delete("a", key);
    machines.run(AWAY_MS);
    for (const key of YOUNG) machines.put("c", key, "v");
    machines.run(1000);
    machines.heal();
    while (machines.at("c").quarantines + machines.at("a").quarantines === 0) {
      if (!machines.deliverOne()) machines.run(50);
    }
    expect(machines.at("c").quarantines).toBe(1);
    return machines;
  }

  for (const batches of [0, 1, 2]) {
    it(`after ${batches} batches reached its disk, brings nothing back and loses nothing`, async () => {
      const machines = await quarantined();
      for (let batch = 0; batch < batches; batch++) machines.sync("c");
      machines.crash("c");
      await machines.start("c");
      machines.run(20_000);
      for (const name of ["a", "c"]) {
        expect(KEYS.filter((key) => machines.get(name, key) !== undefined)).toEqual([]);
        expect(YOUNG.filter((key) => machines.get(name, key) !== "v")).toEqual([]);
      }
      expect(machines.machine("c").salvaged).toEqual([]);
      expect(machines.differences()).toEqual([]);
    });
  }

  it("keeps what was written on an old disk and was to get new dots later, whatever deletions that disk does not know of", async () => {
    const machines = await Machines.started(["a", "c"], 2, { retentionMs: RETENTION_MS });
    const copy = new Map(machines.machine("c").disk);
    machines.crash("c");
    await machines.start("c");
    // Under the dots of these the old disk will write others.
    const original = Array.from({ length: 400 }, (_, i) => `original/${i}`);
    for (const key of original) machines.put("c", key, "v");
    // Deletions by a clock that is ahead, which both have purged: some in every bucket of every shard.
    machines.skewMs.set(machines.at("a").id, 20_000);
    const others = Array.from({ length: 1500 }, (_, i) => `other/${i}`);
    for (const key of others) machines.put("a", key, "v");
    for (const key of others) machines.delete("a", key);
    machines.run(5000);
    expect(machines.get("c", "other/0")).toBe(undefined);
    expect(machines.at("a").shards.all.filter(({ graves }) => graves.marks !== undefined)).toHaveLength(4);
    machines.crash("c");
    machines.machine("c").disk = copy;
    machines.cut(["a"], ["c"]);
    await machines.start("c");
    // More than gets new dots at once.
    const big = Array.from({ length: 100 }, (_, i) => `big/${i}`);
    for (const key of big) machines.put("c", key, "v".repeat(100_000));
    machines.run(1000);
    machines.heal();
    while (machines.at("c").quarantines === 0) machines.deliverOne();
    machines.sync("c");
    expect(machines.at("c").shards.all.some(({ quarantine }) => quarantine.toRedot.length > 0)).toBe(true);
    machines.crash("c");
    await machines.start("c");
    machines.run(20_000);
    for (const name of ["a", "c"]) {
      expect([...big, ...original].filter((key) => machines.get(name, key) === undefined)).toEqual([]);
      expect(machines.at(name).audit.repaired, "by replication, not by the audit").toBe(0);
    }
    expect(machines.machine("c").salvaged).toEqual([]);
    expect(machines.at("c").shards.all.flatMap(({ quarantine }) => quarantine.toRedot)).toEqual([]);
    expect(machines.differences()).toEqual([]);
  });
});

describe("a replica that crashes while it starts on a disk that lost something", () => {
  /** More heads than a batch holds. */
  const SHARDS = 4096;

  function startOn(disk: Disk, writes: number): Promise<Replica> {
    return startReplica({
      config: { ...replicaDefaults, address: "a:1", id: "a" as ReplicaId, shards: SHARDS },
      ephemeral: false,
      clock: { now: () => 1_800_000_100_000 },
      random: new SeededRandom(1),
      storage: new DyingStorage(disk, writes),
      log: () => {},
    });
  }

  it("has not taken for whole what it had no time to look at", async () => {
    const machines = new Machines(1, { shards: SHARDS });
    await machines.start("a");
    // In a shard that comes late.
    const key = Array.from({ length: 100 }, (_, i) => `k${i}`).find(
      (name) => numberOf(machines.put("a", name, "first").dot.shard) > SHARDS - 500,
    );
    machines.run(1000);
    const before = new Map(machines.machine("a").disk);
    const { shard } = machines.put("a", key ?? "", "second").dot;
    machines.run(1000);
    machines.crash("a");
    const { disk } = machines.machine("a");
    // The disk is as it was before, but for the meta: what it holds of that shard adds up.
    for (const [name, entry] of before) if (!name.startsWith("m")) disk.set(name, entry);
    await startOn(disk, 1).catch(() => undefined);
    expect((await startOn(disk, Infinity)).shards.get(shard)?.unconfirmed).toBe(1);
  });
});

/** Of a process that dies after so many writes. */
class DyingStorage extends DiskStorage {
  #left: number;

  constructor(disk: Disk, writes: number) {
    super(disk);
    this.#left = writes;
  }

  override async write(operations: readonly StorageOperation[]): Promise<void> {
    if (this.#left-- === 0) throw new Error("the process died");
    await super.write(operations);
  }
}
