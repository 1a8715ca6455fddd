import { expect, test } from "vitest";
import { replayCommand, totalsLine } from "../../simulations/report.ts";
import type { RunResult } from "../../simulations/run/run-result.ts";
import { SCENARIOS } from "../../simulations/scenarios/scenarios.ts";

const totals = { runs: 1, failed: 0, operations: 10, simulatedMs: 2000, realMs: 1000 };

test("names the command that replays a run as one types it in a clone", () => {
  const plan = SCENARIOS[0]?.plan("5");
  expect(replayCommand({ plan } as RunResult)).toBe("npx atoll simulate split-brain --seed 5");
});

test("counts one run and several", () => {
  expect(totalsLine(totals, "seed 5")).toMatch(/^1 run, no violation: /);
  expect(totalsLine({ ...totals, runs: 2, failed: 1 }, "seeds 5 to 6")).toMatch(/^2 runs, 1 with violations: /);
});
