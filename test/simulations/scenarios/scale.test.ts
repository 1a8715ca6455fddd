import { expect, test } from "vitest";
import { simulate } from "../../../simulations/index.ts";
import { SCALE, scalePlan } from "../../../simulations/scenarios/scale.ts";
import { replicaDefaults } from "../../../src/replica/config.ts";

test("runs with what production sets, and says how long a region and a replica take to catch up", async () => {
  const plan = scalePlan("1", { replicas: 6, durationMs: 20_000, operationsPerSecond: 30, keys: 50 });
  expect(plan.replica).toMatchObject(replicaDefaults);
  const { violations, timeline, convergedAfterMs } = await simulate(plan, { timeline: true });
  expect(violations).toEqual([]);
  expect(convergedAfterMs).toBeGreaterThan(0);
  const recoveries = timeline?.recoveries ?? [];
  expect(recoveries.map(({ type, nodes }) => [type, nodes.length])).toEqual([
    ["network", 6],
    ["restart", 1],
  ]);
  expect(recoveries.every(({ caughtUpAfterMs }) => caughtUpAfterMs !== undefined && caughtUpAfterMs < 10_000)).toBe(
    true,
  );
});

test("plans a hundred replicas over ten regions for ten minutes, one region of which is alone for one", () => {
  const plan = scalePlan("1");
  expect(plan.nodes).toHaveLength(100);
  expect(new Set(plan.nodes.map(({ region }) => region)).size).toBe(10);
  expect(plan.healAt).toBe(600_000);
  expect(plan.operations.length / (SCALE.durationMs / 1000)).toBeGreaterThan(100);
  const [cut] = plan.faults;
  expect(cut).toMatchObject({ type: "cut", forMs: 60_000 });
  expect(cut?.type === "cut" ? cut.paths.length : 0).toBe(2 * 10 * 90);
});
