import { expect, test } from "vitest";
import { keyFromBytes, keyFromText } from "../../src/base/key.ts";

test("text stands for its UTF-8 bytes", () => {
  expect(keyFromText("é")).toBe("\xc3\xa9");
});

test("any bytes are a key", () => {
  expect(keyFromBytes(Uint8Array.of(0, 255, 47))).toBe("\x00\xff/");
});
