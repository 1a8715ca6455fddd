/** A new version is rolled out under load: each replica stops in order and starts again, one after the other. */

import { inWords, restart, type Script, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

const cluster: Script = {
  name: "rolling-restart",
  replicas: { frankfurt: 3 },
  settings: { shards: 32 },
  lasts: "90s",
  workload: { operationsPerSecond: 60, keys: 300, reads: 0.5, ack: "quorum" },
};

test("a rolling restart under load loses no acknowledged write", { timeout: 120_000 }, async () => {
  const result = await simulate({
    ...cluster,
    faults: [
      restart({ replica: "frankfurt-1", at: "20s", down: "3s" }),
      restart({ replica: "frankfurt-2", at: "40s", down: "3s" }),
      restart({ replica: "frankfurt-3", at: "60s", down: "3s" }),
    ],
  });

  // The checkers hold every acknowledged write against what each replica has at the end.
  expect(result.violations, inWords(result)).toEqual([]);

  // These clients ask one replica only: they miss it for the three seconds. A load balancer asks the next one.
  expect(result.availability).toBeGreaterThan(0.94);
  expect(result.counts.failed).toBe(0);

  // Back after a restart, a replica soon knows what it has missed.
  const restarts = result.caughtUp.filter(({ type }) => type === "restart");
  expect(restarts.length).toBeGreaterThanOrEqual(3);
  for (const { caughtUpAfterMs } of restarts) expect(caughtUpAfterMs).toBeLessThan(5000);
});

test("the same seed gives the same run, another one another", { timeout: 120_000 }, async () => {
  const script: Script = { ...cluster, lasts: "10s" };
  const [one, again, other] = [await simulate(script), await simulate(script), await simulate({ ...script, seed: 2 })];
  expect(again.traceHash).toBe(one.traceHash);
  expect(other.traceHash).not.toBe(one.traceHash);
});
