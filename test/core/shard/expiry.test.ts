import fc from "fast-check";
import { expect, it } from "vitest";
import { ExpiryHeap } from "../../../src/core/shard/expiry.ts";

it("gives out the earliest of what is in it, like a sorted list", () => {
  const step = fc.oneof(
    fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 1000 })),
    fc.constant("pop" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new ExpiryHeap();
      const twin: (readonly [number, number])[] = [];
      for (const each of steps) {
        if (each !== "pop") {
          heap.push(...each);
          twin.push(each);
        } else {
          const earliest = Math.min(Infinity, ...twin.map(([instant]) => instant));
          expect(heap.earliest).toBe(earliest);
          const slot = heap.pop();
          const at = twin.findIndex(([instant, other]) => instant === earliest && other === slot);
          if (twin.length === 0) expect(slot).toBe(0);
          else twin.splice(at, at < 0 ? 0 : 1);
          expect(heap.size).toBe(twin.length);
        }
        const due = twin.filter(([instant]) => instant <= 25).map(([, slot]) => slot);
        expect(heap.dueBy(25, due.length)).toEqual(new Set(due));
        expect(due.length === 0 || heap.dueBy(25, due.length - 1) === undefined).toBe(true);
      }
    }),
  );
});

it("keeps no room for many once few are left, and all of those", () => {
  const heap = new ExpiryHeap();
  for (let i = 0; i < 100_000; i++) heap.push((i * 7919) % 100_000, i + 1);
  const full = heap.residentBytes;
  for (let i = 0; i < 99_990; i++) heap.pop();
  expect(heap.residentBytes).toBeLessThan(full / 1000);
  const left = Array.from({ length: 10 }, () => [heap.earliest, heap.pop()]);
  expect(left.map(([instant]) => instant)).toEqual(Array.from({ length: 10 }, (_, i) => 99_990 + i));
  expect(left.every(([instant, slot]) => (((slot as number) - 1) * 7919) % 100_000 === instant)).toBe(true);
  expect(heap.pop()).toBe(0);
});
