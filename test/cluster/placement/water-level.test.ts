import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pour } from "../../../src/cluster/placement/water-level.ts";

describe("pour", () => {
  it.each([
    ["in proportion to the weights", 30, [[1, 0, 99], [2, 0, 99]], [10, 20]], // biome-ignore format: a table
    ["no more than the most", 30, [[1, 0, 99], [2, 0, 12]], [18, 12]], // biome-ignore format: a table
    ["no less than the least", 30, [[1, 15, 99], [2, 0, 99]], [15, 15]], // biome-ignore format: a table
    ["all that fits where that is less", 30, [[1, 0, 5], [2, 0, 6]], [5, 6]], // biome-ignore format: a table
    ["nothing", 0, [[1, 0, 5], [2, 0, 6]], [0, 0]], // biome-ignore format: a table
  ] as [string, number, [number, number, number][], number[]][])("gives %s", (_what, total, vessels, expected) => {
    const got = pour(
      total,
      vessels.map(([weight, least, most]) => ({ weight, least, most })),
    );
    got.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] as number, 9);
    });
  });

  it("gives the total, within bounds, and nobody more for their weight than another who could have more", () => {
    const vessel = fc.record({ weight: fc.integer({ min: 1, max: 9 }), least: fc.nat(5), room: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(vessel, { minLength: 1, maxLength: 8 }), fc.nat(1000), (drawn, at) => {
        const vessels = drawn.map(({ weight, least, room }) => ({ weight, least, most: least + room }));
        const [low, high] = [sum(vessels.map(({ least }) => least)), sum(vessels.map(({ most }) => most))];
        const total = low + ((high - low) * at) / 1000;
        const got = pour(total, vessels);
        expect(sum(got)).toBeCloseTo(total, 6);
        const levels = vessels.map(({ weight, least, most }, index) => {
          const value = got[index] as number;
          expect(value).toBeGreaterThanOrEqual(least);
          expect(value).toBeLessThanOrEqual(most);
          return { level: value / weight, hasMore: value > least + 1e-6, couldHaveMore: value < most - 1e-6 };
        });
        for (const rich of levels.filter(({ hasMore }) => hasMore)) {
          for (const poor of levels.filter(({ couldHaveMore }) => couldHaveMore)) {
            expect(rich.level).toBeLessThanOrEqual(poor.level + 1e-6);
          }
        }
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
