import { expect, test } from "vitest";
import { formatReport, judge } from "./report.ts";

const row = { what: "a", value: 8, unit: "ms" };

test.each([
  [{ ...row, target: "< 10 ms" }, "met"],
  [{ ...row, target: "< 8 ms" }, "missed"],
  [{ ...row, target: "<= 8" }, "met"],
  [{ ...row, ratio: 2.4, target: ">= 2.5x" }, "missed"],
  [{ ...row, ratio: 2.5, target: ">= 2.5x" }, "met"],
  [{ ...row, ratio: 1.3, target: "<= 1.25" }, "missed"],
  [{ ...row, ratio: 1.3, target: "<= 60 B" }, "met"],
  [{ ...row, target: "as fast as can be" }, "not judged"],
  [row, "not judged"],
])("judges %j: %s", (judged, verdict) => {
  expect(judge(judged)).toBe(verdict);
});

test("shows large numbers whole and small ones to three digits", () => {
  const text = formatReport({
    name: "bench",
    rows: [
      { ...row, value: 1_234_567.8 },
      { ...row, value: 0.012345 },
    ],
  });
  expect(text).toContain("1,234,568");
  expect(text).toContain("0.0123");
});
