import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OrderedSlots } from "../../../src/core/containers/ordered-slots.ts";

/** Slots whose order is another than that of their numbers. */
function placeOf(slot: number): number {
  return Math.imul(slot, 0x9e3779b1) >>> 0;
}

function create(): OrderedSlots {
  return new OrderedSlots((a, b) => placeOf(a) < placeOf(b));
}

function inOrder(slots: Iterable<number>): number[] {
  return [...slots].sort((a, b) => placeOf(a) - placeOf(b));
}

describe("OrderedSlots", () => {
  it("holds nothing at first", () => {
    const slots = create();
    expect(slots.size).toBe(0);
    expect(slots.at(0)).toBe(0);
    expect(slots.rank(() => true)).toBe(0);
    expect([...slots.from(0)]).toEqual([]);
  });

  it("is what a sorted array is, whatever comes and goes", () => {
    const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 2000 }));
    fc.assert(
      fc.property(fc.array(step, { size: "max", minLength: 500, maxLength: 3000 }), fc.nat(1000), (steps, from) => {
        const slots = create();
        const twin = new Set<number>();
        for (const [adds, slot] of steps) {
          if (adds === twin.has(slot)) continue;
          if (adds) {
            slots.add(slot);
            twin.add(slot);
          } else {
            slots.remove(slot);
            twin.delete(slot);
          }
          expect(slots.size).toBe(twin.size);
        }
        const sorted = inOrder(twin);
        expect([...slots.from(0)]).toEqual(sorted);
        expect([...slots.from(from)]).toEqual(sorted.slice(from));
        expect([...slots.copy(from, 2 * from)]).toEqual(sorted.slice(from, 2 * from));
        expect([...slots.copy(-1, Infinity)]).toEqual(sorted);
        for (const [rank, slot] of sorted.entries()) {
          expect(slots.at(rank)).toBe(slot);
          expect(slots.rank((other) => placeOf(other) < placeOf(slot))).toBe(rank);
        }
        expect(slots.at(sorted.length)).toBe(0);
        expect(slots.at(-1)).toBe(0);
        expect(slots.rank(() => true)).toBe(sorted.length);
      }),
      { numRuns: 30 },
    );
  });

  it("stays exact while many thousands come, and go again in another order", () => {
    const slots = create();
    const count = 20_000;
    for (let slot = 1; slot <= count; slot++) slots.add(slot);
    const sorted = inOrder(Array.from({ length: count }, (_, i) => i + 1));
    expect([...slots.from(0)]).toEqual(sorted);
    for (let slot = 1; slot <= count; slot += 2) slots.remove(slot);
    for (let slot = count; slot > 0; slot -= 4) slots.remove(slot);
    const left = sorted.filter((slot) => slot % 2 === 0 && slot % 4 !== 0);
    expect([...slots.from(0)]).toEqual(left);
    for (const slot of left) slots.remove(slot);
    expect(slots.size).toBe(0);
    slots.add(7);
    expect([...slots.from(0)]).toEqual([7]);
  });

  it("refuses to take out what is not where its order says", () => {
    const slots = create();
    slots.add(1);
    expect(() => slots.remove(2)).toThrow("BUG:");
  });

  it("asks for the order of few, however many there are", () => {
    let looks = 0;
    const slots = new OrderedSlots((a, b) => {
      looks++;
      return placeOf(a) < placeOf(b);
    });
    for (let slot = 1; slot <= 100_000; slot++) slots.add(slot);
    looks = 0;
    slots.add(100_001);
    slots.remove(50_000);
    expect(looks).toBeLessThan(2 * 40);
  });
});
