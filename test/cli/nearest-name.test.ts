import { expect, test } from "vitest";
import { editDistance, nearestName } from "../../src/cli/nearest-name.ts";

test("counts insertions, deletions and replacements", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("abc", "abc")).toBe(0);
});

test("suggests what is near, and nothing that is not", () => {
  expect(nearestName("prot", ["host", "port", "region"])).toBe("port");
  expect(nearestName("zebra", ["host", "port"])).toBeUndefined();
  expect(nearestName("x".repeat(1e6), ["host"])).toBeUndefined();
});
