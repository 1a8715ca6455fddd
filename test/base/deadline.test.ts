import { expect, it } from "vitest";
import { isDue } from "../../src/base/deadline.ts";

it.each([
  ["before it", 999, false],
  ["at it", 1000, true],
  ["after it", 5000, true],
  ["as long before it as anybody waits", 900, false],
  ["longer before it than anybody waits: the clock was put back", 899, true],
])("a deadline is reached or not %s", (_when, now, expected) => {
  expect(isDue({ dueAt: 1000, waitMaxMs: 100 }, now)).toBe(expected);
});
