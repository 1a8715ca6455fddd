/** Writes the report of a run to a file. The run is carried out once more for it: equal plans give equal runs. */

import { access, constants, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createProductionReplica } from "../production-replica.ts";
import { runPlan } from "../simulate.ts";
import { type Job, planOfJob } from "../workers/job.ts";
import { renderReport } from "./page.ts";

/** Throws where no file can be written, before hours go into what would be in it. */
export async function checkReportFile(file: string): Promise<void> {
  await access(dirname(resolve(file)), constants.W_OK);
}

export async function writeReport(job: Job, file: string): Promise<void> {
  const result = await runPlan(planOfJob(job), { createReplica: createProductionReplica, timeline: true });
  await writeFile(file, renderReport(result, job.replay));
}
