import fc from "fast-check";
import { expect, it } from "vitest";
import { PackedItems } from "../../src/base/packed-items.ts";

it("gives back what was added, in order, in pieces of bounded size", () => {
  const item = fc.oneof(
    fc.double({ noNaN: true }),
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 70_000, maxLength: 70_001 }),
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 400 }), (items) => {
      const packed = new PackedItems();
      let bytes = 0;
      for (const each of items) {
        bytes += PackedItems.bytesOf(typeof each === "number" ? 8 : each.length);
        if (typeof each === "number") packed.addDouble(each);
        else packed.add(Uint8Array.of(1, ...each, 2), 1, each.length + 1);
      }
      expect([packed.count, packed.bytes]).toEqual([items.length, bytes]);
      const read: (number | Uint8Array)[] = [];
      const reader = {
        bytes: (piece: Uint8Array, start: number, end: number) => void read.push(piece.slice(start, end)),
        double: (value: number) => void read.push(value),
      };
      for (const _ of packed.read(reader));
      expect(read).toEqual(items);
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
