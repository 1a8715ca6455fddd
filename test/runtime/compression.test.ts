import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import { compress, decompress } from "../../src/runtime/compression.ts";

function jsonLike(size: number): Uint8Array {
  const rows = Array.from({ length: Math.ceil(size / 40) }, (_, row) =>
    JSON.stringify({ id: row, name: `user-${row}` }),
  );
  return new TextEncoder().encode(rows.join("").padEnd(size, "{}")).subarray(0, size);
}

describe("a message", () => {
  const sizes = [1024, 5000, 32 * 1024, 32 * 1024 + 1, 300_000, 3 * 1024 * 1024];
  test.each(sizes)("of %i bytes of JSON shrinks, and comes back as it was", (size) => {
    const message = jsonLike(size);
    const before = message.slice();
    const compressed = compress(message) ?? message;
    expect(compressed.length).toBeLessThan(size / 2);
    expect(Buffer.compare(message, before)).toBe(0);
    const back = decompress(compressed, size);
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
    expect(Buffer.compare(back, message)).toBe(0);
  });

  test.each([1024, 20_000, 200_000])("of %i random bytes is left as it is", (size) => {
    expect(compress(randomBytes(size))).toBeUndefined();
  });

  test("below 1 KiB is left as it is, whatever it would save", () => {
    expect(compress(new Uint8Array(1023))).toBeUndefined();
    expect(compress(new Uint8Array(1024))).toBeDefined();
  });

  test("that saves less than an eighth is left as it is", () => {
    const mixed = (zeros: number) => Uint8Array.of(...randomBytes(4096 - zeros), ...new Uint8Array(zeros));
    expect(compress(mixed(300))).toBeUndefined();
    expect(compress(mixed(1000))).toBeDefined();
  });
});

describe("hostile bytes", () => {
  const bomb = deflateRawSync(new Uint8Array(64 * 1024 * 1024));
  test("a bomb is given no more than it claimed", () => {
    expect(bomb.length).toBeLessThan(80_000);
    const before = process.memoryUsage();
    expect(() => decompress(bomb, 100_000)).toThrow(BadBytes);
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(4 * 1024 * 1024);
  });

  const honest = compress(new Uint8Array(2000).fill(3)) ?? new Uint8Array(0);
  const cases: readonly [string, Uint8Array, number][] = [
    ["one byte more than claimed", honest, 1999],
    ["one byte less than claimed", honest, 2001],
    ["cut short", honest.subarray(0, -1), 2000],
    ["followed by more", Uint8Array.of(...honest, 0), 2000],
    ["nothing", new Uint8Array(0), 2000],
    ["noise", new Uint8Array(100).fill(255), 2000],
  ];
  test.each(cases)("%s is refused", (_, compressed, length) => {
    expect(() => decompress(compressed, length)).toThrow(BadBytes);
  });

  test("nothing but BadBytes is thrown, whatever comes", () => {
    const near = fc.tuple(fc.nat(honest.length - 1), fc.nat(255)).map(([at, value]) => {
      const changed = honest.slice();
      changed[at] = value;
      return changed;
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 200 })), fc.nat(5000), (bytes, length) => {
        try {
          expect(decompress(bytes, length + 1)).toHaveLength(length + 1);
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
        }
      }),
    );
  });
});
