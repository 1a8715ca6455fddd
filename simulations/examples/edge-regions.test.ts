/** Replicas in five regions on five continents. One of the oceans is cut, one region goes dark: do users notice? */

import { crash, cut, degrade, inWords, simulate } from "atoll/simulations";
import { expect, test } from "vitest";

test("five regions serve everybody through a cut ocean and a dark region", { timeout: 120_000 }, async () => {
  const result = await simulate({
    name: "edge",
    replicas: { frankfurt: 2, virginia: 2, "sao-paulo": 1, tokyo: 1, sydney: 1 },
    settings: { shards: 32 },
    lasts: "90s",
    workload: { operationsPerSecond: 40, keys: 300, reads: 0.7, expiries: { share: 0.2, within: "20s" } },
    faults: [
      cut({ between: ["frankfurt", ["virginia", "sao-paulo"]], at: "15s", lasts: "30s" }),
      degrade({ between: ["tokyo", "sydney"], at: "30s", lasts: "20s", latency: "400ms", loss: 0.05 }),
      crash({ replica: "tokyo-1", at: "55s", down: "10s", powerCut: true }),
    ],
  });

  // Every checker is content: nothing was lost, nothing came back, nobody read what had expired.
  expect(result.violations, inWords(result)).toEqual([]);

  // A cut refuses nobody: every region has a replica of its own. Only Tokyo's users found theirs gone for ten seconds.
  expect(result.availability).toBeGreaterThan(0.96);
  expect(result.history.every(({ operation, answer }) => answer?.type !== "refused" || operation.node === 5)).toBe(
    true,
  );

  // Each time that something healed, those who had missed something knew it again within seconds.
  expect(result.caughtUp.length).toBeGreaterThan(0);
  for (const { caughtUpAfterMs } of result.caughtUp) expect(caughtUpAfterMs).toBeLessThan(15_000);
  expect(result.convergedAfterMs).toBeLessThan(15_000);
});
