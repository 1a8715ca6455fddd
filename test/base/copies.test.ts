import { expect, it } from "vitest";
import { Copies } from "../../src/base/copies.ts";

const PAGE_BYTES = 256;
const SHARED_BYTES_MAX = 16;

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

it("copies keep what was copied, whatever becomes of the original and of other copies", () => {
  const copies = new Copies(PAGE_BYTES);
  const lengths = Array.from({ length: 200 }, (_, i) => i % (2 * SHARED_BYTES_MAX));
  const made = lengths.map((length, i) => {
    const original = filled(length, i);
    const copy = copies.of(original);
    original.fill(255);
    return copy;
  });
  expect(made).toEqual(lengths.map((length, i) => filled(length, i)));
});

it("small copies share pages, and longer ones have a buffer of their own", () => {
  const copies = new Copies(PAGE_BYTES);
  const small = Array.from({ length: 2 * (PAGE_BYTES / SHARED_BYTES_MAX) }, () => copies.room(SHARED_BYTES_MAX));
  expect(new Set(small.map(({ buffer }) => buffer)).size).toBe(2);
  expect(copies.of(filled(SHARED_BYTES_MAX + 1, 1)).buffer.byteLength).toBe(SHARED_BYTES_MAX + 1);
});

it("room holds zeros", () => {
  const copies = new Copies(PAGE_BYTES);
  copies.room(SHARED_BYTES_MAX).fill(1);
  expect(copies.room(SHARED_BYTES_MAX)).toEqual(filled(SHARED_BYTES_MAX, 0));
});
