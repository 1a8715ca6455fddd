import { describe, expect, it } from "vitest";
import { createProductionReplica } from "../../simulations/production-replica.ts";
import { violationReport } from "../../simulations/report.ts";
import type { RunResult } from "../../simulations/run/run-result.ts";
import { SCENARIOS } from "../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../simulations/simulate.ts";

function run(name: string, seed: string, options: { drain?: "yielding" } = {}): Promise<RunResult> {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return runPlan(scenario.plan(seed), { createReplica: createProductionReplica, ...options });
}

describe.each(SCENARIOS.map(({ name }) => name))("scenario %s", (name) => {
  it("violates nothing, and gives the same trace hash for the same seed only", async () => {
    const results = [await run(name, "1"), await run(name, "1"), await run(name, "2")];
    expect(results.flatMap((result) => (result.violations.length > 0 ? violationReport(result) : []))).toEqual([]);
    const [one, again, other] = results.map((result) => result.traceHash);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(results.every(({ history }) => history.some((entry) => entry.answer?.type === "written"))).toBe(true);
  });
});

describe("simulation", () => {
  it("gives the same trace hash when every event gets a turn of the event loop of its own", async () => {
    expect((await run("swarm", "1", { drain: "yielding" })).traceHash).toBe((await run("swarm", "1")).traceHash);
  });
});
