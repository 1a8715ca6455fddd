import { expect, it } from "vitest";
import { isTtlMs, TTL_MS_MAX } from "../../src/base/ttl.ts";

it.each([
  [1, true],
  [TTL_MS_MAX, true],
  [0, false],
  [TTL_MS_MAX + 1, false],
  [1.5, false],
  [Number.NaN, false],
  [Number.POSITIVE_INFINITY, false],
  ["1", false],
  [undefined, false],
])("takes %j ms as a time to live: %s", (value, taken) => {
  expect(isTtlMs(value)).toBe(taken);
});
