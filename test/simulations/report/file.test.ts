import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSimulations, UnusableInput } from "../../../simulations/cli.ts";
import { report, simulate } from "../../../simulations/index.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { type Job, type Outcome, planOfJob } from "../../../simulations/workers/job.ts";
import type { Lane } from "../../../simulations/workers/lane.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atoll-report-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Says at once what came of each seed. */
function fakeLanes(checkerOf: (seed: string) => string | undefined): () => readonly Lane[] {
  const run = async (job: Job): Promise<Outcome> => {
    const { scenario, seed } = planOfJob(job);
    const checker = checkerOf(seed);
    const violations = checker === undefined ? [] : [{ checker, message: "on purpose" }];
    return { scenario, seed, violations, operations: 1, simulatedMs: 2, realMs: 3, lines: [] };
  };
  return () => [{ run, close: async () => {} }];
}

async function simulateFour(name: string, checkerOf: (seed: string) => string | undefined): Promise<string[]> {
  const lines: string[] = [];
  const options = { scenario: "crash-restart", seed: 4, runs: 4, report: join(folder, name) };
  await runSimulations(options, { print: (line) => lines.push(line), lanes: fakeLanes(checkerOf) });
  return lines;
}

describe("atoll simulate --report", () => {
  it("draws the first run with a violation, and says so", async () => {
    const lines = await simulateFour("bad.html", (seed) => (seed === "4" ? "worker" : seed > "4" ? "fake" : undefined));
    expect(lines.at(-1)).toBe(
      `report of crash-restart seed 5, the first with a violation: ${join(folder, "bad.html")}`,
    );
    expect(await readFile(join(folder, "bad.html"), "utf8")).toContain("<title>crash-restart, seed 5: held</title>");
  });

  it("draws the last run where all is well", async () => {
    const lines = await simulateFour("good.html", () => undefined);
    expect(lines.at(-1)).toBe(`report of crash-restart seed 7, the last one: ${join(folder, "good.html")}`);
    expect(await readFile(join(folder, "good.html"), "utf8")).toMatch(/^<!doctype html>/);
  });

  it("runs nothing where no file can be written", async () => {
    const lost = simulateFour("no/such/folder/report.html", () => undefined);
    await expect(lost).rejects.toThrow(UnusableInput);
    await expect(lost).rejects.toThrow(/^cannot write .*report\.html: ENOENT/);
  });
});

describe("the report of a script's own run", () => {
  it("is there also when no timeline was recorded, and of the same run", async () => {
    const plan = findScenario("crash-restart")?.plan("2");
    if (plan === undefined) throw new Error("no such scenario");
    const result = await simulate(plan);
    expect(await report(result)).toContain(result.traceHash);
  });
});
