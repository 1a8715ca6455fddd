/** Crashes that wait for a moment, as crashes at a time: the one at which the moment came, or just after it. */

import type { Fault } from "../faults/fault.ts";
import type { Crash } from "../workers/job.ts";

const JUST_AFTER_MS = 0.001;

/** What a crash that waits may be replaced by; nothing for other faults, and for crashes that never came. */
export function timedCrashes(fault: Fault, faults: readonly Fault[], crashes: readonly Crash[]): Fault[] {
  if (fault.type !== "crash" || fault.aim === "now") return [];
  const crash = crashes.find(({ node, at }) => {
    return node === fault.node && at >= fault.at && !faults.some((other) => isTimed(other, node, at));
  });
  if (crash === undefined) return [];
  return [0, JUST_AFTER_MS].map((afterMs) => ({ ...fault, at: crash.at + afterMs, aim: "now" }));
}

function isTimed(fault: Fault, node: number, at: number): boolean {
  return (
    fault.type === "crash" && fault.aim === "now" && fault.node === node && Math.abs(fault.at - at) <= JUST_AFTER_MS
  );
}
