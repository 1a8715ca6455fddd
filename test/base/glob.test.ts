import { expect, test } from "vitest";
import { isMatch, literalPrefix } from "../../src/base/glob.ts";

test.each([
  ["*", "", true],
  ["a*c", "abbc", true],
  ["a*c", "abb", false],
  ["h?llo", "hello", true],
  ["h[^e]llo", "hello", false],
  ["h[a-c]llo", "hbllo", true],
  ["h[c-a]llo", "hbllo", true],
  ["h\\*llo", "h*llo", true],
  ["h\\*llo", "hello", false],
  ["[", "a", false],
  ["[a", "a", true],
  ["a\\", "a\\", true],
  ["*a*b*", "xxaxxbxx", true],
])("%s matches %s: %s", (pattern, text, matches) => {
  expect(isMatch(pattern, text)).toBe(matches);
});

test("a pattern made to be tried over and over takes no more than pattern times text", () => {
  const pattern = `${"*a".repeat(500)}b`;
  expect(isMatch(pattern, "a".repeat(10_000))).toBe(false);
});

test("what every match begins with is what stands before anything wild", () => {
  expect(["user:*", "a?b", "a\\*", "[ab]c", "plain"].map(literalPrefix)).toEqual(["user:", "a", "a", "", "plain"]);
});
