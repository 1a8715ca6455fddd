import { expect, it } from "vitest";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { SHARES_SCENARIO } from "../../../simulations/scenarios/shares.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import { generateTenants } from "../../../simulations/tenants/tenant-generator.ts";
import { SeededRandom } from "../../../src/base/random.ts";

const PROFILE = { nodes: 2, definedAt: 10, fromMs: 100, untilMs: 5000, valueBytesMax: 80 };

it("draws tenants that share what there is, with keys of their own, in order", () => {
  for (let seed = 0; seed < 20; seed++) {
    const tenants = generateTenants(new SeededRandom(`${seed}`), PROFILE);
    expect(tenants.reduce((sum, { memoryShare = 0 }) => sum + memoryShare, 0)).toBeLessThan(1);
    for (const { name, acts } of tenants) {
      expect(acts.every(({ key, at, node }) => key.startsWith(name) && at >= 100 && at < 5000 && node < 2)).toBe(true);
      expect(acts.map(({ at }) => at)).toEqual(acts.map(({ at }) => at).sort((a, b) => a - b));
    }
  }
});

it("has replicas remove values of those that are above their shares, and checks it", async () => {
  const { violations, verdicts } = await runPlan(SHARES_SCENARIO.plan("1"), { createReplica: createProductionReplica });
  expect(violations).toEqual([]);
  const counted = verdicts.find(({ checker }) => checker === "shares")?.checked ?? {};
  expect(counted["values removed by shares"]).toBeGreaterThan(50);
});
