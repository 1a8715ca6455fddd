/** Whether a Lua table is a list, which its encoders decide by its keys. */

import type { Lua } from "./lua.ts";
import { type Thread, TYPE_NUMBER } from "./lua-exports.ts";

export interface TableShape {
  /** Pairs in it. */
  readonly count: number;
  /** The greatest key, where all are whole numbers from 1 on; otherwise 0. */
  readonly length: number;
}

/** Of the table on top. */
export function shapeOf(lua: Lua, thread: Thread): TableShape {
  const { c } = lua;
  let count = 0;
  let length = 0;
  c.lua_pushnil(thread);
  while (c.lua_next(thread, -2) !== 0) {
    if (c.lua_type(thread, -2) !== TYPE_NUMBER) length = Infinity;
    else {
      const key = c.lua_tonumber(thread, -2);
      length = key >= 1 && Math.floor(key) === key ? Math.max(length, key) : Infinity;
    }
    count++;
    lua.pop(thread, 1);
  }
  return { count, length: length === Infinity ? 0 : length };
}
