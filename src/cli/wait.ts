/** `--wait`: asking a replica again until it is as far as somebody needs it. */

import { setTimeout as delay } from "node:timers/promises";
import { AtollError } from "../base/errors.ts";
import { RemoteError } from "../client/answer.ts";
import { CommandFailure } from "./command-failure.ts";
import { say } from "./terminal.ts";

const AGAIN_MS = 250;

/**
 * What `attempt` comes back with, tried again for up to `waitMs` while it fails of what may pass: nobody there, not ready, too
 * slow, a `CommandFailure`. Then throws its last failure. One line says that somebody waits, and for whom.
 */
export async function untilDone<T>(waitMs: number, whom: string, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (waitMs === 0 || !mayPass(error)) throw error;
      if (attempts === 1) say(`atoll: waiting for ${whom} ...`);
      if (performance.now() + AGAIN_MS > deadline) throw error;
    }
    await delay(AGAIN_MS);
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof RemoteError) return error.status >= 500 || error.status === 429 || error.status === 408;
  return error instanceof CommandFailure || (error instanceof AtollError && error.code === "UNREACHABLE");
}
