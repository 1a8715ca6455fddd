/** Functions of `string` whose cost could not be bounded as they are. */

import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import type { Thread } from "./lua-exports.ts";
import { fillPatternLibrary } from "./pattern-library.ts";
import type { Steps } from "./steps.ts";

/** Puts them into the table on top. `spend` is told of bytes that are made, and throws where they are too many. */
export function fillStringLibrary(lua: Lua, main: Thread, spend: (bytes: number) => void, steps: Steps): void {
  fillPatternLibrary(lua, main, steps);
  const { c } = lua;
  lua.setFunction(main, -1, "rep", (thread) => {
    lua.expectText(thread, 1, "rep");
    const count = Math.max(0, Math.trunc(lua.expectNumber(thread, 2, "rep")));
    const text = lua.bytes(thread, 1) ?? new Uint8Array(0);
    const length = text.length * count;
    spend(length);
    const at = c.malloc(length + 1);
    if (at === 0) throw new LuaError("not enough memory", false);
    const { memory } = lua;
    memory.set(text.subarray(0, length), at);
    // What is there is copied behind itself until there is enough of it.
    for (let have = text.length; have < length && have > 0; have *= 2)
      memory.copyWithin(at + have, at, at + Math.min(have, length - have));
    c.lua_pushlstring(thread, at, length);
    c.free(at);
    return 1;
  });
}
