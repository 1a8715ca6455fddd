/**
 * What a script sees: the libraries that it may use, and globals that it can read but not change. The interpreter is one for all
 * scripts, so nothing that one does may be seen by the next.
 *
 *  B1. A table that outlives a script is seen through an empty one in front of it (its *front*), whose metatable reads from the real one
 *      and refuses to write. The real one is never given out: `pairs` gives a copy.
 *  B2. A front that has something in it was written around that metatable: the interpreter is given up (`isClean`).
 *  B3. No function of a script handles an error where it was raised: an error that ended a script at its time limit would have it run
 *      where the limit is not looked at. So `xpcall` handles errors once they are caught.
 *  B4. Lua 5.1 trusts its bytecode, so none is loaded that did not come from its own compiler.
 */

import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import { GLOBALS, REGISTRY, type Thread, TYPE_NIL, TYPE_TABLE } from "./lua-exports.ts";

const BASE = (
  "assert collectgarbage coroutine error gcinfo getmetatable ipairs load loadstring math next pairs pcall rawequal rawget " +
  "rawset select setmetatable string table tonumber tostring type unpack xpcall _VERSION"
).split(" ");
const LIBRARIES = ["string", "math", "table", "coroutine"];

/** Says where an error came from, as Redis does; loads text only (B4), and tells who catches an error its text. */
const PRELUDE = `
local getinfo, load, loadstring, type, byte, concat = debug.getinfo, load, loadstring, type, string.byte, table.concat
local tostring, collectgarbage, pcall, select = tostring, collectgarbage, pcall, select
local function handler(err)
  local i = getinfo(2, 'nSl')
  if i and i.what == 'C' then i = getinfo(3, 'nSl') end
  if type(err) ~= 'table' then err = {err = 'ERR ' .. tostring(err)} end
  if i then
    err.source = i.source
    err.line = i.currentline
  end
  return err
end
local function loadText(text, ...)
  if type(text) == 'string' and byte(text, 1) == 27 then return nil, 'only text is loaded' end
  return loadstring(text, ...)
end
local function loadPieces(read, name)
  local pieces = {}
  while true do
    local piece = read()
    if piece == nil or piece == '' then break end
    if type(piece) ~= 'string' then return nil, 'reader function must return a string' end
    pieces[#pieces + 1] = piece
  end
  return loadText(concat(pieces), name or '=(load)')
end
local function collect(what, ...)
  if what == nil or what == 'collect' or what == 'count' or what == 'step' then return collectgarbage(what, ...) end
  return 0
end
local function unwrapped(ok, err, ...)
  if not ok and type(err) == 'table' then
    local message = err.err
    if type(message) == 'string' or type(message) == 'number' then return false, message end
  end
  return ok, err, ...
end
local function protected(...)
  return unwrapped(pcall(...))
end
local function handled(handle, ok, ...)
  if ok then return true, ... end
  return false, select(2, pcall(handle, ...))
end
local function handledLater(run, handle)
  return handled(handle, pcall(run))
end
return handler, loadText, loadPieces, collect, protected, handledLater
`;

const READONLY = "Attempt to modify a readonly table";

export class Sandbox {
  /** References in the registry. */
  readonly handler: number;
  readonly #globals: number;
  readonly #lua: Lua;
  /** By the address of a front: the reference of what it stands for. */
  readonly #realByFront = new Map<number, number>();
  readonly #fronts: number[] = [];
  readonly #next: number;
  /** The metatable's stand-in of every front. */
  readonly #veil: number;

