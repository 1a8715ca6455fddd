/** Scripts of Redis clients, with what they take of this process. */

import { createHash } from "node:crypto";
import { REDIS_VERSION } from "../doors/redis/redis-version.ts";
import type { Log, LogLevel } from "../replica/ports.ts";
import { systemStopwatch } from "../runtime/system.ts";
import { webAssemblyHost } from "../runtime/web-assembly.ts";
import { LuaScripts } from "../scripts/lua-scripts.ts";

/** Redis's debug, verbose, notice and warning. */
const LOG_LEVELS: readonly LogLevel[] = ["debug", "debug", "info", "warn"];

export function createScripts(log: Log): LuaScripts {
  return new LuaScripts({
    host: webAssemblyHost,
    stopwatch: systemStopwatch,
    digestOf: (bytes) => createHash("sha1").update(bytes).digest("hex"),
    log: (level, text) => log(LOG_LEVELS[level] ?? "info", "script", { text }),
    version: REDIS_VERSION,
  });
}
