/** Scripts with a clock that goes on by as much as a test says whenever it is looked at. */

import { createHash } from "node:crypto";
import { webAssemblyHost } from "../../src/runtime/web-assembly.ts";
import { LuaScripts, type ScriptLimits } from "../../src/scripts/lua-scripts.ts";

/** `looked`: told whenever a script's time is looked at. */
export function scriptEngine(
  limits: Partial<ScriptLimits> = {},
  msPerLook = 0,
  looked: () => void = () => {},
): LuaScripts {
  let ms = 0;
  return new LuaScripts({
    host: webAssemblyHost,
    elapsedMs: () => {
      ms += msPerLook;
      looked();
      return ms;
    },
    digestOf: (bytes) => createHash("sha1").update(bytes).digest("hex"),
    log: () => {},
    version: "7.0.15",
    limits,
  });
}
