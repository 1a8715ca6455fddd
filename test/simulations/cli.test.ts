import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Output, runSimulations, UnusableInput } from "../../simulations/cli.ts";
import { decodePlan, encodePlan } from "../../simulations/scenario-file/scenario-file.ts";
import { SCENARIOS } from "../../simulations/scenarios/scenarios.ts";
import { type Job, type Outcome, planOfJob } from "../../simulations/workers/job.ts";
import type { Lane } from "../../simulations/workers/lane.ts";

type Options = Parameters<typeof runSimulations>[0];

async function simulate(options: Options, also: Partial<Output> = {}): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const code = await runSimulations(options, { print, ...also });
  return { code, lines };
}

/** Says at once that a seed is as it is told, without running anything. */
function fakeLanes(isBad: (seed: string) => boolean = () => false): () => readonly Lane[] {
  const run = async (job: Job): Promise<Outcome> => {
    const { scenario, seed } = planOfJob(job);
    const violations = isBad(seed) ? [{ checker: "fake", message: "on purpose" }] : [];
    const lines = [`${violations.length > 0 ? "VIOLATION in " : ""}${scenario} seed ${seed}`];
    return { scenario, seed, violations, operations: 1, simulatedMs: 2, realMs: 3, lines };
  };
  return () => [{ run, close: async () => {} }];
}

/** Some run whole scenarios, on whatever machine. */
const MINUTES = { timeout: 120_000 };

describe("atoll simulate", MINUTES, () => {
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
    expect((await simulate({ seed: 3 }, { lanes: fakeLanes() })).lines[0]).toBe("swarm seed 3");
    const { lines } = await simulate({ scenario: "all", seed: 3 }, { lanes: fakeLanes() });
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
    const { lines } = await simulate(many, { lanes: fakeLanes() });
    expect(lines).toEqual([expect.stringMatching(/^21 runs, no violation: 21 operations, .* seeds 1 to 21$/)]);
    expect((await simulate({ ...many, verbose: true }, { lanes: fakeLanes() })).lines).toHaveLength(22);
  });

  it("shows every seed with a violation, goes on after it, and ends with code 1", async () => {
    const lanes = fakeLanes((seed) => seed === "2" || seed === "30");
    const { code, lines } = await simulate({ scenario: "split-brain", seed: 1, runs: 40 }, { lanes });
    expect(code).toBe(1);
    expect(lines.slice(0, -1)).toEqual(["VIOLATION in split-brain seed 2", "VIOLATION in split-brain seed 30"]);
    expect(lines.at(-1)).toMatch(/^40 runs, 2 with violations: /);
  });

  it("tells how far it has got", async () => {
    const progress: string[] = [];
    const show = (line: string): void => void progress.push(line);
    await simulate({ scenario: "split-brain", seed: 1, runs: 2 }, { lanes: fakeLanes(), progress: show });
    expect(progress[1]).toMatch(/^2 of 2 runs, no violation, \d+ simulated seconds a second$/);
  });

  it("ends with the totals so far when it is stopped", async () => {
    const { code, lines } = await simulate(
      { scenario: "split-brain", seed: 1, runs: 5 },
      { stop: AbortSignal.abort() },
    );
    expect(code).toBe(130);
    expect(lines).toEqual([expect.stringMatching(/^0 runs, .* seeds 1 to 5, stopped before the other 5$/)]);
  });
});

describe("atoll simulate FILE.json", MINUTES, () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "atoll-scenario-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("replays what the file says, with the trace that the scenario had", async () => {
    const file = join(folder, "kept.json");
    const plan = SCENARIOS[0]?.plan("3");
    if (plan === undefined) throw new Error("BUG: no scenario");
    await writeFile(file, encodePlan(plan));
    const [fromFile, fromSeed] = [
      await simulate({ scenario: file }),
      await simulate({ scenario: plan.scenario, seed: 3 }),
    ];
    expect(fromFile.code).toBe(0);
    expect(fromFile.lines[0]).toBe(fromSeed.lines[0]);
    expect(fromFile.lines[1]).toContain(file);
  });

  it("says what is wrong with a file", async () => {
    const file = join(folder, "wrong.json");
    await expect(simulate({ scenario: file })).rejects.toThrow(/^cannot read .*wrong\.json: ENOENT/);
    await writeFile(file, "{}");
    await expect(simulate({ scenario: file })).rejects.toThrow(/wrong\.json is no scenario: /);
    await expect(simulate({ scenario: file, runs: 5 })).rejects.toThrow("runs once");
  });
});

describe("atoll simulate --shrink", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "atoll-shrink-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Fails as long as operation 5 is there. */
  function lanes(): readonly Lane[] {
    const run = async (job: Job): Promise<Outcome> => {
      const plan = planOfJob(job);
      const isBad = plan.operations.some(({ id }) => id === 5);
      const violations = isBad ? [{ checker: "fake", message: "operation 5 is there" }] : [];
      return { ...plan, violations, operations: 1, simulatedMs: 2, realMs: 3, lines: [] };
    };
    return [{ run, close: async () => {} }];
  }

  it("saves the failing seed made small, and says it in words", async () => {
    const { code, lines } = await simulate({ scenario: "split-brain", seed: 3, shrink: true, folder }, { lanes });
    const file = join(folder, "split-brain-3.json");
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe(`replay: npx atoll simulate ${file}`);
    expect(lines.join("\n")).toMatch(/^shrunk from .* to 1 nodes, 1 operations, 0 faults, /m);
    expect(lines).toContain("  fake: operation 5 is there");
    expect(decodePlan(await readFile(file, "utf8")).operations.map(({ id }) => id)).toEqual([5]);
  });

  it("overwrites no file that is there", async () => {
    await writeFile(join(folder, "split-brain-3.json"), "mine");
    await simulate({ scenario: "split-brain", seed: 3, shrink: true, folder }, { lanes });
    expect(await readFile(join(folder, "split-brain-3.json"), "utf8")).toBe("mine");
    expect(decodePlan(await readFile(join(folder, "split-brain-3.2.json"), "utf8")).operations).toHaveLength(1);
  });

  it("keeps what it has when time is up", async () => {
    const options = { scenario: "split-brain", seed: 3, shrink: true, shrinkTimeMs: 0, folder };
    const { lines } = await simulate(options, { lanes });
    expect(lines.join("\n")).toContain("more time (--shrink-time) may make it smaller");
    expect(await readdir(folder)).toEqual(["split-brain-3.json"]);
  });
});
