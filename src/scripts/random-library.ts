/** `math.random` as Redis has it: the same numbers on every machine, from the 48-bit generator of the C library (drand48). */

import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import type { Thread } from "./lua-exports.ts";

const TWO_24 = 16_777_216;
const TWO_31 = 2_147_483_648;
const FACTOR_HIGH = 0x5de;
const FACTOR_LOW = 0xece66d;
const SEED_LOW = 0x330e;

export class Random48 {
  /** 24 bits each. */
  #high = 0;
  #low = SEED_LOW;

  seed(value: number): void {
    const bits = (value | 0) >>> 0;
    this.#high = bits >>> 8;
    this.#low = (bits & 0xff) * 65_536 + SEED_LOW;
  }

  /** The next 31 bits. */
  next(): number {
    const low = this.#low * FACTOR_LOW + 0xb;
    const carry = Math.floor(low / TWO_24);
    const high = this.#high * FACTOR_LOW + this.#low * FACTOR_HIGH + carry;
    this.#low = low % TWO_24;
    this.#high = high % TWO_24;
    return Math.floor((this.#high * TWO_24 + this.#low) / 131_072);
  }
}

/** Puts `random` and `randomseed` into the table on top. */
export function fillRandomLibrary(lua: Lua, main: Thread): void {
  const { c } = lua;
  const random = new Random48();
  lua.setFunction(main, -1, "random", (thread) => {
    const drawn = (random.next() % (TWO_31 - 1)) / (TWO_31 - 1);
    const count = c.lua_gettop(thread);
    if (count === 0) c.lua_pushnumber(thread, drawn);
    else if (count <= 2) {
      const lower = count === 1 ? 1 : Math.trunc(lua.expectNumber(thread, 1, "random"));
      const upper = Math.trunc(lua.expectNumber(thread, count, "random"));
      if (lower > upper) throw lua.argumentError(count, "random", "interval is empty");
      c.lua_pushnumber(thread, Math.floor(drawn * (upper - lower + 1)) + lower);
    } else throw new LuaError("wrong number of arguments");
    return 1;
  });
  lua.setFunction(main, -1, "randomseed", (thread) => {
    random.seed(lua.expectNumber(thread, 1, "randomseed"));
    return 0;
  });
}
