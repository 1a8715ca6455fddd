import { describe, expect, it } from "vitest";
import { ddmin } from "../../../simulations/shrink/ddmin.ts";

function countingTest(isFailing: (list: readonly number[]) => boolean) {
  let tests = 0;
  const first = async (lists: Iterable<readonly number[]>): Promise<readonly number[] | undefined> => {
    for (const list of lists) {
      tests++;
      if (isFailing(list)) return list;
    }
    return undefined;
  };
  return { first, tests: () => tests };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("ddmin", () => {
  it("finds the three that matter of a thousand", async () => {
    const { first, tests } = countingTest((list) => [7, 400, 999].every((n) => list.includes(n)));
    expect(await ddmin(numbers(1000), first)).toEqual([7, 400, 999]);
    expect(tests()).toBeLessThan(200);
  });

  it("ends with a list of which nothing can be left out", async () => {
    // Any four will do, which leaves many minima.
    const isFailing = (list: readonly number[]): boolean => list.filter((n) => n % 3 === 0).length >= 4;
    const kept = await ddmin(numbers(100), countingTest(isFailing).first);
    expect(kept).toHaveLength(4);
    expect(isFailing(kept)).toBe(true);
  });

  it("leaves nothing of a list that does not matter, and all of one that does", async () => {
    expect(await ddmin(numbers(9), countingTest(() => true).first)).toEqual([]);
    expect(await ddmin(numbers(9), countingTest(() => false).first)).toEqual(numbers(9));
  });

  it("asks nothing about an empty list", async () => {
    const { first, tests } = countingTest(() => true);
    expect(await ddmin([], first)).toEqual([]);
    expect(tests()).toBe(0);
  });
});
