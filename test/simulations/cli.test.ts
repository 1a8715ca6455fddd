import { describe, expect, it } from "vitest";
import { runSimulations, UnusableInput } from "../../simulations/cli.ts";
import { SCENARIOS } from "../../simulations/scenarios/scenarios.ts";

type Options = Parameters<typeof runSimulations>[0];

async function simulate(options: Options, stop?: AbortSignal): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const code = await runSimulations(options, { print, ...(stop !== undefined && { stop }) });
  return { code, lines };
}

describe("atoll simulate", () => {
  it("lists the scenarios, each with what it is about", async () => {
    const { code, lines } = await simulate({ list: true });
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual(SCENARIOS.map(({ name, summary }) => [name, summary]));
  });

  it("says what there is instead of a scenario that there is not", async () => {
    await expect(simulate({ scenario: "nope" })).rejects.toThrow(UnusableInput);
    await expect(simulate({ scenario: "nope" })).rejects.toThrow("split-brain");
  });

  it("prints each run with its seed and trace hash, then what they came to", async () => {
    const { code, lines } = await simulate({ scenario: "split-brain", seed: 3 });
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^split-brain seed 3: trace [0-9a-f]{16}, /);
    expect(lines[1]).toMatch(/^1 run, no violation: \d+ operations, .* seed 3$/);
  });

  it("runs the mix of everything unless told, and each scenario when told all", async () => {
    expect((await simulate({ seed: 3 })).lines[0]).toMatch(/^swarm seed 3: /);
    const { lines } = await simulate({ scenario: "all", seed: 3 });
    const names = lines.slice(0, -1).map((line) => line.split(" ")[0]);
    expect(names).toEqual(SCENARIOS.map(({ name }) => name));
  });

  it("prints a run as one line of JSON", async () => {
    const { lines } = await simulate({ scenario: "split-brain", seed: 3, json: true });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ scenario: "split-brain", seed: "3", violations: [] });
  });

  it("counts many runs without a line for each, unless asked for them", async () => {
    const many = { scenario: "split-brain", seed: 1, runs: 21 };
    expect((await simulate(many)).lines).toEqual([expect.stringMatching(/^21 runs, no violation: .* seeds 1 to 21$/)]);
    expect((await simulate({ ...many, verbose: true })).lines).toHaveLength(22);
  });

  it("ends with the totals so far when it is stopped", async () => {
    const { code, lines } = await simulate({ scenario: "split-brain", seed: 1, runs: 5 }, AbortSignal.abort());
    expect(code).toBe(130);
    expect(lines).toEqual([expect.stringMatching(/^0 runs, .* seeds 1 to 5, stopped before the other 5$/)]);
  });
});
