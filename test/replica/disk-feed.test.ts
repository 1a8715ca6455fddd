import { describe, expect, it } from "vitest";
import { DiskFeed } from "../../src/replica/disk-feed.ts";
import type { StorageOperation } from "../../src/replica/ports.ts";
import { DiskStorage, Machines } from "../support/machines.ts";

const LONG = "x".repeat(100_000);

/** A replica that was written a long value, a disk that fails as often as told, and what that was handed. */
async function started(failures: number) {
  const machines = await Machines.started(["a"], 1, { shards: 1 });
  machines.put("a", "k", LONG);
  const handed: (readonly StorageOperation[])[] = [];
  const bytesHanded: number[] = [];
  const storage = new DiskStorage(new Map());
  storage.write = async (operations) => {
    handed.push(operations);
    bytesHanded.push(bytesOf(operations));
    if (handed.length <= failures) throw new Error("not now");
  };
  const options = { storage, isNone: false, log: () => {}, now: () => machines.now, salvage: undefined };
  const replica = machines.at("a");
  const feed = new DiskFeed({ ...options, persisted: (batch) => replica.persisted(batch) });
  return { feed, replica, handed, bytesHanded };
}

function bytesOf(operations: readonly StorageOperation[]): number {
  return operations.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
}

describe("a batch for the disk", () => {
  it("takes no memory any more once the disk has it", async () => {
    const { feed, replica, handed, bytesHanded } = await started(0);
    await feed.flush(replica);
    expect(bytesHanded[0]).toBeGreaterThan(LONG.length);
    expect(handed.map(bytesOf)).toEqual(handed.map(() => 0));
  });

  it("that failed is handed over again, whole", async () => {
    const { feed, replica, handed, bytesHanded } = await started(1);
    await feed.flush(replica);
    expect(feed.error?.code).toBe("INTERNAL");
    await feed.flush(replica);
    expect(handed[1]).toBe(handed[0]);
    expect([bytesHanded[1], feed.error]).toEqual([bytesHanded[0], undefined]);
  });
});
