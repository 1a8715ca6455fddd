import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";

function draw(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

describe("SeededRandom", () => {
  it("gives equal streams for equal seeds, be they number or text, and others for other seeds", () => {
    expect(draw(new SeededRandom(7), 50)).toEqual(draw(new SeededRandom("7"), 50));
    expect(draw(new SeededRandom(7), 50)).not.toEqual(draw(new SeededRandom(8), 50));
    expect(draw(new SeededRandom("日"), 9)).not.toEqual(draw(new SeededRandom("月"), 9));
  });

  it("never changes: runs recorded by their seed must replay", () => {
    expect(draw(new SeededRandom(1), 4)).toMatchInlineSnapshot(`
      [
        2018135503,
        2953775907,
        2532646535,
        2193489992,
      ]
    `);
    expect(draw(new SeededRandom(1).fork("disk"), 4)).toMatchInlineSnapshot(`
      [
        3911215050,
        2334041533,
        360826033,
        1376778836,
      ]
    `);
  });

  it("forks a stream that depends on seed and label, not on what was drawn", () => {
    const parent = new SeededRandom(3);
    const early = draw(parent.fork("network"), 20);
    draw(parent, 100);
    expect(draw(parent.fork("network"), 20)).toEqual(early);
    expect(draw(parent.fork("disk"), 20)).not.toEqual(early);
    expect(draw(parent.fork("network").fork("a"), 20)).not.toEqual(early);
  });

  it("spreads below(6) evenly", () => {
    const random = new SeededRandom("even");
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) {
      const face = random.below(6);
      counts[face] = (counts[face] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("draws below numbers beyond 32 bits, and refuses what has no answer", () => {
    const random = new SeededRandom("wide");
    let greatest = 0;
    for (let i = 0; i < 200; i++) greatest = Math.max(greatest, random.below(2 ** 53));
    expect(greatest).toBeGreaterThan(2 ** 52);
    expect(greatest).toBeLessThan(2 ** 53);
    expect(() => random.below(0)).toThrow("BUG:");
    expect(() => random.pick([])).toThrow("BUG:");
  });

  it("keeps its bounds: between includes both ends, chance 0 never and 1 always", () => {
    const random = new SeededRandom("bounds");
    const seen = new Set<number>();
    for (let i = 0; i < 500; i++) {
      seen.add(random.between(-2, 3));
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  });

  it("shuffles in place into every order, losing nothing", () => {
    const random = new SeededRandom("cards");
    const orders = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const list = [1, 2, 3];
      expect(random.shuffle(list)).toBe(list);
      orders.add(list.join(""));
    }
    expect(orders.size).toBe(6);
    expect([1, 2, 3]).toContain(random.pick([1, 2, 3]));
  });
});
