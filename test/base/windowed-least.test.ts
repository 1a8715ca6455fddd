import { expect, it } from "vitest";
import { WindowedLeast } from "../../src/base/windowed-least.ts";

it("is the least of one window at least, and of two at most", () => {
  const least = new WindowedLeast(100);
  expect(least.least).toBe(Infinity);
  expect(least.note(5, 0)).toBe(5);
  expect(least.note(3, 50)).toBe(3);
  expect(least.note(7, 99)).toBe(3);
  expect(least.note(7, 100)).toBe(3);
  expect(least.note(8, 199)).toBe(3);
  expect(least.note(9, 200)).toBe(7);
  expect(least.note(9, 300)).toBe(9);
});

it("begins a window where the clock is put back", () => {
  const least = new WindowedLeast(100);
  least.note(3, 1000);
  expect(least.note(5, 500)).toBe(3);
  expect(least.note(5, 600)).toBe(5);
});
