/** Faults of links and of who listens at their ends, each seen to do what it says, and nothing once it is over. */

import { describe, expect, it } from "vitest";
import { FaultApplier } from "../../../simulations/faults/applier.ts";
import type { Fault } from "../../../simulations/faults/fault.ts";
import type { Plan } from "../../../simulations/plan.ts";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { violationReport } from "../../../simulations/report.ts";
import type { RunResult } from "../../../simulations/run/run-result.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import { damageFrame } from "../../../simulations/simulator/corruption.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { CALM, createBareWorld, idOf, Listener } from "../simulator/bench-world.ts";

/** A scenario's plan with these faults in place of its own. */
function withFaults(name: string, seed: string, faults: readonly Fault[]): Plan {
  const plan = findScenario(name)?.plan(seed);
  if (plan === undefined) throw new Error(`no scenario ${name}`);
  return { ...plan, faults };
}

async function run(plan: Plan): Promise<RunResult> {
  const result = await runPlan(plan, { createReplica: createProductionReplica, keepTrace: true });
  expect(result.violations.length > 0 ? violationReport(result) : []).toEqual([]);
  return result;
}

describe("corruption", () => {
  it("makes of a frame one that it was not, of the same length or shorter", () => {
    const random = new SeededRandom("damage");
    const kinds = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const frame = Uint8Array.from({ length: 8 }, () => random.below(3));
      const damaged = damageFrame(random, frame.slice());
      const changed = [...damaged].filter((byte, at) => byte !== frame[at]).length;
      kinds.add(damaged.length < frame.length ? "cut" : `${changed} changed`);
      expect(Buffer.compare(damaged, frame)).not.toBe(0);
    }
    expect([...kinds].sort()).toEqual(["1 changed", "2 changed", "cut"]);
  });

  it("touches frames of its path alone, about as many as asked for, and none when it is over", async () => {
    const world = createBareWorld({ nodes: 3 });
    const listeners = [0, 1, 2].map((node) => new Listener(world, node));
    for (const { endpoint } of listeners) endpoint.connect(["r0:1", "r1:1", "r2:1"]);
    await world.run(1000);
    new FaultApplier(world, [{ at: 1000, type: "corrupt", path: [0, 1], probability: 0.3, forMs: 2000 }]);
    const say = async (): Promise<void> => {
      for (let i = 0; i < 1000; i++) for (const peer of [1, 2]) listeners[0]?.say(peer, 0x4321);
      for (let i = 0; i < 1000; i++) listeners[1]?.say(0, 0x4321);
      await world.run(world.now + 1900);
    };
    await world.run(1001);
    await say();
    const damaged = (at: number, from: number): number =>
      listeners[at]?.numbersFrom(from).filter((number) => number !== 0x4321).length ?? 0;
    expect([damaged(2, 0), damaged(0, 1)]).toEqual([0, 0]);
    expect(damaged(1, 0)).toBeGreaterThan(200);
    expect(damaged(1, 0)).toBeLessThan(400);
    await world.run(3100);
    const before = damaged(1, 0);
    await say();
    expect(damaged(1, 0)).toBe(before);
  });

  it("of one path costs that link alone, again and again, and no replica takes anything of it for true", async () => {
    const faults: Fault[] = [{ at: 3000, type: "corrupt", path: [0, 1], probability: 0.1, forMs: 10_000 }];
    const { trace } = await run(withFaults("split-brain", "3", faults));
    const badFrames = trace.filter(({ kind, detail }) => kind === "log" && detail === "bad-frame");
    const corrupted = trace.filter(({ kind }) => kind === "corrupt");
    expect(corrupted.length).toBeGreaterThan(5);
    expect(badFrames).toHaveLength(corrupted.length);
    const downs = trace.filter(({ kind, at }) => kind === "down" && at > 3000 && at < 13_000);
    expect(new Set(downs.map(({ node, a }) => [node, a].sort().join()))).toEqual(new Set(["0,1"]));
  });
});

describe("a slow consumer", () => {
  it("makes what is for it pile up no further than a queue may grow, and hears the rest when it is over", async () => {
    const world = createBareWorld({ nodes: 3, network: { queueBytesMax: 10_000 } });
    const listeners = [0, 1, 2].map((node) => new Listener(world, node));
    for (const { endpoint } of listeners) endpoint.connect(["r0:1", "r1:1", "r2:1"]);
    await world.run(1000);
    new FaultApplier(world, [{ at: 1000, type: "slow-consumer", node: 2, bytesPerMs: 0.1, forMs: 5000 }]);
    await world.run(1001);
    let most = 0;
    for (let i = 0; i < 4000; i++) {
      for (const peer of [1, 2]) {
        const link = listeners[0]?.links.get(idOf(peer));
        if (link !== undefined) listeners[0]?.endpoint.send(link, new Uint8Array(50), true);
      }
      if (i % 40 === 0) await world.run(world.now + 40);
      most = Math.max(most, listeners[0]?.endpoint.queuedBytes(listeners[0].links.get(idOf(2)) ?? 0) ?? 0);
    }
    expect(most).toBeGreaterThan(9000);
    expect(most).toBeLessThanOrEqual(10_000);
    expect(listeners[1]?.heard.length).toBeGreaterThan(3900);
    expect(listeners[2]?.heard.length).toBeLessThan(20);
    await world.run(8000);
    expect(world.network.paths.quality(0, 2)).toEqual(CALM);
    expect(listeners[2]?.heard.length).toBeGreaterThan(150);
  });

  it("that takes in next to nothing for ten seconds has everything a while later", async () => {
    const slow: Fault = { at: 2000, type: "slow-consumer", node: 1, bytesPerMs: 0.05, forMs: 10_000 };
    const { convergedAfterMs } = await run(withFaults("split-brain", "5", [slow]));
    expect(convergedAfterMs).toBeDefined();
  });
});

describe("a pause", () => {
  const pair = async (pauseMs: number): Promise<[string[], string[]]> => {
    const world = createBareWorld({ network: { heartbeatTimeoutMs: 1000 } });
    const listeners = [new Listener(world, 0), new Listener(world, 1)] as const;
    listeners[0].endpoint.connect(["r1:1"]);
    await world.run(500);
    listeners[0].owner.pausedUntil = 500 + pauseMs;
    world.network.paused(listeners[0].endpoint);
    await world.run(490 + pauseMs);
    const during = [...listeners[1].downs];
    await world.run(5000 + pauseMs);
    expect([...listeners[0].links.keys(), ...listeners[1].links.keys()]).toEqual([idOf(1), idOf(0)]);
    return [during, listeners[0].downs];
  };

  it("that outlasts the heartbeat has the peer give the link up, and who slept hear of it when it wakes", async () => {
    expect(await pair(3000)).toEqual([["silent"], ["silent"]]);
  });

  it("that is short costs nothing", async () => {
    expect(await pair(600)).toEqual([[], []]);
  });
});
