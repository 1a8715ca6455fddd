/** What replication costs: taking registers in, push lag, healing, idle links. */

import { measureApplying } from "./applying.ts";
import { measureHealing } from "./healing.ts";
import { measurePushLag } from "./push-lag.ts";
import type { BenchmarkReport } from "./report.ts";

export async function run(): Promise<BenchmarkReport> {
  return {
    name: "replication",
    rows: [...measureApplying(), ...(await measurePushLag()), ...(await measureHealing())],
  };
}
