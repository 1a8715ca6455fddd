/** The program of a worker thread: runs the jobs that it is sent, one at a time, and sends their outcomes back. */

import { parentPort } from "node:worker_threads";
import { type Job, runJob } from "./job.ts";

parentPort?.on("message", (job: Job) => {
  runJob(job).then(
    (outcome) => parentPort?.postMessage(outcome),
    // Thrown outside of any promise it ends the thread, which its lane reports.
    (error: unknown) => setImmediate(() => raise(error)),
  );
});

function raise(error: unknown): never {
  throw error;
}
