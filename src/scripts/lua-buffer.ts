/** Text that grows in the interpreter's own memory, whose bound is then its bound too. Addresses are of that memory. */

import { type Lua, LuaError } from "./lua.ts";
import type { Address, Thread } from "./lua-exports.ts";

const FIRST_BYTES = 256;

export class LuaBuffer {
  readonly #lua: Lua;
  #at: Address = 0;
  #room = 0;
  #length = 0;

  constructor(lua: Lua) {
    this.#lua = lua;
  }

  addByte(byte: number): void {
    if (this.#length === this.#room) this.#makeRoom(this.#length + 1);
    this.#lua.memory[this.#at + this.#length++] = byte;
  }

  addFrom(at: Address, length: number): void {
    const wanted = this.#length + length;
    if (wanted > this.#room) this.#makeRoom(wanted);
    this.#lua.memory.copyWithin(this.#at + this.#length, at, at + length);
    this.#length = wanted;
  }

  push(thread: Thread): void {
    this.#lua.c.lua_pushlstring(thread, this.#at, this.#length);
  }

  /** Has to be called, whatever happens: nobody else frees it. */
  free(): void {
    this.#lua.c.free(this.#at);
    this.#at = 0;
    this.#room = 0;
  }

  #makeRoom(wanted: number): void {
    const room = Math.max(FIRST_BYTES, wanted, this.#room * 2);
    const at = this.#lua.c.realloc(this.#at, room);
    if (at === 0) throw new LuaError("not enough memory", false);
    this.#at = at;
    this.#room = room;
  }
}
