/** The first script of `simulations/README.md`, word for word. */

import { crash, cut, inWords, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

test("my deployment survives a cut Atlantic and a dead replica", async () => {
  const result = await simulate({
    replicas: { frankfurt: 2, virginia: 2, tokyo: 1 },
    lasts: "40s",
    settings: { shards: 8 },
    workload: { operationsPerSecond: 20, keys: 100, reads: 0.7 },
    faults: [
      cut({ between: ["frankfurt", "virginia"], at: "10s", lasts: "20s" }),
      crash({ replica: "tokyo-1", at: "15s", down: "5s", powerCut: true }),
    ],
  });
  expect(result.violations, inWords(result)).toEqual([]);
  expect(result.availability).toBeGreaterThan(0.9);
  expect(result.convergedAfterMs).toBeLessThan(10_000);
});
