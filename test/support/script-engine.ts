/** Scripts with a clock that goes on by as much as a test says whenever it is looked at. */

import { createHash } from "node:crypto";
import { webAssemblyHost } from "../../src/runtime/web-assembly.ts";
import { LuaScripts, type ScriptLimits } from "../../src/scripts/lua-scripts.ts";

/** `looked`: told whenever a script's time is looked at. `workedShare`: of its time, what it has a processor for. */
export function scriptEngine(
  limits: Partial<ScriptLimits> = {},
  msPerLook = 0,
  looked: () => void = () => {},
  workedShare = 1,
): LuaScripts {
  let ms = 0;
  return new LuaScripts({
    host: webAssemblyHost,
    stopwatch: {
      elapsedMs: () => {
        ms += msPerLook;
        looked();
        return ms;
      },
      processorMs: () => ms * workedShare,
    },
    digestOf: (bytes) => createHash("sha1").update(bytes).digest("hex"),
    log: () => {},
    version: "7.0.15",
    limits,
  });
}
