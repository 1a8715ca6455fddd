import { describe, expect, it } from "vitest";
import { createStorage } from "../../../simulations/simulator/disk.ts";
import type { Storage } from "../../../src/replica/ports.ts";
import { type StorageFixture, storageLaw } from "../../ports/storage-law.ts";
import { createBareWorld, settleIn } from "./bench-world.ts";

let seed = 0;

function createFixture(durable: boolean): StorageFixture {
  const world = createBareWorld({ seed: String(seed++), nodes: 1, durable });
  const { disk } = world.node(0);
  const owners = new Map<Storage, { ended: boolean; pausedUntil: number }>();
  return {
    createStorage() {
      const owner = { ended: false, pausedUntil: 0 };
      const { queue, trace } = world;
      const storage = createStorage({
        disk,
        queue,
        trace,
        owner,
        now: () => world.now,
        node: 0,
        issued: () => undefined,
      });
      owners.set(storage, owner);
      return storage;
    },
    crash(storage) {
      const owner = owners.get(storage);
      if (owner !== undefined) owner.ended = true;
      disk.crash();
    },
    fail() {
      disk.failing = Infinity;
    },
    heal() {
      disk.failing = 0;
    },
    settle: (promise) => settleIn(world, promise),
    dispose: () => undefined,
  };
}

storageLaw("the simulated disk", () => createFixture(true));
storageLaw("the simulated disk that forgets", () => createFixture(false));

describe("simulated disk", () => {
  it("keeps a write in flight at a crash in about half of the crashes", async () => {
    let kept = 0;
    for (let i = 0; i < 100; i++) {
      const world = createBareWorld({ seed: `crash ${i}`, nodes: 1 });
      const { disk } = world.node(0);
      disk.acquire(0);
      disk.begin([{ type: "put", key: Uint8Array.of(1), value: Uint8Array.of(1) }]);
      disk.crash();
      kept += disk.size;
    }
    expect(kept).toBeGreaterThan(25);
    expect(kept).toBeLessThan(75);
  });

  it("calls a second write before the first has ended a bug of the replica", () => {
    const { disk } = createBareWorld({ nodes: 1 }).node(0);
    disk.acquire(0);
    disk.begin([]);
    expect(() => disk.begin([])).toThrow("BUG:");
  });

  it("ends what waits for it as usual once it is slow no more", async () => {
    const world = createBareWorld({ nodes: 1 });
    const { disk } = world.node(0);
    const { queue, trace } = world;
    const owner = { ended: false, pausedUntil: 0 };
    const issued = () => undefined;
    const storage = createStorage({ disk, queue, trace, owner, now: () => world.now, node: 0, issued });
    await settleIn(world, storage.open());
    disk.slowDown(1e9);
    let doneAt = Infinity;
    const done = storage.write([]).then(() => {
      doneAt = world.now;
    });
    await world.run(1000);
    expect(doneAt).toBe(Infinity);
    disk.speedUp();
    await settleIn(world, done);
    expect(doneAt).toBeLessThan(1100);
    await settleIn(world, storage.write([]));
    expect(world.now).toBeLessThan(1200);
  });

  it("comes back damaged when told to: with holes, or empty", () => {
    const { disk } = createBareWorld({ nodes: 1 }).node(0);
    const put = (key: number) => ({ type: "put", key: Uint8Array.of(key), value: Uint8Array.of(key) }) as const;
    disk.acquire(0);
    disk.finish(disk.begin(Array.from({ length: 100 }, (_, i) => put(i))), false);
    disk.release();
    disk.damage = "repaired";
    expect(disk.acquire(0).type).toBe("repaired");
    expect(disk.size).toBeGreaterThan(40);
    expect(disk.size).toBeLessThan(95);
    disk.release();
    disk.damage = "set-aside";
    expect(disk.acquire(0).type).toBe("set-aside");
    expect(disk.size).toBe(0);
  });
});
