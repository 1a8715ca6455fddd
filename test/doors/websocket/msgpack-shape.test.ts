import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isSoundMsgpack } from "../../../src/doors/websocket/msgpack-shape.ts";

const value = fc.anything({
  maxDepth: 4,
  withTypedArray: false,
  values: [fc.string({ maxLength: 300 }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.uint8Array()],
});

it("is true of what the library encodes, and of no proper part of it or more than it", () => {
  fc.assert(
    fc.property(value, fc.nat(), (message, at) => {
      const bytes = encode(message);
      expect(isSoundMsgpack(bytes)).toBe(true);
      expect(isSoundMsgpack(bytes.subarray(0, at % bytes.length))).toBe(false);
      expect(isSoundMsgpack(Uint8Array.from([...bytes, 0xc0]))).toBe(false);
    }),
  );
});

it("takes every length field to its width", () => {
  for (const length of [0, 31, 32, 255, 256, 65_535, 65_536]) {
    expect(isSoundMsgpack(encode("x".repeat(length)))).toBe(true);
    expect(isSoundMsgpack(encode(new Uint8Array(length)))).toBe(true);
    expect(isSoundMsgpack(encode(Array(length % 40_000).fill(1)))).toBe(true);
  }
  expect(isSoundMsgpack(Uint8Array.of(0xdd, 0, 0, 0, 1, 1))).toBe(true);
  expect(isSoundMsgpack(Uint8Array.of(0xdf, 0, 0, 0, 1, 1, 1))).toBe(true);
});

it("bounds depth, containers and items", () => {
  const nested = (depth: number) => Uint8Array.from([...Array<number>(depth).fill(0x91), 0xc0]);
  expect([isSoundMsgpack(nested(16)), isSoundMsgpack(nested(17))]).toEqual([true, false]);
  expect(isSoundMsgpack(encode(Array(20_001).fill([])))).toBe(false);
  expect([isSoundMsgpack(encode(Array(39_999).fill(1))), isSoundMsgpack(encode(Array(40_000).fill(1)))]).toEqual([
    true,
    false,
  ]);
});

it("never throws, whatever the bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => typeof isSoundMsgpack(bytes) === "boolean"));
});
