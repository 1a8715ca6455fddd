import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HandleQueue } from "../../../src/core/table/handle-queue.ts";
import { BOUND_TO_STAY, EMPTY, FREE_TO_GO, HELD_BACK, type Hold, S3Fifo } from "../../../src/core/table/s3-fifo.ts";
import { CachedKeys } from "../../support/cached-keys.ts";

describe("a queue of handles", () => {
  it("gives back what was put in, in that order, and keeps no chunk that is empty", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constant(undefined)), { maxLength: 3000 }),
        (steps) => {
          const queue = new HandleQueue();
          const twin: number[] = [];
          for (const step of steps) {
            if (step === undefined) expect(queue.shift()).toBe(twin.shift());
            else {
              queue.push(step);
              twin.push(step);
            }
            expect(queue.length).toBe(twin.length);
          }
          while (twin.length > 0) expect(queue.shift()).toBe(twin.shift());
          expect([queue.shift(), queue.residentBytes]).toEqual([undefined, 0]);
        },
      ),
    );
  });
});

/** Places with one value each, and as many of them as may stay. */
function cacheOf(room: number): CachedKeys {
  return new CachedKeys(room);
}

describe("S3-FIFO", () => {
  it("lets a scan displace nothing but itself", () => {
    const cache = cacheOf(100);
    const hot = Array.from({ length: 60 }, (_, i) => i);
    for (let round = 0; round < 4; round++) for (const key of hot) cache.ask(key);
    for (let key = 1000; key < 11_000; key++) {
      cache.ask(key);
      if (key % 50 === 0) for (const each of hot) cache.ask(each);
    }
    expect(hot.every((key) => cache.has(key))).toBe(true);
  });

  it("takes what comes back soon after it went straight into the main queue", () => {
    const cache = cacheOf(20);
    for (let key = 0; key < 40; key++) cache.ask(key);
    const gone = Array.from({ length: 40 }, (_, key) => key)
      .filter((key) => !cache.has(key))
      .slice(-3);
    for (const key of gone) cache.ask(key);
    for (let key = 100; key < 120; key++) cache.ask(key);
    expect(gone.every((key) => cache.has(key))).toBe(true);
  });

  it("forgets a hot set that nobody asks for any more", () => {
    const cache = cacheOf(100);
    for (let round = 0; round < 5; round++) for (let key = 0; key < 90; key++) cache.ask(key);
    for (let round = 0; round < 20; round++) for (let key = 1000; key < 1090; key++) cache.ask(key);
    expect(Array.from({ length: 90 }, (_, i) => 1000 + i).filter((key) => cache.has(key)).length).toBeGreaterThan(85);
  });

  it("keeps what is held back, comes to an end where all is, and drops places that are empty", () => {
    const uses = new Map<number, number>();
    const holds = new Map<number, Hold>();
    const gone: number[] = [];
    const queues: S3Fifo = new S3Fifo({
      queuesOf: () => queues,
      getUse: (place) => uses.get(place) ?? 0,
      setUse: (place, use) => void uses.set(place, use),
      holdOf: (place) => holds.get(place) ?? EMPTY,
      letGo: (place) => {
        gone.push(place);
        holds.set(place, EMPTY);
      },
    });
    for (let place = 1; place <= 10; place++) {
      holds.set(place, HELD_BACK);
      queues.came(place);
    }
    expect(queues.reclaim(() => false, 100)).toBe(false);
    expect([gone, queues.length]).toEqual([[], 10]);
    holds.set(3, FREE_TO_GO);
    holds.set(4, EMPTY);
    expect(queues.reclaim(() => gone.length === 1, 100)).toBe(true);
    expect(gone).toEqual([3]);
    expect(queues.reclaim(() => false, 100)).toBe(false);
    expect(queues.length).toBe(8);
  });

  it("passes over what is bound to stay, and comes to the rest; what did not go after all has its turn again", () => {
    const [uses, holds, gone] = [new Map<number, number>(), new Map<number, Hold>(), [] as number[]];
    const queues: S3Fifo = new S3Fifo({
      getUse: (place) => uses.get(place) ?? 0,
      setUse: (place, use) => void uses.set(place, use),
      holdOf: (place) => holds.get(place) ?? EMPTY,
      letGo: (place) => void gone.push(place),
      queuesOf: () => queues,
    });
    for (let place = 1; place <= 100; place++) {
      holds.set(place, place <= 95 ? BOUND_TO_STAY : FREE_TO_GO);
      queues.came(place);
    }
    expect(queues.reclaim(() => gone.length === 5, 200)).toBe(true);
    expect([gone.toSorted(), queues.length]).toEqual([[100, 96, 97, 98, 99], 95]);
    queues.stays(98);
    queues.stays(98);
    holds.set(97, EMPTY);
    queues.stays(97);
    expect(queues.length).toBe(96);
    expect(queues.reclaim(() => gone.length === 6, 200)).toBe(true);
    expect(gone.at(-1)).toBe(98);
  });

  it("has each place in one queue at most, whatever comes, is used and goes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 400 }), fc.integer({ min: 1, max: 20 }), (keys, room) => {
        const cache = cacheOf(room);
        for (const key of keys) {
          cache.ask(key);
          expect(cache.kept).toBeLessThanOrEqual(room);
          expect(cache.queued).toBe(cache.kept);
        }
      }),
    );
  });
});
