/** What the operating system says that a process takes of memory. Linux only. */

import { readFileSync } from "node:fs";

export interface Resident {
  /** All pages that are in memory, those of mapped files included. */
  readonly bytes: number;
  /** Those that the process has for itself: no page of a file, which the system takes back when it needs it. */
  readonly ownBytes: number;
}

/** Throws where there is no such process. */
export function residentOf(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return { bytes: bytesOf(status, "VmRSS"), ownBytes: bytesOf(status, "RssAnon") };
}

function bytesOf(status: string, name: string): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`the system does not say ${name}`);
  return Number(kilobytes) * 1024;
}
