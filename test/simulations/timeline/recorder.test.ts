import { describe, expect, it } from "vitest";
import type { Plan } from "../../../simulations/plan.ts";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import type { RunResult } from "../../../simulations/run/run-result.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import type { Timeline } from "../../../simulations/timeline/timeline.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import type { Key } from "../../../src/base/ids.ts";

function put(id: number, at: number, node: number, type: "put" | "delete" = "put"): Operation {
  return { id, at, node, type, key: "k" as Key, ack: "memory", valueBytes: 20 };
}

/** Three replicas of a scenario's, with operations and faults of our own. */
function planWith(own: Pick<Plan, "operations" | "faults" | "healAt">): Plan {
  const plan = findScenario("crash-restart")?.plan("1");
  if (plan === undefined) throw new Error("no such scenario");
  return { ...plan, ...own, nodes: plan.nodes.map((node) => ({ ...node, durable: true, clockOffsetMs: 0 })) };
}

async function record(plan: Plan): Promise<RunResult & { readonly timeline: Timeline }> {
  const result = await runPlan(plan, { createReplica: createProductionReplica, timeline: true });
  if (result.timeline === undefined) throw new Error("no timeline");
  return { ...result, timeline: result.timeline };
}

const cutOffFirst = [0, 1, 2].flatMap((other) => (other === 0 ? [] : [[0, other] as const, [other, 0] as const]));

describe("the timeline of a run", () => {
  it("leaves the run as it is", async () => {
    const plan = findScenario("swarm")?.plan("3") as Plan;
    const plain = await runPlan(plan, { createReplica: createProductionReplica });
    const watched = await record(plan);
    expect(watched.traceHash).toBe(plain.traceHash);
    expect(watched.events).toBe(plain.events);
    expect(plain.timeline).toBeUndefined();
  });

  it("shows how far apart replicas are while they are cut, and how long they take to catch up", async () => {
    const { timeline, violations } = await record(
      planWith({
        operations: [put(0, 3000, 0), put(1, 3500, 1), put(2, 3600, 1)],
        faults: [{ at: 2500, type: "cut", shape: "isolate", paths: cutOffFirst, forMs: 2000 }],
        healAt: 8000,
      }),
    );
    expect(violations).toEqual([]);
    expect(timeline.cuts.map(({ from, to, paths }) => [from, to, paths.length])).toEqual([[2500, 4500, 4]]);
    const during = timeline.samples.filter(({ at }) => at > 3700 && at < 4400);
    expect(during.every(({ differing }) => differing === 1)).toBe(true);
    expect(during.every(({ behind }) => behind.join() === "1,0,0")).toBe(true);
    expect(timeline.samples.at(-1)).toMatchObject({ differing: 0, behind: [0, 0, 0], links: 3, queuedBytes: 0 });
    const [recovery, ...others] = timeline.recoveries;
    expect(recovery).toMatchObject({ at: 4500, type: "network", nodes: [0, 1, 2] });
    expect(recovery?.caughtUpAfterMs).toBeGreaterThan(10);
    expect(recovery?.caughtUpAfterMs).toBeLessThan(3400);
    expect(others).toEqual([]);
  });

  it("calls a write that lost to one that had not seen it a conflict, and an overwritten one none", async () => {
    const { timeline } = await record(
      planWith({
        operations: [put(0, 3000, 0), put(1, 3500, 1), put(2, 3600, 2), put(3, 6000, 0, "delete"), put(4, 7000, 1)],
        faults: [{ at: 2500, type: "cut", shape: "isolate", paths: cutOffFirst, forMs: 2000 }],
        healAt: 8000,
      }),
    );
    expect(timeline.conflicts).toEqual([{ key: "k", loser: 0, winner: 1 }]);
  });

  it("has the lives of each node, what they sent, and how long a restarted one took to know what it missed", async () => {
    const { timeline, frames, bytes } = await record(
      planWith({
        operations: [put(0, 3000, 0)],
        faults: [{ at: 2500, type: "crash", node: 2, aim: "now", isPowerCut: false, downMs: 1500 }],
        healAt: 8000,
      }),
    );
    const lives = timeline.lives.filter(({ node }) => node === 2);
    expect(lives.map(({ to, end }) => [to, end])).toEqual([
      [2500, "crash"],
      [timeline.endedAt, undefined],
    ]);
    expect(lives[1]?.from).toBe(4000);
    expect(lives[1]?.readyAt).toBeGreaterThan(4000);
    expect(timeline.faults).toEqual([{ fault: 0, at: 2500 }]);
    const restart = timeline.recoveries.find(({ type }) => type === "restart");
    expect(restart).toMatchObject({ nodes: [2], at: lives[1]?.readyAt });
    expect(restart?.caughtUpAfterMs).toBeGreaterThan(0);
    const sum = (count: (index: number) => number): number => timeline.traffic.reduce((all, _, i) => all + count(i), 0);
    // The run goes on a little after the timeline: the last reads.
    expect(sum((i) => timeline.traffic[i]?.framesSent ?? 0)).toBeLessThanOrEqual(frames);
    expect(sum((i) => timeline.traffic[i]?.bytesSent ?? 0)).toBeGreaterThan(bytes * 0.9);
    expect(timeline.messages.reduce((all, group) => all + group.frames, 0)).toBe(
      sum((i) => timeline.traffic[i]?.framesReceived ?? 0),
    );
  });
});
