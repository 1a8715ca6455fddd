import { describe, expect, it } from "vitest";
import { countFrom } from "../../../simulations/workload/generator.ts";
import { generateSessions, type SessionsProfile } from "../../../simulations/workload/session-generator.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { MIXED } from "./mixed-profile.ts";

function generate(sessions: Partial<SessionsProfile>): ReturnType<typeof generateSessions> {
  const profile = { count: 2, operationsPerSecond: 10, moveChance: 0.1, ...sessions };
  return generateSessions(new SeededRandom(1), MIXED, profile, countFrom(0));
}

describe("generated sessions", () => {
  it("are the same for the same seed, and one more changes nothing of the others", () => {
    const withoutIds = (session: number, count: number): unknown =>
      generate({ count })
        .filter((operation) => operation.session === session)
        .map(({ id: _, ...rest }) => rest);
    expect(generate({})).toEqual(generate({}));
    expect(withoutIds(0, 5)).toEqual(withoutIds(0, 1));
  });

  it("stay with a replica, and move now and then", () => {
    const nodes = generate({ count: 1 }).map((operation) => operation.node);
    const moves = nodes.filter((node, i) => i > 0 && node !== nodes[i - 1]).length;
    expect(moves).toBeGreaterThan(15);
    expect(moves).toBeLessThan(nodes.length / 5);
    expect(new Set(generate({ count: 1, moveChance: 0 }).map(({ node }) => node)).size).toBe(1);
  });
});
