/**
 * `insert` and `sort` of `table`, as Lua 5.1 has them. Its own are one call each, which a place far below a list, or values in a bad
 * order, make as long as anybody likes; these are ended (`Steps`).
 */

import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import { type Thread, TYPE_FUNCTION, TYPE_NIL, TYPE_STRING, TYPE_TABLE } from "./lua-exports.ts";
import type { Steps } from "./steps.ts";

/** Puts them into the table on top. */
export function fillTableLibrary(lua: Lua, main: Thread, steps: Steps): void {
  const { c } = lua;
  const sorting = new Sorting(lua, steps);
  lua.setFunction(main, -1, "insert", (thread) => insert(lua, thread, steps));
  lua.setFunction(main, -1, "sort", (thread) => {
    c.luaL_checktype(thread, 1, TYPE_TABLE);
    const length = c.lua_objlen(thread, 1);
    if (c.lua_checkstack(thread, 40) === 0) throw new LuaError("stack overflow ()");
    if (lua.isGiven(thread, 2)) c.luaL_checktype(thread, 2, TYPE_FUNCTION);
    c.lua_settop(thread, 2);
    sorting.sort(thread, 1, length);
    return 0;
  });
}

function insert(lua: Lua, thread: Thread, steps: Steps): number {
  const { c } = lua;
  c.luaL_checktype(thread, 1, TYPE_TABLE);
  const end = c.lua_objlen(thread, 1) + 1;
  const given = c.lua_gettop(thread);
  if (given !== 2 && given !== 3) throw new LuaError("wrong number of arguments to 'insert'");
  let at = end;
  if (given === 3) {
    at = Math.trunc(c.luaL_checknumber(thread, 2)) | 0;
    for (let i = end; i > at; i--) {
      steps.take(1);
      c.lua_rawgeti(thread, 1, i - 1);
      c.lua_rawseti(thread, 1, i);
    }
  }
  c.lua_rawseti(thread, 1, at);
  return 0;
}

/** The quicksort of `ltablib.c`, so that values that are equal come to lie where they do there. The table is at 1, what compares at 2. */
class Sorting {
  readonly #lua: Lua;
  readonly #steps: Steps;

  constructor(lua: Lua, steps: Steps) {
    this.#lua = lua;
    this.#steps = steps;
  }

  /** From `first` to `last`. Of the two parts that are left the smaller is sorted by a call: they are never deep. */
  sort(thread: Thread, first: number, last: number): void {
    let [low, high] = [first, last];
    while (low < high) {
      this.#orderTwo(thread, low, high);
      if (high - low === 1) return;
      const middle = Math.floor((low + high) / 2);
      if (!this.#orderTwo(thread, low, middle)) this.#orderTwo(thread, middle, high);
      if (high - low === 2) return;
      const pivot = this.#partition(thread, low, high, middle);
      if (pivot - low < high - pivot) {
        this.sort(thread, low, pivot - 1);
        low = pivot + 1;
      } else {
        this.sort(thread, pivot + 1, high);
        high = pivot - 1;
      }
    }
  }

  /** Swaps them where the one above is less; whether it was. */
  #orderTwo(thread: Thread, below: number, above: number): boolean {
    const { c } = this.#lua;
    c.lua_rawgeti(thread, 1, below);
    c.lua_rawgeti(thread, 1, above);
    const isLess = this.#isLess(thread, -1, -2);
    if (isLess) this.#put(thread, below, above);
    else this.#lua.pop(thread, 2);
    return isLess;
  }

  /** Where the value at `middle` comes to lie, with no greater one below it and no smaller one above. */
  #partition(thread: Thread, low: number, high: number, middle: number): number {
    const { c } = this.#lua;
    c.lua_rawgeti(thread, 1, middle);
    c.lua_pushvalue(thread, -1);
    c.lua_rawgeti(thread, 1, high - 1);
    this.#put(thread, middle, high - 1);
    let [i, j] = [low, high - 1];
    for (;;) {
      for (c.lua_rawgeti(thread, 1, ++i); this.#isLess(thread, -1, -2); c.lua_rawgeti(thread, 1, ++i)) {
        if (i > high) throw new LuaError("invalid order function for sorting");
        this.#lua.pop(thread, 1);
      }
      for (c.lua_rawgeti(thread, 1, --j); this.#isLess(thread, -3, -1); c.lua_rawgeti(thread, 1, --j)) {
        if (j < low) throw new LuaError("invalid order function for sorting");
        this.#lua.pop(thread, 1);
      }
      if (j < i) break;
      this.#put(thread, i, j);
    }
    this.#lua.pop(thread, 3);
    c.lua_rawgeti(thread, 1, high - 1);
    c.lua_rawgeti(thread, 1, i);
    this.#put(thread, high - 1, i);
    return i;
  }

  /** The value on top at `first`, the one below it at `second`. */
  #put(thread: Thread, first: number, second: number): void {
    this.#lua.c.lua_rawseti(thread, 1, first);
    this.#lua.c.lua_rawseti(thread, 1, second);
  }

  #isLess(thread: Thread, left: number, right: number): boolean {
    const { c } = this.#lua;
    this.#steps.take(1);
    if (c.lua_type(thread, 2) === TYPE_NIL) {
      if (c.lua_type(thread, left) === TYPE_STRING) this.#steps.takeBytes(c.lua_objlen(thread, left));
      return c.lua_lessthan(thread, left, right) !== 0;
    }
    c.lua_pushvalue(thread, 2);
    c.lua_pushvalue(thread, left - 1);
    c.lua_pushvalue(thread, right - 2);
    c.lua_call(thread, 2, 1);
    const isLess = c.lua_toboolean(thread, -1) !== 0;
    this.#lua.pop(thread, 1);
    return isLess;
  }
}
