import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, parseBytes } from "../../src/base/size.ts";

test.each([
  ["0", 0],
  ["17", 17],
  ["17b", 17],
  ["64kb", 65_536],
  ["512mb", 536_870_912],
  ["1gb", 1_073_741_824],
  ["1GB", 1_073_741_824],
  ["2tb", 2_199_023_255_552],
])("reads %s as %d bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["", "gb", "-1", "+1", "1.5gb", "1 gb", "1k", "1gib", "1e9", "0x10", "1gb\n", "999999999999999tb"])(
  "refuses %j",
  (text) => {
    expect(parseBytes(text)).toBeUndefined();
  },
);

test("what is formatted is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      expect(parseBytes(formatBytes(bytes))).toBe(bytes);
    }),
  );
  expect(formatBytes(1_073_741_824)).toBe("1gb");
});
