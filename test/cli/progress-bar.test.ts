import { expect, test } from "vitest";
import { grouped, progressBar, readableBytes } from "../../src/cli/progress-bar.ts";

test("a bar is as full as its share, and never over its ends", () => {
  expect(progressBar(0)).toBe("[........................]   0%");
  expect(progressBar(0.5)).toBe("[############............]  50%");
  expect(progressBar(0.999)).toBe("[#######################.]  99%");
  for (const share of [1, 7]) expect(progressBar(share)).toBe("[########################] 100%");
  expect(progressBar(-1)).toBe(progressBar(0));
});

test("counts have their thousands apart", () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
});

test("bytes are told with the greatest unit that they fill", () => {
  const sizes = [0, 1023, 1024, 1536, 150 * 1024, 1024 ** 2, 5.25 * 1024 ** 3, 3000 * 1024 ** 4];
  const told = ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "150 KiB", "1.0 MiB", "5.3 GiB", "3000 TiB"];
  expect(sizes.map(readableBytes)).toEqual(told);
});
