/** Scripts with a clock that goes on by as much as a test says whenever it is looked at. */

import { createHash } from "node:crypto";
import { webAssemblyHost } from "../../src/runtime/web-assembly.ts";
import { LuaScripts, type ScriptLimits } from "../../src/scripts/lua-scripts.ts";

export function scriptEngine(limits: Partial<ScriptLimits> = {}, msPerLook = 0): LuaScripts {
  let ms = 0;
  return new LuaScripts({
    host: webAssemblyHost,
    elapsedMs: () => {
      ms += msPerLook;
      return ms;
    },
    digestOf: (bytes) => createHash("sha1").update(bytes).digest("hex"),
    log: () => {},
    version: "7.0.15",
    limits,
  });
}
