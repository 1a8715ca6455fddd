import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key, Timestamp } from "../../../src/base/ids.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { timestampAt } from "../../../src/core/record/record.ts";
import { Invalidations } from "../../../src/core/shard/invalidations.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { apply, createShard, NOW, origin, record } from "../../support/shards.ts";

const stamp = (ms: number) => timestampFromMs(NOW + ms);
const KEY = "k" as Key;

function isLive(shard: Shard, key = KEY): boolean {
  const slot = shard.find(KIND_PLAIN, key);
  return slot !== 0 && shard.isLive(slot, NOW);
}

describe("what is stale", () => {
  it("is a value older than an invalidation of one of its tags, and nothing else (T1)", () => {
    const invalidations = new Invalidations();
    invalidations.learn("a", stamp(10), Infinity);
    const stale = (ms: number, ...tags: string[]) => {
      const { view } = record({ key: "k", timestamp: stamp(ms), ...(tags.length > 0 && { tags }) });
      return invalidations.isStale(view, 0);
    };
    expect(stale(9, "a")).toBe(true);
    expect(stale(9, "a", "b")).toBe(true);
    expect(stale(9, "0", "a")).toBe(true);
    expect(stale(10, "a")).toBe(false);
    expect(stale(11, "a")).toBe(false);
    expect(stale(9, "b")).toBe(false);
    expect(stale(9, "aa")).toBe(false);
    expect(stale(9)).toBe(false);
  });

  it("is the same in whichever order values and invalidations come, and however often", () => {
    const step = fc.oneof(
      fc.record({ tag: fc.constantFrom("a", "b", "c"), at: fc.nat(20) }),
      fc.record({ key: fc.constantFrom("k", "l"), at: fc.nat(20), tags: fc.subarray(["a", "b", "c"]) }),
    );
    const steps = fc.uniqueArray(step, { selector: (each) => each.at, minLength: 2, maxLength: 12 });
    const shuffled = steps.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([inOrder, mixed]) => {
        const [one, other] = [inOrder, mixed].map((some) => {
          const loose = createShard();
          for (const each of some) {
            if ("tag" in each) loose.shard.invalidations.learn(each.tag, stamp(each.at), Infinity);
            else {
              const tags = each.tags.length === 0 ? {} : { tags: each.tags };
              apply(loose, record({ key: each.key, timestamp: stamp(each.at), sequence: each.at + 1, ...tags }));
            }
          }
          return ["k", "l"].map((key) => isLive(loose.shard, key as Key));
        });
        expect(other).toEqual(one);
      }),
    );
  });

  it("never comes of a write that knew of the invalidation, whatever the clock says (T2)", () => {
    const { shard } = createShard();
    shard.beginLife(origin(1));
    shard.invalidations.learn("a", stamp(60_000), Infinity);
    const slot = shard.write({ kind: KIND_PLAIN, key: KEY, value: new Uint8Array(1), tags: ["a"] }, NOW);
    expect(timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot))).toBe(stamp(60_000) + 1);
    expect(isLive(shard)).toBe(true);
    const untagged = shard.write({ kind: KIND_PLAIN, key: "u" as Key, value: new Uint8Array(1) }, NOW);
    expect(timestampAt(shard.table.viewOf(untagged), shard.table.offsetOf(untagged))).toBeLessThan(stamp(60_000));
  });

  it("dies of a removal one tick above it, which nothing newer dies of, whatever was purged beside it (T4)", () => {
    const loose = createShard();
    const { shard } = loose;
    shard.beginLife(origin(1));
    apply(loose, record({ key: "k", timestamp: stamp(0), origin: origin(2), tags: ["a"] }));
    shard.claim(shard.vector, undefined);
    const slot = shard.write({ kind: KIND_PLAIN, key: KEY, isRemoval: true }, NOW + 1000);
    expect(timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot))).toBe(stamp(0) + 1);
    expect(shard.accounts.tagged).toBe(0);
    const newer = { key: "k", timestamp: stamp(0) + 1, origin: origin(3), value: new Uint8Array(1) };
    expect(apply(loose, record(newer))).toBe(1);
    expect(isLive(shard)).toBe(true);
  });
});

describe("an invalidation", () => {
  it("gives way to a later one of its tag, in whichever order they come", () => {
    const invalidations = new Invalidations();
    expect(invalidations.learn("a", stamp(10), Infinity)).toBe(true);
    expect(invalidations.learn("a", stamp(5), Infinity)).toBe(false);
    expect(invalidations.learn("a", stamp(10), Infinity)).toBe(false);
    expect(invalidations.newestOf(["a", "b"])).toBe(stamp(10));
    expect(invalidations.newestOf(undefined)).toBe(0);
    expect(invalidations.size).toBe(1);
  });

  it("is forgotten once it has expired and a look that began after it came met nothing stale (T5)", () => {
    const invalidations = new Invalidations();
    const learn = (tag: string) => invalidations.learn(tag, stamp(0) as Timestamp, NOW + 100);
    learn("a");
    expect(invalidations.forgetOver(NOW + 200, 10)).toBe(0);
    invalidations.beginLook();
    learn("b");
    invalidations.endLook(true);
    // What came while it looked it may have missed.
    expect(invalidations.forgetOver(NOW + 200, 10)).toBe(0);
    invalidations.beginLook();
    invalidations.endLook(false);
    expect(invalidations.forgetOver(NOW + 200, 10)).toBe(0);
    expect(invalidations.isToLook).toBe(true);
    invalidations.beginLook();
    invalidations.endLook(true);
    expect(invalidations.forgetOver(NOW + 99, 10)).toBe(0);
    expect(invalidations.forgetOver(NOW + 100, 1)).toBe(1);
    expect(invalidations.forgetOver(NOW + 100, 10)).toBe(1);
    expect(invalidations.size).toBe(0);
  });

  it("has a look begin, and so does a stale value that comes after", () => {
    const loose = createShard();
    const { invalidations } = loose.shard;
    expect(invalidations.isToLook).toBe(false);
    invalidations.learn("a", stamp(10), Infinity);
    expect(invalidations.isToLook).toBe(true);
    invalidations.beginLook();
    invalidations.endLook(true);
    apply(loose, record({ key: "k", timestamp: stamp(20), tags: ["a"] }));
    expect(invalidations.isToLook).toBe(false);
    apply(loose, record({ key: "l", timestamp: stamp(5), sequence: 2, tags: ["a"] }));
    expect(invalidations.isToLook).toBe(true);
    expect(invalidations.newestSeen).toBe(stamp(20));
    expect(loose.shard.accounts.tagged).toBe(2);
  });
});
