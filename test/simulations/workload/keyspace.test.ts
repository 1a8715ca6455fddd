/** A plan whose operations are on a keyspace that some of its nodes keep. */

import { describe, expect, it } from "vitest";
import type { KeyspaceChange, Plan } from "../../../simulations/plan.ts";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { CALM_WATER, SMALL_REPLICA } from "../../../simulations/scenarios/build.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import type { Key } from "../../../src/base/ids.ts";

const OPTIONS = { createReplica: createProductionReplica, timeline: true };

function planOf(changes: Partial<Plan> & { readonly keyspace: readonly KeyspaceChange[] }): Plan {
  const node = { region: "dublin", durable: true, clockOffsetMs: 0, diskMeanMs: 1, startAt: 0 };
  return {
    scenario: "keyspace",
    seed: "1",
    nodes: [node, node, node, node],
    replica: { ...SMALL_REPLICA, shards: 8, graveMs: 2000 },
    water: CALM_WATER,
    heartbeatTimeoutMs: 3000,
    healAt: 20_000,
    settleMs: 30_000,
    operations: [],
    faults: [],
    ...changes,
  };
}

function put(id: number, at: number, node: number): Operation {
  return { id, at, node, type: "put", key: `k${id}` as Key, ack: "memory", valueBytes: 20 };
}

describe("a plan with a keyspace", () => {
  it("is refused by who has not heard of it, and then has each key at its owners only", async () => {
    const keyspace = [{ at: 2000, node: 0, settings: { replication: 2 } }];
    const later = Array.from({ length: 16 }, (_, i) => put(i + 1, 10_000 + i, i % 4));
    const { history, violations } = await runPlan(
      planOf({ keyspace, operations: [put(0, 1000, 1), ...later] }),
      OPTIONS,
    );
    expect(violations).toEqual([]);
    expect(history.map(({ answer }) => (answer?.type === "failed" ? answer.code : answer?.type))).toEqual([
      "UNKNOWN_KEYSPACE",
      ...later.map(() => "written"),
    ]);
    // Two of four own a key: half of those who are asked ask others.
    const alone = history.slice(1).filter(({ isAlone }) => isAlone).length;
    expect(alone).toBeGreaterThan(0);
    expect(alone).toBeLessThan(later.length);
  });

  it("is defined by another node where the first is not there, or ends before it has answered", async () => {
    const keyspace = [{ at: 2000, node: 1, settings: { replication: 1 } }];
    const operations = [put(1, 15_000, 0)];
    for (const at of [1900, 2000.5]) {
      const faults = [{ at, type: "crash", node: 1, aim: "now", isPowerCut: true, downMs: 8000 } as const];
      const { history, violations } = await runPlan(planOf({ keyspace, operations, faults }), OPTIONS);
      expect(violations).toEqual([]);
      expect(history[0]?.answer?.type).toBe("written");
    }
  });

  it("has other settings from when they are defined", async () => {
    const settings = [{ replication: 1 }, { replication: 4 }];
    const keyspace = settings.map((each, i) => ({ at: 2000 + i * 8000, node: i, settings: each }));
    const operations = [put(1, 8000, 0), ...[0, 1, 2, 3].map((node) => put(node + 2, 18_000, node))];
    const { history, violations } = await runPlan(planOf({ keyspace, operations }), OPTIONS);
    expect(violations).toEqual([]);
    expect(history.slice(1).map(({ isAlone }) => isAlone)).toEqual([true, true, true, true]);
  });
});
