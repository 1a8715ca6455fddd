import fc from "fast-check";
import { expect, it } from "vitest";
import { PackedItems } from "../../src/base/packed-items.ts";

/** Longer than a piece, and quick to make. */
const long = fc
  .tuple(fc.constantFrom(70_000, 70_001), fc.nat({ max: 255 }))
  .map(([length, first]) => new Uint8Array(length).map((_, i) => first + i));

/** Quick to compare. */
function shown(item: number | Uint8Array): number | string {
  return typeof item === "number" ? item : Buffer.from(item).toString("latin1");
}

it("gives back what was added, in order, in pieces of bounded size", () => {
  const item = fc.oneof(fc.double({ noNaN: true }), fc.uint8Array({ maxLength: 300 }), long);
  fc.assert(
    fc.property(fc.array(item, { maxLength: 400 }), (items) => {
      const packed = new PackedItems();
      let bytes = 0;
      for (const each of items) {
        bytes += PackedItems.bytesOf(typeof each === "number" ? 8 : each.length);
        if (typeof each === "number") packed.addDouble(each);
        else packed.add(Buffer.concat([Uint8Array.of(1), each, Uint8Array.of(2)]), 1, each.length + 1);
      }
      expect([packed.count, packed.bytes]).toEqual([items.length, bytes]);
      const read: (number | Uint8Array)[] = [];
      const reader = {
        bytes: (piece: Uint8Array, start: number, end: number) => void read.push(piece.slice(start, end)),
        double: (value: number) => void read.push(value),
      };
      for (const _ of packed.read(reader));
      expect(read.map(shown)).toEqual(items.map(shown));
    }),
    { numRuns: 30 },
  );
});

it("pauses after each piece", () => {
  const packed = new PackedItems();
  const item = new Uint8Array(1020);
  for (let i = 0; i < 640; i++) packed.add(item);
  let read = 0;
  const counts: number[] = [];
  for (const _ of packed.read({ bytes: () => void read++, double: () => {} })) counts.push(read);
  expect(counts).toEqual(Array.from({ length: 10 }, (_, i) => 64 * (i + 1)));
  expect(read).toBe(640);
});
