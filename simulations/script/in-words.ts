/** A result in words, for the console and for the message of an assertion. */

import { violationReport } from "../report.ts";
import type { SimulationResult } from "./result.ts";

/** Recoveries shown: of a run that flaps there are hundreds. */
const RECOVERIES_SHOWN = 10;

/** Several lines: verdict, availability, convergence, what it took. */
export function inWords(result: SimulationResult): string {
  const { plan, counts, availability, convergedAfterMs, conflicts, caughtUp, simulatedMs, realMs, bytes } = result;
  const equal = convergedAfterMs === undefined ? "never" : `${seconds(convergedAfterMs)} after the end`;
  const more = caughtUp.length - RECOVERIES_SHOWN;
  return [
    `${plan.scenario} seed ${plan.seed}: ${result.violations.length === 0 ? "no violation" : "VIOLATIONS"}`,
    `  ${plan.nodes.length} replicas, ${plan.faults.length} faults, ${seconds(simulatedMs)} simulated in ${seconds(realMs)}`,
    `  ${counts.asked} operations: ${(100 * availability).toFixed(2)} % answered, ${counts.refused} refused, ` +
      `${counts.failed} failed, ${counts.unanswered} unanswered, ${counts.short} short of their ack`,
    `  all equal: ${equal}; ${conflicts} writes lost to one that had not seen them`,
    `  ${(bytes / 1e6).toFixed(2)} MB between replicas, trace ${result.traceHash}`,
    ...caughtUp.slice(0, RECOVERIES_SHOWN).map(({ at, type, replicas, caughtUpAfterMs }) => {
      const after =
        caughtUpAfterMs === undefined ? "not caught up before the end" : `caught up after ${seconds(caughtUpAfterMs)}`;
      return `  ${seconds(at)} ${type === "network" ? "healed" : "back"}: ${replicas.join(", ")} ${after}`;
    }),
    ...(more > 0 ? [`  and ${more} more times`] : []),
    ...(result.violations.length > 0 ? violationReport(result, "run this script again") : []),
  ].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 3 : 1)} s`;
}
