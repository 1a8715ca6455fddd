import { beforeAll, describe, expect, it } from "vitest";
import { createProductionReplica } from "../../simulations/production-replica.ts";
import { violationReport } from "../../simulations/report.ts";
import type { RunResult } from "../../simulations/run/run-result.ts";
import type { Scenario } from "../../simulations/scenarios/scenario.ts";
import { SCENARIOS } from "../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../simulations/simulate.ts";

function run(scenario: Scenario, seed: string, options: { drain?: "yielding" } = {}): Promise<RunResult> {
  return runPlan(scenario.plan(seed), { createReplica: createProductionReplica, ...options });
}

describe.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("scenario %s", (_, scenario) => {
  it("violates nothing, and gives the same trace hash for the same seed", async () => {
    const results = [await run(scenario, "1"), await run(scenario, "1")];
    expect(results.flatMap((result) => (result.violations.length > 0 ? violationReport(result) : []))).toEqual([]);
    const [one, again] = results.map((result) => result.traceHash);
    expect(again).toBe(one);
    expect(results.every(({ history }) => history.some((entry) => entry.answer?.type === "written"))).toBe(true);
  });

  it("plans something else for another seed", () => {
    const { seed: _, ...one } = scenario.plan("1");
    const { seed: __, ...other } = scenario.plan("2");
    expect(other).not.toEqual(one);
  });
});

describe("simulation", () => {
  const swarm = SCENARIOS.find(({ name }) => name === "swarm") as Scenario;
  let traceHash = "";
  beforeAll(async () => {
    traceHash = (await run(swarm, "1")).traceHash;
  });

  it("gives another trace hash for another seed", async () => {
    expect((await run(swarm, "2")).traceHash).not.toBe(traceHash);
  });

  it("gives the same trace hash when every event gets a turn of the event loop of its own", async () => {
    expect((await run(swarm, "1", { drain: "yielding" })).traceHash).toBe(traceHash);
  });
});
