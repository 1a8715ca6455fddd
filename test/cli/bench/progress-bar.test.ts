import { expect, test } from "vitest";
import { formatProgress } from "../../../src/cli/bench/progress-bar.ts";

test("a bar fills up to its end and no further", () => {
  const bar = (share: number) => formatProgress({ name: "x", share, facts: [] });
  expect(bar(0)).toBe("x [------------------------] 0%");
  expect(bar(0.5)).toBe("x [############------------] 50%");
  expect(bar(0.999)).toBe("x [#######################-] 99%");
  expect(bar(1.2)).toBe("x [########################] 100%");
});

test("facts stand behind it, without those that are empty", () => {
  const line = formatProgress({ name: "measuring", share: 0, facts: ["1,000/s", "", "3 errors"] });
  expect(line).toBe("measuring [------------------------] 0%  1,000/s  3 errors");
});
