/** The program of a worker thread: says of itself where to see what it computes, runs the jobs that it is sent, one at a time, and sends their outcomes back. */

import { parentPort } from "node:worker_threads";
import { type Job, runJob } from "./job.ts";
import { ownThreadStart } from "./thread-time.ts";

parentPort?.postMessage(ownThreadStart());

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
