/** What this process takes of the machine's memory. */

import { readFileSync } from "node:fs";

/** Everywhere that has this file. */
const PAGE_BYTES = 4096;

/**
 * Bytes that the process has for itself alone. Pages of files that it has mapped, the tables of the database among them, the
 * system takes back when it needs them: they count only where it does not say how many there are.
 */
export function processBytes(): number {
  try {
    const [, resident = Number.NaN, shared = Number.NaN] = readFileSync("/proc/self/statm", "latin1")
      .split(" ")
      .map(Number);
    const bytes = (resident - shared) * PAGE_BYTES;
    if (bytes > 0) return bytes;
  } catch {
    // Another system.
  }
  return process.memoryUsage.rss();
}
