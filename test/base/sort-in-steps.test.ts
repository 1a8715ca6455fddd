import { expect, test } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { sortInSteps } from "../../src/base/sort-in-steps.ts";

/** How many comparisons the longest step took. */
function sorted(keys: readonly number[]) {
  let [compared, longest] = [0, 0];
  const compare = (a: number, b: number): number => {
    compared++;
    return (keys[a] as number) - (keys[b] as number) || a - b;
  };
  const sorting = sortInSteps(Uint32Array.from(keys.keys()), compare);
  let step = sorting.next();
  for (; step.done !== true; step = sorting.next()) {
    longest = Math.max(longest, compared);
    compared = 0;
  }
  return { order: [...step.value], longest: Math.max(longest, compared) };
}

test.each([0, 1, 2, 4095, 4096, 4097, 12_288, 20_001])("sorts %i numbers as one sort does", (length) => {
  const random = new SeededRandom(`sort ${length}`);
  const keys = Array.from({ length }, () => random.uint32() % 5000);
  const expected = [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number) || a - b);
  expect(sorted(keys).order).toEqual(expected);
});

test("no step compares more than one run of 4096 takes", () => {
  const random = new SeededRandom("steps");
  const { longest } = sorted(Array.from({ length: 40_000 }, () => random.uint32()));
  expect(longest).toBeLessThanOrEqual(4096 * 13);
});
