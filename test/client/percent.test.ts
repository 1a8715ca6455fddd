import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePercent, encodePercent, keyToText } from "../../src/client/percent.ts";

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => String.fromCharCode(...array));

test("bytes come back as they were, and the text is plain ASCII", () => {
  fc.assert(
    fc.property(bytes, (key) => {
      expect(encodePercent(key)).toMatch(/^[A-Za-z0-9._~%-]*$/);
      expect(decodePercent(encodePercent(key))).toBe(key);
    }),
  );
});

test.each(["%", "%4", "a%zz", "%%41", "€"])("refuses %j", (text) => {
  expect(decodePercent(text)).toBeUndefined();
});

test("text stands for its UTF-8 bytes", () => {
  expect(keyToText("\xc3\xa9")).toBe("é");
});

test("keys that a terminal would misread are shown encoded", () => {
  expect(keyToText("\xff")).toBe("%FF");
  expect(keyToText("a\u001b[2Jb")).toBe("a%1B%5B2Jb");
  expect(keyToText("a\nb")).toBe("a%0Ab");
});
