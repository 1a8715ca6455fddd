import { describe, expect, it } from "vitest";
import { DiskBudget } from "../../src/replica/disk-budget.ts";

describe("what of a bounded disk is for registers", () => {
  it("is all of it until that is nine tenths full", () => {
    const budget = new DiskBudget(1000);
    expect(budget.note({ folderBytes: 899, recordBytes: 890, writtenBytes: 5000 })).toBe(false);
    expect([budget.standingBytesMax, budget.isSpent(5000)]).toEqual([Infinity, false]);
  });

  it("is found by rewriting it first, and by what it takes for each byte then", () => {
    const budget = new DiskBudget(1000);
    expect(budget.note({ folderBytes: 950, recordBytes: 600, writtenBytes: 5000 })).toBe(true);
    expect(budget.standingBytesMax).toBe(Infinity);
    expect(budget.note({ folderBytes: 650, recordBytes: 600, writtenBytes: 5010 })).toBe(false);
    expect(budget.standingBytesMax).toBe(Infinity);
    expect(budget.note({ folderBytes: 960, recordBytes: 800, writtenBytes: 5300 })).toBe(true);
    expect(budget.note({ folderBytes: 960, recordBytes: 800, writtenBytes: 5300 })).toBe(false);
    expect(budget.standingBytesMax).toBeCloseTo((800 * 800) / 960);
  });

  it("is rewritten again once enough was written or let go, and may hold more once it is well below", () => {
    const budget = new DiskBudget(1000);
    budget.note({ folderBytes: 960, recordBytes: 960, writtenBytes: 0 });
    budget.note({ folderBytes: 960, recordBytes: 960, writtenBytes: 0 });
    expect(budget.standingBytesMax).toBe(800);
    expect(budget.note({ folderBytes: 965, recordBytes: 920, writtenBytes: 5 })).toBe(false);
    expect(budget.note({ folderBytes: 965, recordBytes: 800, writtenBytes: 20 })).toBe(true);
    expect(budget.note({ folderBytes: 805, recordBytes: 800, writtenBytes: 20 })).toBe(false);
    expect(budget.standingBytesMax).toBe(800);
    expect(budget.note({ folderBytes: 690, recordBytes: 800, writtenBytes: 20 })).toBe(false);
    expect(budget.standingBytesMax).toBe(Infinity);
  });

  it("is spent at the bound, until there is room again", () => {
    const budget = new DiskBudget(1000);
    budget.note({ folderBytes: 1000, recordBytes: 800, writtenBytes: 0 });
    expect(budget.isSpent(0)).toBe(true);
    budget.note({ folderBytes: 810, recordBytes: 800, writtenBytes: 0 });
    expect([budget.isSpent(189), budget.isSpent(190)]).toEqual([false, true]);
  });
});
