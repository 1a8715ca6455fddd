/** A worker for tests: carries out what the name of the scenario says in place of a simulation. */

import { parentPort } from "node:worker_threads";
import type { Job, Outcome } from "../../../simulations/workers/job.ts";
import { ownThreadStart } from "../../../simulations/workers/thread-time.ts";

parentPort?.postMessage(ownThreadStart());

parentPort?.on("message", ({ run }: Job) => {
  if ("plan" in run) return;
  const [act, wait = "0"] = run.scenario.split(" ");
  if (act === "hang") for (;;);
  if (act === "sleep") return;
  if (act === "throw") throw new Error("thrown on purpose");
  if (act === "exit") process.exit(3);
  // A worker has nothing else to do, so waiting is what being slow looks like.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(wait));
  const outcome: Outcome = {
    ...run,
    violations: [],
    operations: 1,
    simulatedMs: 2,
    realMs: 3,
    lines: [`${run.scenario} ${run.seed}`],
  };
  parentPort?.postMessage(outcome);
});
