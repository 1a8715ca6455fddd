import { expect, test } from "vitest";
import { simulate } from "../../../simulations/index.ts";
import { CROWD, crowdPlan } from "../../../simulations/scenarios/crowd.ts";
import { swimDefaults } from "../../../src/cluster/swim/settings.ts";

test("has more replicas than tell each other of everybody come at once, and finds nothing wrong with them", async () => {
  const replicas = swimDefaults.linksAllMax + 8;
  const plan = crowdPlan("1", { ...CROWD, replicas, shards: 4, durationMs: 14_000 });
  const { violations, convergedAfterMs, falseAlarms, history } = await simulate(plan);
  expect(violations).toEqual([]);
  expect(convergedAfterMs).toBeDefined();
  expect(falseAlarms.deaths).toBe(0);
  expect(history.filter(({ answer }) => answer?.type === "written").length).toBeGreaterThan(20);
});

test("plans a thousand replicas that know three, and keep each key at three", () => {
  const plan = crowdPlan("1");
  expect(plan.nodes).toHaveLength(1000);
  expect(plan.seeds).toBe(3);
  expect(plan.keyspace?.map(({ settings }) => settings.replication)).toEqual([3]);
  expect(plan.faults.filter(({ type }) => type === "pause")).toHaveLength(19);
  expect(plan.faults.filter(({ type }) => type === "crash")).toHaveLength(1);
});
