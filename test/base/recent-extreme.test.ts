import { expect, it } from "vitest";
import { RecentExtreme } from "../../src/base/recent-extreme.ts";

it("is the least of one window at least, and of two at most", () => {
  const least = new RecentExtreme(100, Math.min);
  expect(least.value).toBe(Infinity);
  expect(least.note(5, 0)).toBe(5);
  expect(least.note(3, 50)).toBe(3);
  expect(least.note(7, 99)).toBe(3);
  expect(least.note(7, 100)).toBe(3);
  expect(least.note(8, 199)).toBe(3);
  expect(least.note(9, 200)).toBe(7);
  expect(least.note(9, 300)).toBe(9);
});

it("is the greatest where that is asked for", () => {
  const greatest = new RecentExtreme(100, Math.max);
  expect(greatest.value).toBe(-Infinity);
  expect(greatest.note(5, 0)).toBe(5);
  expect(greatest.note(3, 100)).toBe(5);
  expect(greatest.note(3, 200)).toBe(3);
});

it("begins a window where the clock is put back", () => {
  const least = new RecentExtreme(100, Math.min);
  least.note(3, 1000);
  expect(least.note(5, 500)).toBe(3);
  expect(least.note(5, 600)).toBe(5);
});
