import { expect, it } from "vitest";
import { ByteWriter } from "../../src/base/bytes.ts";
import { copyBytes, copyShort, SHORT_BYTES_MAX } from "../../src/base/copy.ts";

const LENGTHS = [0, 1, 3, 4, 5, 15, 16, 17, 31, 148, SHORT_BYTES_MAX, SHORT_BYTES_MAX + 1, 1000];

const source = Uint8Array.from({ length: 2048 }, (_, i) => i * 31 + (i >>> 8));
const view = new DataView(source.buffer, 5);

const COPIES = LENGTHS.flatMap((length) => [copyShort, copyBytes].map((copy) => [length, copy] as const));

it.each(COPIES)("copies %i bytes and no byte beside them", (length, copy) => {
  const target = new Uint8Array(2048).fill(0xee);
  copy(view, 3, length, new DataView(target.buffer), 7);
  const expected = new Uint8Array(2048).fill(0xee);
  expected.set(source.subarray(8, 8 + length), 7);
  expect(target).toEqual(expected);
});

it("appends slices of a view, short and long ones, also as the writer grows", () => {
  const writer = new ByteWriter(16);
  const expected: number[] = [];
  for (const length of LENGTHS) {
    writer.slice(view, 3, length);
    expected.push(...source.subarray(8, 8 + length));
  }
  expect([...writer.view()]).toEqual(expected);
});
