import { describe, expect, it } from "vitest";
import { DiskBudget } from "../../src/replica/disk-budget.ts";

const measure = (folderBytes: number, recordBytes: number, writtenBytes: number) => ({
  folderBytes,
  recordBytes,
  writtenBytes,
});

describe("what of a bounded disk is for registers", () => {
  it("is all of it until that is nearly full", () => {
    const budget = new DiskBudget(1000);
    expect(budget.note(measure(849, 840, 5000))).toBe(false);
    expect([budget.standingBytesMax, budget.isSpent(5000), budget.isAtBound]).toEqual([Infinity, false, false]);
  });

  it("is found by rewriting it first, and by what it takes for each byte then", () => {
    const budget = new DiskBudget(1000);
    expect(budget.note(measure(950, 600, 5000))).toBe(true);
    // Until that is done, as if nothing were in vain.
    expect(budget.standingBytesMax).toBe(750);
    expect(budget.note(measure(640, 600, 5010))).toBe(false);
    expect(budget.standingBytesMax).toBe(Infinity);
    expect(budget.note(measure(960, 800, 5300))).toBe(true);
    expect(budget.note(measure(960, 800, 5300))).toBe(false);
    expect(budget.standingBytesMax).toBeCloseTo((750 * 800) / 960);
  });

  it("is rewritten again once enough was written or let go, and may hold more once it is well below", () => {
    const budget = new DiskBudget(1000);
    budget.note(measure(960, 960, 0));
    budget.note(measure(960, 960, 0));
    expect(budget.standingBytesMax).toBe(750);
    expect(budget.note(measure(965, 920, 5))).toBe(false);
    expect(budget.note(measure(965, 800, 20))).toBe(true);
    expect(budget.note(measure(805, 800, 20))).toBe(false);
    expect(budget.standingBytesMax).toBe(750);
    expect(budget.note(measure(640, 800, 20))).toBe(false);
    expect(budget.standingBytesMax).toBe(Infinity);
  });

  it("does not take for what is held what was written while it was rewritten", () => {
    const budget = new DiskBudget(1000);
    budget.note(measure(950, 800, 0));
    expect(budget.note(measure(900, 800, 100))).toBe(false);
    expect(budget.standingBytesMax).toBe(750);
  });

  it("goes by nothing that a rewriting left which failed, and has it done again", () => {
    const budget = new DiskBudget(1000);
    expect(budget.note(measure(950, 500, 0))).toBe(true);
    budget.notRewritten();
    expect(budget.standingBytesMax).toBe(750);
    expect(budget.note(measure(950, 500, 0))).toBe(true);
    expect(budget.note(measure(900, 500, 0))).toBe(false);
    expect(budget.standingBytesMax).toBeCloseTo((750 * 500) / 900);
  });

  it("is spent at the bound, until there is room again", () => {
    const budget = new DiskBudget(1000);
    budget.note(measure(1000, 800, 0));
    expect(budget.isSpent(0)).toBe(true);
    budget.saw(measure(810, 800, 0));
    expect([budget.isSpent(189), budget.isSpent(190)]).toEqual([false, true]);
  });
});
