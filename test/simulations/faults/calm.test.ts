import { describe, expect, it } from "vitest";
import { calmOf } from "../../../simulations/faults/calm.ts";
import type { Fault } from "../../../simulations/faults/fault.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";

const QUIET: NonNullable<Parameters<typeof calmOf>[1]>[number] = { ends: [], judgements: [] };

function calm(faults: readonly Fault[], nodes = [QUIET]): ReturnType<typeof calmOf> {
  const plan = findScenario("drill-levels")?.plan("1");
  if (plan === undefined) throw new Error("no such drill");
  const startsAt0 = plan.nodes.map((node) => ({ ...node, startAt: 0 }));
  return calmOf({ ...plan, nodes: startsAt0, faults, healAt: 20_000, settleMs: 2000 }, nodes);
}

describe("the calm of a run", () => {
  it("lasts from when all have found each other to the healing, if nothing happens", () => {
    expect(calm([])).toEqual([{ from: 3000, to: 20_000 }]);
  });

  it("ends with a fault, and comes back when it has been over for long enough", () => {
    expect(calm([{ at: 5000, type: "pause", node: 0, forMs: 3000 }])).toEqual([
      { from: 3000, to: 5000 },
      { from: 10_000, to: 20_000 },
    ]);
  });

  it("takes the longer of two that overlap", () => {
    const long: Fault = { at: 5000, type: "pause", node: 0, forMs: 9000 };
    const short: Fault = { at: 6000, type: "pause", node: 1, forMs: 10 };
    expect(calm([short, long])).toEqual([
      { from: 3000, to: 5000 },
      { from: 16_000, to: 20_000 },
    ]);
  });

  it("is over for good once a clock was put wrong", () => {
    expect(calm([{ at: 5000, type: "clock-jump", node: 0, byMs: 10 }])).toEqual([{ from: 3000, to: 5000 }]);
  });

  it("ends where a process ended, or judged what it holds, planned or not", () => {
    const end = { life: 1, at: 5000, type: "crash", durableUpTo: 0 } as const;
    const judgement = { at: 12_000, wallMs: 0, shard: 1 };
    expect(calm([], [{ ends: [end], judgements: [judgement] }])).toEqual([
      { from: 3000, to: 5000 },
      { from: 7000, to: 12_000 },
      { from: 14_000, to: 20_000 },
    ]);
  });
});
