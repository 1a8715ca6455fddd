import { expect, test } from "vitest";
import { formatProgress, progressBar } from "../../src/cli/progress-bar.ts";

test("a bar is as full as its share, and never over its ends", () => {
  expect(progressBar(0)).toBe("[........................]   0%");
  expect(progressBar(0.5)).toBe("[############............]  50%");
  expect(progressBar(0.999)).toBe("[#######################.]  99%");
  for (const share of [1, 7]) expect(progressBar(share)).toBe("[########################] 100%");
  expect(progressBar(-1)).toBe(progressBar(0));
});

test("facts stand behind it, without those that are empty", () => {
  const line = formatProgress({ name: "measuring", share: 0, facts: ["1,000/s", "", "3 errors"] });
  expect(line).toBe("measuring [........................]   0%  1,000/s  3 errors");
});