  /** `libraries` put further tables among the globals: each leaves one on the stack. */
  constructor(lua: Lua, libraries: Readonly<Record<string, (lua: Lua, thread: Thread) => void>>) {
    this.#lua = lua;
    const { c, main } = lua;
    c.luaL_openlibs(main);
    lua.pushField(main, GLOBALS, "next");
    this.#next = c.luaL_ref(main, REGISTRY);
    c.lua_createtable(main, 0, 0);
    this.#veil = c.luaL_ref(main, REGISTRY);
    this.#load(PRELUDE, 6);
    const loaded = { xpcall: 0, pcall: 0, collectgarbage: 0, load: 0, loadstring: 0 };
    for (const name of ["xpcall", "pcall", "collectgarbage", "load", "loadstring"] as const)
      loaded[name] = c.luaL_ref(main, REGISTRY);
    this.handler = c.luaL_ref(main, REGISTRY);

    c.lua_createtable(main, 0, 64);
    const globals = c.lua_gettop(main);
    for (const name of BASE) this.#copy(name, globals);
    for (const [name, reference] of Object.entries(loaded)) {
      c.lua_rawgeti(main, REGISTRY, reference);
      lua.setField(main, globals, name);
    }
    this.#guardBase(globals);
    for (const [name, push] of Object.entries(libraries)) {
      lua.pushField(main, globals, name);
      if (c.lua_type(main, -1) === TYPE_NIL) {
        lua.pop(main, 1);
        c.lua_createtable(main, 0, 16);
      }
      push(lua, main);
      lua.setField(main, globals, name);
    }
    for (const name of [...new Set([...LIBRARIES, ...Object.keys(libraries)])]) {
      lua.pushField(main, globals, name);
      this.#pushFront();
      lua.setField(main, globals, name);
    }
    this.#frontOfStrings(globals);
    this.#nameMissing(globals);
    c.lua_pushvalue(main, globals);
    this.#pushFront();
    c.lua_pushvalue(main, -1);
    lua.setField(main, globals, "_G");
    c.lua_replace(main, GLOBALS);
    this.#globals = c.luaL_ref(main, REGISTRY);
  }

  /** Gives scripts a global: what is on top. */
  setGlobal(name: string): void {
    const { c, main } = this.#lua;
    c.lua_rawgeti(main, REGISTRY, this.#globals);
    c.lua_insert(main, -2);
    this.#lua.setField(main, -2, name);
    this.#lua.pop(main, 1);
  }

  /** Nothing of what a script did can be seen by another (B2). */
  isClean(): boolean {
    const { c, main } = this.#lua;
    for (const front of this.#fronts) {
      c.lua_rawgeti(main, REGISTRY, front);
      c.lua_pushnil(main);
      if (c.lua_next(main, -2) !== 0) return false;
      this.#lua.pop(main, 1);
    }
    return true;
  }

  #load(text: string, results: number): void {
    const { c, main } = this.#lua;
    const at = c.malloc(text.length + 1);
    const { memory } = this.#lua;
    for (let i = 0; i < text.length; i++) memory[at + i] = text.charCodeAt(i);
    memory[at + text.length] = 0;
    if (c.luaL_loadbuffer(main, at, text.length, at) !== 0 || c.lua_pcall(main, 0, results, 0) !== 0)
      throw new Error(`BUG: the prelude: ${this.#lua.text(main, -1)}`);
    c.free(at);
  }

