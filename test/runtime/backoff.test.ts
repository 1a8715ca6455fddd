import { describe, expect, test } from "vitest";
import { backoffMs, DEFAULT_BACKOFF } from "../../src/runtime/backoff.ts";

const LONGEST = 2 ** 32 - 1;

describe("backoff", () => {
  test.each([
    [0, 100],
    [1, 200],
    [2, 400],
    [6, 6400],
    [7, 12_800],
    [8, 15_000],
    [1000, 15_000],
  ])("waits at most twice as long after attempt %i: %i ms", (attempt, ceiling) => {
    expect(backoffMs(attempt, LONGEST)).toBe(ceiling);
    expect(backoffMs(attempt, 0)).toBe(1);
  });

  test("spreads over the whole time up to the ceiling", () => {
    const halves = [0, 0];
    for (let i = 0; i < 1000; i++) {
      const wait = backoffMs(20, (i * 2654435761) >>> 0, DEFAULT_BACKOFF);
      expect(wait).toBeGreaterThanOrEqual(1);
      expect(wait).toBeLessThanOrEqual(DEFAULT_BACKOFF.maxMs);
      if (wait > DEFAULT_BACKOFF.maxMs / 2) halves[1] = (halves[1] ?? 0) + 1;
      else halves[0] = (halves[0] ?? 0) + 1;
    }
    expect(Math.abs((halves[0] ?? 0) - (halves[1] ?? 0))).toBeLessThan(100);
  });
});
