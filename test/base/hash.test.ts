import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import { halfSipHash13, hashText, mix32, xxHash32 } from "../../src/base/hash.ts";

const PRIME = 2654435761;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The buffer of xxHash's own sanity check. */
function sanityBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let generator = PRIME | 0;
  for (let i = 0; i < length; i++) {
    bytes[i] = generator >>> 24;
    generator = Math.imul(generator, generator);
  }
  return bytes;
}

describe("xxHash32", () => {
  it.each([
    [0, 0, 0x02cc5d05],
    [0, PRIME, 0x36b78ae7],
    [1, 0, 0xb85cbee5],
    [1, PRIME, 0xd5845d64],
    [14, 0, 0xe5aa0ab4],
    [14, PRIME, 0x4481951d],
    [101, 0, 0x1f1aa412],
    [101, PRIME, 0x498ec8e2],
  ])("gives the published hash of %i sanity bytes with seed %i", (length, seed, expected) => {
    expect(xxHash32(viewOf(sanityBytes(length)), 0, length, seed)).toBe(expected);
  });

  it.each([
    ["a", 0x550d7456],
    ["abc", 0x32d153ff],
    ["Nobody inspects the spammish repetition", 0xe2293b2f],
  ])("gives the published hash of %j", (text, expected) => {
    expect(hashText(text, 0)).toBe(expected);
  });

  it("reads only the bytes between start and end", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(20),
        fc.nat(20),
        fc.nat(255),
        (bytes, before, after, fill) => {
          const padded = new Uint8Array(before + bytes.length + after).fill(fill);
          padded.set(bytes, before);
          const hash = xxHash32(viewOf(padded), before, before + bytes.length, 9);
          expect(hash).toBe(xxHash32(viewOf(bytes), 0, bytes.length, 9));
        },
      ),
    );
  });
});

describe("hashText", () => {
  it("equals the hash of the text's latin1 bytes, also for texts longer than any before", () => {
    for (const length of [0, 1, 15, 16, 17, 255, 256, 257, 1000, 5000, 3]) {
      const text = Array.from({ length }, (_, i) => String.fromCharCode((i * 37 + length) & 255)).join("");
      const bytes = bytesFromLatin1(text);
      expect(hashText(text, 5)).toBe(xxHash32(viewOf(bytes), 0, bytes.length, 5));
    }
  });
});

describe("mix32", () => {
  it("maps different numbers to different numbers, unsigned", () => {
    const seen = new Set<number>();
    for (let i = 0; i < 65536; i++) seen.add(mix32(i << 13) >>> 0);
    expect(seen.size).toBe(65536);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
  });
});

/** HalfSipHash-c-d as the paper tells it, in BigInt, one step a line. */
function slowHalfSipHash(rounds: { c: number; d: number }, bytes: Uint8Array, k0: number, k1: number): number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
  const v: [bigint, bigint, bigint, bigint] = [0n, 0n, 0x6c796765n, 0x74656462n];
  v[0] ^= BigInt(k0 >>> 0);
  v[1] ^= BigInt(k1 >>> 0);
  v[2] ^= BigInt(k0 >>> 0);
  v[3] ^= BigInt(k1 >>> 0);
  const round = (): void => {
    v[0] = (v[0] + v[1]) & mask;
    v[1] = rotate(v[1], 5n) ^ v[0];
    v[0] = rotate(v[0], 16n);
    v[2] = (v[2] + v[3]) & mask;
    v[3] = rotate(v[3], 8n) ^ v[2];
    v[0] = (v[0] + v[3]) & mask;
    v[3] = rotate(v[3], 7n) ^ v[0];
    v[2] = (v[2] + v[1]) & mask;
    v[1] = rotate(v[1], 13n) ^ v[2];
    v[2] = rotate(v[2], 16n);
  };
  const whole = bytes.length - (bytes.length % 4);
  const words: bigint[] = [];
  for (let at = 0; at < whole; at += 4) words.push(BigInt(viewOf(bytes).getUint32(at, true)));
  let last = BigInt(bytes.length & 255) << 24n;
  for (let at = whole; at < bytes.length; at++) last |= BigInt(bytes[at] ?? 0) << BigInt(8 * (at - whole));
  words.push(last);
  for (const word of words) {
    v[3] ^= word;
    for (let i = 0; i < rounds.c; i++) round();
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  for (let i = 0; i < rounds.d; i++) round();
  return Number(v[1] ^ v[3]);
}

describe("halfSipHash13", () => {
  const k0 = 0x03020100;
  const k1 = 0x07060504;

  it("is tested against a twin that gives the published vectors of HalfSipHash-2-4", () => {
    const vectors = [
      0x5b9f35a9, 0xb85a4727, 0x03a662fa, 0x04e7fe8a, 0x89466e2a, 0x69b6fac5, 0x23fc6358, 0xc563cf8b, 0x8f84b8d0,
      0x79e706f8, 0x3479b094, 0x50300808, 0x2f87f057, 0xff63e677, 0x7cf8ffd6, 0x972bfe74,
    ];
    for (const [length, expected] of vectors.entries()) {
      const bytes = Uint8Array.from({ length }, (_, i) => i);
      expect(slowHalfSipHash({ c: 2, d: 4 }, bytes, k0, k1)).toBe(expected);
    }
  });

  it.each([
    ["", 1477757078],
    ["a", -77271002],
    ["abc", -1022865351],
    ["abcd", 154581159],
    ["hello, world!", 1111019042],
  ])("gives the known hash of %j", (text, expected) => {
    const bytes = bytesFromLatin1(text);
    expect(halfSipHash13(viewOf(bytes), 0, bytes.length, k0, k1)).toBe(expected >>> 0);
  });

  it("equals the twin for all lengths, keys and offsets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), fc.integer(), fc.integer(), (bytes, at, a, b) => {
        const padded = new Uint8Array(at + bytes.length + 5).fill(255);
        padded.set(bytes, at);
        const hash = halfSipHash13(viewOf(padded), at, at + bytes.length, a >>> 0, b);
        expect(hash).toBe(slowHalfSipHash({ c: 1, d: 3 }, bytes, a, b));
      }),
      { numRuns: 300 },
    );
  });
});
