/**
 * Real replicas in processes of their own, under a schedule of faults, judged by the simulator's checkers. The seed fixes
 * what clients ask and what goes wrong at which time; how they fall together is up to the machine.
 *
 * `ATOLL_PROCESS_RUNS=N` runs each scenario N times, each with a seed of its own; `ATOLL_SEED` replays one.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { describeFault } from "../../simulations/faults/fault.ts";
import type { Plan } from "../../simulations/plan.ts";
import { whyNoFakeClock } from "./fake-clock.ts";
import { FOLDER_PREFIX, removeLeftovers } from "./leftovers.ts";
import { whyNoNamespaces } from "./namespaces.ts";
import { type RealRun, runForReal } from "./run-for-real.ts";
import { REAL_SCENARIOS, type RealScenario } from "./scenarios.ts";

const RUNS = Number(process.env.ATOLL_PROCESS_RUNS ?? 1);
const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000_000);
/** A run in which less was written than that says nothing. */
const WRITES_MIN = 30;
const TIMEOUT_MS = 150_000;

function whyNot({ links, needs }: RealScenario): string | undefined {
  return (links === "namespaces" ? whyNoNamespaces() : undefined) ?? (needs === undefined ? undefined : whyNoFakeClock);
}

function reportOf(plan: Plan, run: RealRun): string {
  const { scenario, seed, faults } = plan;
  const answered = run.history.filter(({ answer }) => answer !== undefined).length;
  return [
    `${run.history.length} operations, ${answered} answered; equal after ${run.convergedAfterMs ?? "never"} ms`,
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    `replay: ATOLL_SEED=${seed} npx vitest run test/processes/processes.test.ts -t ${scenario}`,
  ].join("\n");
}

const folder = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
beforeAll(removeLeftovers);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.concurrent("real replicas", () => {
  for (const scenario of REAL_SCENARIOS) {
    const reason = whyNot(scenario);
    for (let run = 0; run < RUNS; run++) {
      const plan = scenario.plan(String(SEED + run));
      const name = `${scenario.name}, seed ${plan.seed} ${reason ?? ""}`;
      it.skipIf(reason !== undefined)(name, { timeout: TIMEOUT_MS }, async ({ expect: expectHere }) => {
        const real = await runForReal(plan, { links: scenario.links, folder: mkdtempSync(join(folder, "run-")) });
        expectHere(real.violations, reportOf(plan, real)).toEqual([]);
        const answered = real.history.filter(({ answer }) => answer?.type === "written").length;
        expectHere(answered, reportOf(plan, real)).toBeGreaterThan(WRITES_MIN);
      });
    }
  }
});
