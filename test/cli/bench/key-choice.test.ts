import { expect, test } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { createKeyChoice, type Distribution } from "../../../src/cli/bench/key-choice.ts";

const DRAWN = 200_000;

function sharesOf(distribution: Distribution, count: number): readonly number[] {
  const choose = createKeyChoice(distribution, count);
  const random = new SeededRandom(`${distribution} ${count}`);
  const counts = Array.from({ length: count }, () => 0);
  for (let i = 0; i < DRAWN; i++) {
    const key = choose(random);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts.map((each) => each / DRAWN);
}

test("uniform: each key is as likely", () => {
  for (const share of sharesOf("uniform", 20)) expect(share).toBeCloseTo(0.05, 2);
});

test("zipf: key k in proportion to 1 / (k + 1)^0.99 (Cooper et al. 2010, section 4.1)", () => {
  const shares = sharesOf("zipf", 100);
  const all = shares.map((_, key) => (key + 1) ** -0.99).reduce((sum, weight) => sum + weight, 0);
  for (const [key, share] of shares.entries()) expect(share).toBeCloseTo((key + 1) ** -0.99 / all, 2);
  expect(shares.every((share) => share > 0)).toBe(true);
});

test("one key is always the first", () => {
  expect(sharesOf("zipf", 1)).toEqual([1]);
  expect(sharesOf("uniform", 1)).toEqual([1]);
});
