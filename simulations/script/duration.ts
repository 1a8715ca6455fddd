/** Times as scripts write them. */

import { parseDurationMs } from "../../src/base/duration.ts";
import { ScriptError } from "./script-error.ts";

/** "500ms", "30s", "5m", "6h", "7d": whole numbers with a unit. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** Throws `ScriptError` for what is no time; `what` says where it stands. */
export function msOf(duration: Duration, what: string): number {
  const ms = parseDurationMs(duration);
  if (ms !== undefined) return ms;
  throw new ScriptError(`${what}: ${JSON.stringify(duration)} is no time; write 500ms, 30s, 5m, 6h or 7d`);
}
