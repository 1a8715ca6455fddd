import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CachedKeys } from "./cached-keys.ts";
import { beladyHits, lruHits } from "./traces.ts";

/** Whatever may go, tried out: the most that can be found. */
function bestOf(trace: readonly number[], room: number, kept: readonly number[] = [], at = 0): number {
  const key = trace[at];
  if (key === undefined) return 0;
  if (kept.includes(key)) return 1 + bestOf(trace, room, kept, at + 1);
  if (kept.length < room) return bestOf(trace, room, [...kept, key], at + 1);
  const without = kept.map((gone) => [...kept.filter((each) => each !== gone), key]);
  return Math.max(...without.map((next) => bestOf(trace, room, next, at + 1)));
}

describe("what a cache finds", () => {
  it("is at best what Belady finds, who finds as much as can be found", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 11 }),
        fc.integer({ min: 1, max: 3 }),
        (trace, room) => {
          const cache = new CachedKeys(room);
          for (const key of trace) cache.ask(key);
          const best = bestOf(trace, room);
          expect(Math.round(beladyHits(trace, room) * trace.length)).toBe(best);
          expect(Math.round(lruHits(trace, room) * trace.length)).toBeLessThanOrEqual(best);
          expect(cache.hits).toBeLessThanOrEqual(best);
        },
      ),
    );
  });
});
