import { describe, expect, it } from "vitest";
import { MemoryBudget } from "../../src/node/memory-budget.ts";
import { processBytes } from "../../src/runtime/process-memory.ts";

const MIB = 1024 * 1024;

describe("what of the memory is for registers", () => {
  it("is what nothing else takes: less at once where that grows, more bit by bit where it shrinks", () => {
    const budget = new MemoryBudget({ bytesMax: 1000, setAside: 0 });
    expect(budget.next({ processBytes: 300, registerBytes: 100, lentBytes: 0 })).toBe(700);
    expect(budget.next({ processBytes: 900, registerBytes: 400, lentBytes: 0 })).toBe(400);
    const measure = { processBytes: 500, registerBytes: 400, lentBytes: 0 };
    const later = Array.from({ length: 400 }, () => budget.next(measure));
    expect(later[0]).toBeCloseTo(404);
    expect(later.at(-1)).toBeGreaterThan(790);
    expect(later.at(-1)).toBeLessThanOrEqual(800);
  });

  it("is a quarter of it at the least, and never more than what is not spared", () => {
    const budget = new MemoryBudget({ bytesMax: 1000, setAside: 0 });
    expect(budget.next({ processBytes: 100, registerBytes: 200, lentBytes: 0 })).toBe(900);
    expect(budget.next({ processBytes: 5000, registerBytes: 200, lentBytes: 0 })).toBe(250);
  });

  it("is less by what is set aside, whether that is in use or not, and by what is used beyond it", () => {
    const next = (processBytes: number, lentBytes: number) =>
      new MemoryBudget({ bytesMax: 1000, setAside: 100 }).next({ processBytes, registerBytes: 200, lentBytes });
    expect([next(300, 0), next(360, 60), next(450, 150)]).toEqual([700, 700, 650]);
  });
});

describe("what a process takes", () => {
  it("grows with what is allocated and written to", () => {
    const before = processBytes();
    const bytes = new Uint8Array(64 * MIB).fill(1);
    expect(processBytes() - before).toBeGreaterThan(60 * MIB);
    expect(bytes[MIB]).toBe(1);
  });
});
