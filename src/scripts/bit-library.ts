/** `bit`: operations on the 32 bits of numbers, as LuaJIT's BitOp. */

import type { Lua, LuaFunction } from "./lua.ts";
import type { Thread } from "./lua-exports.ts";

const HEX_DIGITS = 8;

/** Rounded to an even neighbour, then the lowest 32 bits. */
function toBits(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  const isUp = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (isUp ? floor + 1 : floor) | 0;
}

const UNARY: Readonly<Record<string, (value: number) => number>> = {
  tobit: (value) => value,
  bnot: (value) => ~value,
  bswap: (value) =>
    ((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | ((value >>> 24) & 0xff),
};

const FOLDS: Readonly<Record<string, (a: number, b: number) => number>> = {
  band: (a, b) => a & b,
  bor: (a, b) => a | b,
  bxor: (a, b) => a ^ b,
};

const SHIFTS: Readonly<Record<string, (value: number, by: number) => number>> = {
  lshift: (value, by) => value << by,
  rshift: (value, by) => (value >>> by) | 0,
  arshift: (value, by) => value >> by,
  rol: (value, by) => (value << by) | (value >>> (32 - by)),
  ror: (value, by) => (value >>> by) | (value << (32 - by)),
};

/** Fills the table on top. */
export function fillBitLibrary(lua: Lua, main: Thread): void {
  const { c } = lua;
  const bitsAt = (thread: Thread, at: number, name: string): number => toBits(lua.expectNumber(thread, at, name));
  const answer = (thread: Thread, value: number): number => {
    c.lua_pushnumber(thread, value | 0);
    return 1;
  };
  const add = (name: string, run: LuaFunction): void => lua.setFunction(main, -1, name, run);
  for (const [name, run] of Object.entries(UNARY)) add(name, (thread) => answer(thread, run(bitsAt(thread, 1, name))));
  for (const [name, run] of Object.entries(FOLDS)) {
    add(name, (thread) => {
      let value = bitsAt(thread, 1, name);
      const count = c.lua_gettop(thread);
      for (let at = 2; at <= count; at++) value = run(value, bitsAt(thread, at, name));
      return answer(thread, value);
    });
  }
  for (const [name, run] of Object.entries(SHIFTS))
    add(name, (thread) => answer(thread, run(bitsAt(thread, 1, name), bitsAt(thread, 2, name) & 31)));
  add("tohex", (thread) => {
    const value = bitsAt(thread, 1, "tohex");
    const wanted = c.lua_gettop(thread) < 2 ? HEX_DIGITS : bitsAt(thread, 2, "tohex");
    const digits = Math.min(HEX_DIGITS, Math.abs(wanted));
    const text = (value >>> 0).toString(16).padStart(HEX_DIGITS, "0");
    const last = digits === 0 ? "" : text.slice(-digits);
    lua.pushText(thread, wanted < 0 ? last.toUpperCase() : last);
    return 1;
  });
}
