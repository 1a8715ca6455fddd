import { expect, it } from "vitest";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import type { Key } from "../../../src/base/ids.ts";

const put = (id: number, at: number): Operation => ({
  id,
  at,
  node: 0,
  type: "put",
  key: "k" as Key,
  ack: "memory",
  valueBytes: 20,
});

it("measures from the acknowledgement until the write is everywhere, through a cut as well", async () => {
  const base = findScenario("split-brain")?.plan("1");
  if (base === undefined) throw new Error("no split-brain");
  const cut = {
    type: "cut",
    shape: "isolate",
    paths: base.nodes.flatMap((_, i) =>
      i === 0
        ? []
        : [
            [0, i],
            [i, 0],
          ],
    ) as [number, number][],
    at: 5000,
    forMs: 3000,
  } as const;
  const operations = [put(1, 3000), put(2, 5500)];
  const plan = { ...base, healAt: 10_000, operations, watches: [], faults: [cut] };
  const { stableLatency } = await runPlan(plan, { createReplica: createProductionReplica });
  expect(stableLatency.stable).toBe(2);
  expect(stableLatency.never).toBe(0);
  expect(stableLatency.quantiles?.["0"]).toBeLessThan(1000);
  expect(stableLatency.quantiles?.["1"]).toBeGreaterThan(2000);
});
