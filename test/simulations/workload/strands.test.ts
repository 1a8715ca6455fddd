/** What stands beside the steady stream of operations: reads of a majority, listings, hot keys, bursts. */

import { describe, expect, it } from "vitest";
import { countFrom } from "../../../simulations/workload/generator.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import { generatePhases } from "../../../simulations/workload/phase-generator.ts";
import { generateReads } from "../../../simulations/workload/read-generator.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { MIXED } from "./mixed-profile.ts";

const PROFILE = { ...MIXED, skew: 0, operationsPerSecond: 50 };

function phases(hotKeys: number, bursts: number): Operation[] {
  return generatePhases(new SeededRandom(2), PROFILE, { hotKeys, bursts }, countFrom(0));
}

describe("generated reads", () => {
  const reads = generateReads(new SeededRandom(1), PROFILE, { quorumPerSecond: 5, listingsPerSecond: 2 }, countFrom(0));

  it("come as often as asked for, and the one kind whatever there is of the other", () => {
    const quorum = reads.filter((operation) => operation.consistency === "quorum");
    expect(quorum.length).toBeGreaterThan(240);
    expect(reads.length - quorum.length).toBeGreaterThan(90);
    const none = generateReads(
      new SeededRandom(1),
      PROFILE,
      { quorumPerSecond: 5, listingsPerSecond: 0 },
      countFrom(0),
    );
    expect(none).toEqual(quorum);
  });

  it("list pages of one node or of all", () => {
    const nodes = new Set(reads.map(({ listing }) => listing?.nodes.length));
    expect(nodes).toEqual(new Set([undefined, 1, 3]));
  });
});

describe("generated phases", () => {
  it("put nearly everything on one key at every node for a while", () => {
    const operations = phases(1, 0);
    const keys = new Map<string, number>();
    for (const { key } of operations) keys.set(key, (keys.get(key) ?? 0) + 1);
    expect(Math.max(...keys.values())).toBeGreaterThan(operations.length * 0.7);
    expect(new Set(operations.map(({ node }) => node))).toEqual(new Set([0, 1, 2]));
    const times = operations.map(({ at }) => at);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(2000);
  });

  it("ask for a lot at once", () => {
    const operations = phases(0, 1);
    const times = operations.map(({ at }) => at);
    expect(operations.length).toBeGreaterThanOrEqual(50);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(50);
  });

  it("are drawn from streams of their own", () => {
    const withoutIds = (operations: readonly Operation[]): unknown => operations.map(({ id: _, ...rest }) => rest);
    expect(withoutIds(phases(2, 1))).toEqual([
      ...(withoutIds(phases(2, 0)) as unknown[]),
      ...(withoutIds(phases(0, 1)) as unknown[]),
    ]);
  });
});
