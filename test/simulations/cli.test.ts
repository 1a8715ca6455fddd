import { describe, expect, it } from "vitest";
import { runSimulations } from "../../simulations/cli.ts";

async function simulate(options: Parameters<typeof runSimulations>[0]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await runSimulations(options, (line) => lines.push(line));
  return { code, lines };
}

describe("atoll simulate", () => {
  it("lists the scenarios", async () => {
    const { code, lines } = await simulate({ list: true });
    expect(code).toBe(0);
    const names = ["split-brain", "crash-restart", "lossy-links", "slow-links", "swarm"];
    expect(lines.map((line) => line.split(" ")[0])).toEqual(names);
  });

  it("says what there is instead of a scenario that there is not", async () => {
    const { code, lines } = await simulate({ scenario: "nope" });
    expect(code).toBe(2);
    expect(lines.join()).toContain("split-brain");
  });

  it("prints each run with its seed and trace hash, then what they came to", async () => {
    const { code, lines } = await simulate({ scenario: "split-brain", seed: 3 });
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^split-brain seed 3: trace [0-9a-f]{16}, /);
    expect(lines[1]).toMatch(/^1 run, no violation: \d+ operations, .* seed 3$/);
  });

  it("prints a run as one line of JSON", async () => {
    const { lines } = await simulate({ scenario: "split-brain", seed: 3, json: true });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ scenario: "split-brain", seed: "3", violations: [] });
  });
});
