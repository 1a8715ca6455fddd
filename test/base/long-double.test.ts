import { expect, test } from "vitest";
import { addLongDoubles } from "../../src/base/long-double.ts";

test.each([
  ["0.1", "0.2", "0.3"],
  ["10.50", "0.1", "10.6"],
  ["5.0e3", "2.0e2", "5200"],
  ["3", "-3", "0"],
  ["-0.5", "0", "-0.5"],
  ["1e20", "0.5", "100000000000000000000"],
  ["0.1", "12345678901234567890", "12345678901234567890"],
  ["x", "1", "bad"],
  ["", "1", "bad"],
  ["1", "inf", "infinite"],
])("%s and %s are %s", (a, b, sum) => {
  expect(addLongDoubles(a, b)).toBe(sum);
});
