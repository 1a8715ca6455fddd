/** One run as a worker thread is asked for it, and what comes back: plain data only, for it crosses threads. */

import type { Violation } from "../checkers/evidence.ts";
import type { Plan } from "../plan.ts";
import { createProductionReplica } from "../production-replica.ts";
import { toJson } from "../report/json.ts";
import { summaryLine, violationReport } from "../report.ts";
import type { CreateReplica } from "../run/plan-world.ts";
import { findScenario } from "../scenarios/scenarios.ts";
import { runPlan } from "../simulate.ts";

export interface Job {
  /** Name and seed of a scenario's run, or the plan itself. */
  readonly run: { readonly scenario: string; readonly seed: string } | { readonly plan: Plan };
  /** The result as one line of JSON in place of words. */
  readonly json: boolean;
  /** The command that runs the same again, where that is not the scenario with the seed. */
  readonly replay?: string;
  /** Also says when nodes crashed. */
  readonly crashes?: boolean;
}

/** Virtual ms at which the process of a node ended without being asked. */
export interface Crash {
  readonly node: number;
  readonly at: number;
}

export interface Outcome {
  readonly scenario: string;
  readonly seed: string;
  readonly violations: readonly Violation[];
  readonly operations: number;
  readonly simulatedMs: number;
  readonly realMs: number;
  /** What there is to print: one line for a clean run and for JSON, else a paragraph. */
  readonly lines: readonly string[];
  /** In the order of time; absent unless asked for. */
  readonly crashes?: readonly Crash[];
}

export function planOfJob({ run }: Job): Plan {
  if ("plan" in run) return run.plan;
  const scenario = findScenario(run.scenario);
  if (scenario === undefined) throw new Error(`no scenario ${JSON.stringify(run.scenario)}`);
  return scenario.plan(run.seed);
}

export async function runJob(job: Job, createReplica: CreateReplica = createProductionReplica): Promise<Outcome> {
  const plan = planOfJob(job);
  const result = await runPlan(plan, { createReplica, timeline: job.json, keepTrace: job.crashes === true });
  const { violations, history, simulatedMs, realMs, trace } = result;
  const words = violations.length > 0 ? violationReport(result, job.replay) : [summaryLine(result)];
  return {
    scenario: plan.scenario,
    seed: plan.seed,
    violations,
    operations: history.length,
    simulatedMs,
    realMs,
    lines: job.json ? [JSON.stringify(toJson(result, job.replay))] : words,
    ...(job.crashes === true && { crashes: trace.filter(({ kind }) => kind === "crash") }),
  };
}