  #copy(name: string, globals: number): void {
    this.#lua.pushField(this.#lua.main, GLOBALS, name);
    this.#lua.setField(this.#lua.main, globals, name);
  }

  /** Puts a front of the table on top in its place (B1). */
  #pushFront(): void {
    const { c, main } = this.#lua;
    const real = c.luaL_ref(main, REGISTRY);
    c.lua_createtable(main, 0, 0);
    c.lua_createtable(main, 0, 3);
    c.lua_rawgeti(main, REGISTRY, real);
    this.#lua.setField(main, -2, "__index");
    this.#lua.setFunction(main, -1, "__newindex", () => {
      throw new LuaError(READONLY);
    });
    c.lua_rawgeti(main, REGISTRY, this.#veil);
    this.#lua.setField(main, -2, "__metatable");
    c.lua_setmetatable(main, -2);
    this.#realByFront.set(c.lua_topointer(main, -1), real);
    c.lua_pushvalue(main, -1);
    this.#fronts.push(c.luaL_ref(main, REGISTRY));
  }

  /** Methods of strings are those of the front, and the metatable that all strings share has one as well. */
  #frontOfStrings(globals: number): void {
    const { c, main } = this.#lua;
    this.#lua.pushText(main, "");
    c.lua_getmetatable(main, -1);
    this.#lua.pushField(main, globals, "string");
    this.#lua.setField(main, -2, "__index");
    c.lua_pushvalue(main, -1);
    this.#pushFront();
    this.#lua.setField(main, -2, "__metatable");
    this.#lua.pop(main, 2);
  }

  #nameMissing(globals: number): void {
    const { c, main } = this.#lua;
    c.lua_createtable(main, 0, 1);
    this.#lua.setFunction(main, -1, "__index", (thread) => {
      const name = this.#lua.text(thread, 2) ?? "?";
      throw new LuaError(`Script attempted to access nonexistent global variable '${name}'`);
    });
    c.lua_setmetatable(main, globals);
  }

  /** Functions that would go around the metatable of a front. */
  #guardBase(globals: number): void {
    const lua = this.#lua;
    const { c, main } = lua;
    const expectTable = (thread: Thread, name: string): void => {
      if (c.lua_type(thread, 1) !== TYPE_TABLE)
        throw lua.argumentError(1, name, `table expected, got ${lua.typeName(thread, 1)}`);
    };
    const refuseFront = (thread: Thread): void => {
      const at = c.lua_topointer(thread, 1);
      if (this.#realByFront.has(at)) throw new LuaError(READONLY, false);
    };
    lua.setFunction(main, globals, "setmetatable", (thread) => {
      expectTable(thread, "setmetatable");
      const type = c.lua_type(thread, 2);
      if (type !== TYPE_NIL && type !== TYPE_TABLE) throw lua.argumentError(2, "setmetatable", "nil or table expected");
      refuseFront(thread);
      if (c.lua_getmetatable(thread, 1) !== 0) {
        lua.pushField(thread, -1, "__metatable");
        if (lua.isGiven(thread, -1)) throw new LuaError("cannot change a protected metatable");
      }
      c.lua_settop(thread, 2);
      c.lua_setmetatable(thread, 1);
      return 1;
    });
    lua.setFunction(main, globals, "rawset", (thread) => {
      expectTable(thread, "rawset");
      refuseFront(thread);
      c.lua_settop(thread, 3);
      c.lua_rawset(thread, 1);
      return 1;
    });
    lua.setFunction(main, globals, "rawget", (thread) => {
      expectTable(thread, "rawget");
      c.lua_settop(thread, 2);
      this.#unveil(thread);
      c.lua_rawget(thread, 1);
      return 1;
    });
    lua.setFunction(main, globals, "pairs", (thread) => {
      expectTable(thread, "pairs");
      c.lua_settop(thread, 1);
      if (this.#unveil(thread)) this.#copyTable(thread);
      c.lua_rawgeti(thread, REGISTRY, this.#next);
      c.lua_insert(thread, 1);
      c.lua_pushnil(thread);
      return 3;
    });
  }

  /** Has the real table stand where a front stood, at 1. False: there was none. */
  #unveil(thread: Thread): boolean {
    const { c } = this.#lua;
    const real = this.#realByFront.get(c.lua_topointer(thread, 1));
    if (real === undefined) return false;
    c.lua_rawgeti(thread, REGISTRY, real);
    c.lua_replace(thread, 1);
    return true;
  }

  /** Has a copy of the table at 1 stand there. */
  #copyTable(thread: Thread): void {
    const { c } = this.#lua;
    c.lua_createtable(thread, 0, 16);
    c.lua_pushnil(thread);
    while (c.lua_next(thread, 1) !== 0) {
      c.lua_pushvalue(thread, -2);
      c.lua_insert(thread, -2);
      c.lua_rawset(thread, -4);
    }
    c.lua_replace(thread, 1);
  }
}
