import { describe, expect, it } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { decompressSnappy } from "../../src/runtime/snappy.ts";

const text = (value: string) => [...new TextEncoder().encode(value)];

describe("decompressSnappy", () => {
  it.each([
    ["nothing", [0], ""],
    ["a literal", [3, 2 << 2, ...text("abc")], "abc"],
    ["a literal with its length in a byte", [61, 60 << 2, 60, ...text("x".repeat(61))], "x".repeat(61)],
    ["a literal with its length in two", [61, 61 << 2, 60, 0, ...text("x".repeat(61))], "x".repeat(61)],
    ["a near copy", [8, 3 << 2, ...text("abcd"), 1, 4], "abcdabcd"],
    ["a copy that runs into itself", [10, 0, ...text("a"), (8 << 2) | 2, 1, 0], "aaaaaaaaaa"],
    ["a far copy", [4, 1 << 2, ...text("ab"), (1 << 2) | 3, 2, 0, 0, 0], "abab"],
  ])("reads %s", (_name, bytes, expected) => {
    expect(new TextDecoder().decode(decompressSnappy(Uint8Array.from(bytes), 100))).toBe(expected);
  });

  it.each([
    ["no bytes at all", []],
    ["more announced than allowed", [101]],
    ["a literal cut off", [3, 2 << 2, ...text("ab")]],
    ["more than was announced", [2, 2 << 2, ...text("abc")]],
    ["less than was announced", [4, 2 << 2, ...text("abc")]],
    ["a copy of what is not there", [8, 3 << 2, ...text("abcd"), 1, 5]],
    ["a copy of nothing", [8, 3 << 2, ...text("abcd"), 1, 0]],
    ["a copy beyond what was announced", [6, 3 << 2, ...text("abcd"), 1, 4]],
    ["a copy cut off", [8, 3 << 2, ...text("abcd"), 2, 4]],
    ["a literal of 4 GiB", [4, 63 << 2, 255, 255, 255, 255]],
  ])("refuses %s", (_name, bytes) => {
    expect(() => decompressSnappy(Uint8Array.from(bytes), 100)).toThrow(BadBytes);
  });

  it("answers any bytes, with what they say or BadBytes", () => {
    const random = new SeededRandom("snappy");
    for (let run = 0; run < 20_000; run++) {
      const bytes = Uint8Array.from({ length: random.below(40) }, () => random.below(256));
      try {
        expect(decompressSnappy(bytes, 1000).length).toBeLessThanOrEqual(1000);
      } catch (error) {
        expect(error).toBeInstanceOf(BadBytes);
      }
    }
  });
});
