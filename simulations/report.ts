/** What a run has to say: a line when all is well, a paragraph and the command that replays it when it is not. */

import { describeFault } from "./faults/fault.ts";
import type { Plan } from "./plan.ts";
import type { RunResult } from "./run/run-result.ts";

/** Faults shown of a failed run: the last ones before the healing are the likeliest. */
const FAULTS_SHOWN = 20;

/** As one types it in a clone. */
export function replayCommand({ plan }: { readonly plan: Pick<Plan, "scenario" | "seed"> }): string {
  return `npx atoll simulate ${plan.scenario} --seed ${plan.seed}`;
}

/** One line: seed, hash, and what the run was like. */
export function summaryLine(result: RunResult): string {
  const { plan, traceHash, history, convergedAfterMs } = result;
  const equal = convergedAfterMs === undefined ? "never equal" : `equal after ${(convergedAfterMs / 1000).toFixed(2)}s`;
  const counts = `${plan.nodes.length} replicas, ${history.length} operations, ${plan.faults.length} faults`;
  return `${plan.scenario} seed ${plan.seed}: trace ${traceHash}, ${counts}, ${equal}`;
}

/** `replay`: the command that runs the same again, where that is not the scenario with the seed. */
export function violationReport(result: RunResult, replay = replayCommand(result)): string[] {
  const { plan, violations } = result;
  const shown = plan.faults.slice(-FAULTS_SHOWN);
  const hidden = plan.faults.length - shown.length;
  return [
    `VIOLATION in ${summaryLine(result)}`,
    ...violations.map((violation) => `  ${violation.checker}: ${violation.message}`),
    `  faults${hidden > 0 ? ` (${hidden} earlier ones left out)` : ""}:`,
    ...shown.map((fault) => `    ${describeFault(fault)}`),
    `  replay: ${replay}`,
  ];
}

export interface Totals {
  runs: number;
  failed: number;
  operations: number;
  simulatedMs: number;
  realMs: number;
}

export function totalsLine(totals: Totals, seeds: string): string {
  const { runs, failed, operations, simulatedMs, realMs } = totals;
  const speed = (simulatedMs / Math.max(1, realMs)).toFixed(0);
  const verdict = failed === 0 ? "no violation" : `${failed} with violations`;
  const time = `${(simulatedMs / 1000).toFixed(0)} simulated seconds in ${(realMs / 1000).toFixed(1)} real ones (${speed} a second)`;
  return `${runs} ${runs === 1 ? "run" : "runs"}, ${verdict}: ${operations} operations, ${time}, ${seeds}`;
}
