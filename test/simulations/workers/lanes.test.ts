import { mkdtemp, rename, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { platform } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Job, Outcome } from "../../../simulations/workers/job.ts";
import { createLocalLane, type Lane, WorkerLane } from "../../../simulations/workers/lane.ts";
import { runInOrder } from "../../../simulations/workers/lanes.ts";
import { bundle } from "../../support/bundle.ts";

let unruly: string;
let real: string;
const lanes: Lane[] = [];

beforeAll(async () => {
  unruly = await bundle(new URL("./unruly-worker.ts", import.meta.url).href);
  real = await bundle(new URL("../../../simulations/workers/worker.ts", import.meta.url).href);
});

afterEach(async () => {
  await Promise.all(lanes.splice(0).map((lane) => lane.close()));
});

function open(file: string, runMsMax?: number): Lane {
  const lane = new WorkerLane(file, runMsMax);
  lanes.push(lane);
  return lane;
}

function job(scenario: string, seed: number): Job {
  return { run: { scenario, seed: String(seed) }, json: false };
}

async function outcomesOf(jobs: readonly Job[], with_: readonly Lane[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of runInOrder(jobs, with_)) outcomes.push(outcome);
  return outcomes;
}

it("has a lane for each core where the worker is compiled beside it, and one in this thread where it is not", async () => {
  const outdir = await mkdtemp(join(tmpdir(), "atoll-lanes-"));
  const folder = fileURLToPath(new URL("../../../simulations/workers/", import.meta.url));
  const entryPoints = ["lanes.ts", "worker.ts"].map((name) => join(folder, name));
  await build({ entryPoints, outdir, bundle: true, platform: "node", format: "esm", outExtension: { ".js": ".mjs" } });
  const compiled: typeof import("../../../simulations/workers/lanes.ts") = await import(join(outdir, "lanes.mjs"));
  expect(compiled.createLanes(99)).toHaveLength(1);
  await rename(join(outdir, "worker.mjs"), join(outdir, "worker.js"));
  expect(compiled.createLanes(99)).toHaveLength(availableParallelism());
  expect(compiled.createLanes(1)).toHaveLength(1);
  await rm(outdir, { recursive: true });
});

describe("runs over worker threads", () => {
  it("come back in order, whichever was faster", async () => {
    const jobs = [job("slow 300", 1), ...Array.from({ length: 9 }, (_, i) => job("quick", i + 2))];
    const finished: string[] = [];
    const seeds: string[] = [];
    const options = { finished: ({ seed }: Outcome) => finished.push(seed) };
    for await (const { seed } of runInOrder(jobs, [open(unruly), open(unruly)], options)) seeds.push(seed);
    expect(seeds).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    expect(finished.indexOf("1")).toBeGreaterThan(0);
  });

  it.each([
    ["throw", "thrown on purpose"],
    ["exit", "ended with code 3"],
    ["hang", "did not end within 2 s"],
    ["sleep", "did not end within 2 s"],
  ])("that %s cost their own seed only, and name the command that replays it", async (act, reason) => {
    const outcomes = await outcomesOf([job("quick", 1), job(act, 2), job("quick", 3)], [open(unruly, 2000)]);
    expect(outcomes.map(({ seed, violations }) => [seed, violations.length])).toEqual([
      ["1", 0],
      ["2", 1],
      ["3", 0],
    ]);
    expect(outcomes[1]?.lines.join("\n")).toContain(reason);
    expect(outcomes[1]?.lines.at(-1)).toBe(`  replay: npx atoll simulate ${act} --seed 2`);
  });

  it.runIf(platform === "linux")("take as long as they have to wait for a core", async () => {
    const [outcome] = await outcomesOf([job("slow 4000", 1)], [open(unruly, 1000)]);
    expect(outcome?.violations).toEqual([]);
  });

  it("end when they are told to, with a run still going on", async () => {
    const stop = new AbortController();
    const seeds: string[] = [];
    const jobs = [job("quick", 1), job("hang", 2), job("quick", 3)];
    for await (const { seed } of runInOrder(jobs, [open(unruly)], { signal: stop.signal })) {
      seeds.push(seed);
      stop.abort();
    }
    expect(seeds).toEqual(["1"]);
  });

  it("give the very lines that they give in this thread", async () => {
    const jobs = [job("counted-backups", 1), job("backups", 2)];
    const here = await outcomesOf(jobs, [createLocalLane()]);
    const there = await outcomesOf(jobs, [open(real), open(real)]);
    expect(there.map(({ lines }) => lines)).toEqual(here.map(({ lines }) => lines));
    expect(here[0]?.lines).toEqual([expect.stringMatching(/^counted-backups seed 1: trace [0-9a-f]{16}, /)]);
  });

  it("tell of a scenario that there is not as of a failed seed", async () => {
    const [here] = await outcomesOf([job("nope", 1)], [createLocalLane()]);
    const [there] = await outcomesOf([job("nope", 1)], [open(real)]);
    expect(here?.violations[0]?.message).toContain('no scenario "nope"');
    expect(there?.violations[0]?.message).toContain('no scenario "nope"');
  });
});
