/**
 * How long a worker thread has been at its work, by what it computed and what it waited for. What it was kept waiting for a core
 * does not count: so a run that hangs is told from one that is slow as the machine has more to do.
 */

import { readFileSync, readlinkSync } from "node:fs";
import type { Worker } from "node:worker_threads";

/** What a thread says of itself as it starts, to whoever has started it. */
export interface ThreadStart {
  /** Where the system tells what it has computed, as Linux does; undefined: nowhere. */
  readonly timeFile: string | undefined;
}

/** Since the thread began, ms. */
export interface ThreadTime {
  /** Where the system does not tell: all the time that it was not idle. */
  readonly computed: number;
  /** There was nothing to do for it. */
  readonly idle: number;
}

/** Of the thread that asks. */
export function ownThreadStart(): ThreadStart {
  try {
    return { timeFile: `/proc/${readlinkSync("/proc/thread-self")}/schedstat` };
  } catch {
    return { timeFile: undefined };
  }
}

/** `start`: as the thread has said it; undefined until it has. */
export function threadTimeOf(worker: Worker, start: ThreadStart | undefined): ThreadTime {
  const { active, idle } = worker.performance.eventLoopUtilization();
  return { computed: computedMs(start?.timeFile) ?? active, idle };
}

/** True where a thread has computed for so many ms since, or had nothing to do for as long. */
export function hasSpent(msMax: number, since: ThreadTime, now: ThreadTime): boolean {
  return now.computed - since.computed >= msMax || now.idle - since.idle >= msMax;
}

function computedMs(timeFile: string | undefined): number | undefined {
  if (timeFile === undefined) return undefined;
  try {
    // A kernel that does not count says 0.
    return Number(readFileSync(timeFile, "latin1").split(" ")[0]) / 1e6 || undefined;
  } catch {
    return undefined;
  }
}
