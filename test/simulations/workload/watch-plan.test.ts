import { describe, expect, it } from "vitest";
import { generateWatches, type WatchesProfile } from "../../../simulations/workload/watch-plan.ts";
import { SeededRandom } from "../../../src/base/random.ts";

const SPAN = { nodes: 3, keys: 12, fromMs: 1500, untilMs: 60_000 };
const PROFILE: WatchesProfile = { count: 4, meanMoveGapMs: 1000, returnShare: 0.5, slowShare: 0.5 };

function generate(changes: Partial<WatchesProfile> = {}): ReturnType<typeof generateWatches> {
  return generateWatches(new SeededRandom(1), { ...PROFILE, ...changes }, SPAN);
}

describe("generated watches", () => {
  it("are the same for the same seed, and one more changes nothing of the others", () => {
    expect(generate()).toEqual(generate());
    expect(generate({ count: 9 }).slice(0, 4)).toEqual(generate());
  });

  it("move in the order of time, to the same node as often as asked for", () => {
    const [watch] = generate({ returnShare: 1 });
    expect(watch?.moves.length).toBeGreaterThan(30);
    expect(watch?.moves.every(({ node }) => node === watch.node)).toBe(true);
    const times = watch?.moves.map(({ at }) => at) ?? [];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(generate({ meanMoveGapMs: Infinity }).flatMap(({ moves }) => moves)).toEqual([]);
  });

  it("read slowly as often as asked for", () => {
    const share = (slowShare: number): number =>
      generate({ count: 40, slowShare }).filter((watch) => watch.handlingMs > 0).length;
    expect([share(0), share(1)]).toEqual([0, 40]);
  });
});
