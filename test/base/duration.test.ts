import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDurationMs } from "../../src/base/duration.ts";

test.each([
  ["60s", 60_000],
  ["500ms", 500],
  ["10m", 600_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["5", 5_000],
  ["0", 0],
  ["007s", 7_000],
])("reads %s as %d ms", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  "",
  " ",
  "s",
  "ms",
  "-1s",
  "+1s",
  "1.5s",
  "1 s",
  " 1s",
  "1s ",
  "1s\n",
  "1S",
  "1w",
  "1e3",
  "0x10",
  "1s1",
  "1m30s",
  "NaN",
  "Infinity",
  "9999999999999999",
  "999999999999999d",
  "١s",
  "__proto__",
])("refuses %j", (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});

test("what is formatted is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000_000_000 }), (ms) => {
      expect(parseDurationMs(formatDuration(ms))).toBe(ms);
    }),
  );
  expect(formatDuration(86_400_000)).toBe("1d");
  expect(formatDuration(500)).toBe("500ms");
});
