import { expect, test } from "vitest";
import { simulate } from "../../../simulations/index.ts";
import { toJson } from "../../../simulations/report/json.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";

test("has what the tables of a report show", async () => {
  const plan = findScenario("crash-restart")?.plan("1");
  if (plan === undefined) throw new Error("no such scenario");
  const result = await simulate(plan, { timeline: true });
  const data = JSON.parse(JSON.stringify(toJson(result)));
  expect(data).toMatchObject({ scenario: "crash-restart", seed: "1", replicas: 3, violations: [] });
  expect(data.stableLatency).toEqual(result.stableLatency);
  expect(data.stableLatency.quantiles).toMatchObject({ "0.5": expect.any(Number), "1": expect.any(Number) });
  expect(data.refusals).toEqual(result.refusals);
  expect(data.refusals.UNREACHABLE).toBeGreaterThan(0);
  expect(data.verdicts).toContainEqual({
    checker: "acknowledged",
    violations: 0,
    checked: { "writes acknowledged": expect.any(Number), "last reads": expect.any(Number) },
  });
  const uncounted = result.verdicts.filter(({ checked }) => Object.keys(checked).length === 0);
  expect(uncounted, "each checker has a line in checkers/coverage.ts").toEqual([]);
  expect(data.traffic).toHaveLength(3);
  expect(data.traffic[1]).toMatchObject({ replica: 1, region: expect.any(String), bytesSent: expect.any(Number) });
  expect(data.recoveries).toContainEqual({
    at: expect.any(Number),
    type: "restart",
    nodes: [expect.any(Number)],
    caughtUpAfterMs: expect.any(Number),
  });
  expect(data.injected).toHaveLength(result.timeline?.faults.length ?? 0);
  expect(data.injected[0]).toMatchObject({
    type: expect.any(String),
    from: expect.any(Number),
    title: expect.any(String),
  });
  expect(data.replay).toBeUndefined();
});
