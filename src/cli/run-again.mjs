/**
 * Runs a replica in a process of its own, with what has to be set before a process starts: the allocator is to give back what is
 * freed, and V8 to keep less where there is little. Whoever is killed takes that process along.
 */

import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { constants } from "node:os";

/** A replica that is to take less than this has a young generation of a fraction of what V8 gives it, which is 48 MB. */
export const SCANT_MEMORY = 512 * 1024 * 1024;
const SCANT_MEMORY_FLAGS = ["--max-semi-space-size=4"];

/** Names the process that runs a command again, which that ends with. */
const RUN_BY = "RUN_BY_ATOLL";

/**
 * glibc maps blocks over 128 KiB one by one and gives each back when it is freed, until the first of them is: from then on it keeps
 * freed ones of up to that size for itself, in between others, and a replica whose values come and go takes twice its bound for
 * memory. Told this number it goes on as it began; it looks for it once, when a process starts. Linux gives a process 65,530
 * mappings, of which others need some.
 */
export const ALLOCATOR_SETTINGS = { MALLOC_MMAP_THRESHOLD_: String(128 * 1024), MALLOC_MMAP_MAX_: String(32 * 1024) };

/** Whether a replica here is to be started with the setting, and nobody has set any. */
export function wantsAllocatorSetting() {
  const { env, platform } = process;
  if (platform !== "linux" || Object.keys(env).some((name) => name.startsWith("MALLOC_") || name === "GLIBC_TUNABLES"))
    return false;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

/** The descriptor of a pipe to the process that runs this again. */
const LIFELINE = 3;

/**
 * Where one of us runs this again: to kill that is to kill this, at once. Nobody who has killed a replica and starts it anew is to
 * find that it still has its port and its folder.
 */
export function dieWithRunner() {
  if (process.env[RUN_BY] !== String(process.ppid)) return;
  const lifeline = new Socket({ fd: LIFELINE });
  lifeline.on("error", () => {});
  lifeline.on("close", () => process.kill(process.pid, "SIGKILL"));
  lifeline.resume();
  lifeline.unref();
}

/** Runs a file in a process that has the setting from its start, and waits for it to end. */
export function runAgain(file, args, isScant) {
  const flags = [...process.execArgv, ...(isScant ? SCANT_MEMORY_FLAGS : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, file, ...args], {
      env: { ...process.env, ...ALLOCATOR_SETTINGS, [RUN_BY]: String(process.pid) },
      stdio: ["inherit", "inherit", "inherit", "pipe"],
    });
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    // That one looks for npm, too.
    process.on("disconnect", () => {});
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
