/**
 * What the interpreter, Lua 5.1 as WebAssembly, offers: the C API of Lua's manual (section 3), on addresses in a memory of its own.
 * Whoever can instantiate a module gives it; this layer knows no machine.
 */

/** Address of a `lua_State`: the main thread, or a coroutine. */
export type Thread = number;
/** Address in the interpreter's memory; 0: none. */
export type Address = number;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface FunctionTable {
  readonly length: number;
  grow(count: number): number;
  get(index: number): ((...values: number[]) => number) | null;
  set(index: number, value: unknown): void;
}

export interface LuaExports {
  readonly memory: Memory;
  readonly __indirect_function_table: FunctionTable;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(at: number): void;
  setThrew(isThrown: number, value: number): void;
  malloc(bytes: number): Address;
  realloc(address: Address, bytes: number): Address;
  free(address: Address): void;
  luaL_newstate(): Thread;
  luaL_openlibs(thread: Thread): void;
  luaL_argerror(thread: Thread, argument: number, what: Address): number;
  luaL_checklstring(thread: Thread, argument: number, length: Address): Address;
  luaL_checknumber(thread: Thread, argument: number): number;
  luaL_checktype(thread: Thread, argument: number, type: number): void;
  luaL_loadbuffer(thread: Thread, text: Address, length: number, name: Address): number;
  luaL_where(thread: Thread, level: number): void;
  luaL_ref(thread: Thread, table: number): number;
  luaL_unref(thread: Thread, table: number, reference: number): void;
  lua_call(thread: Thread, given: number, wanted: number): void;
  lua_checkstack(thread: Thread, count: number): number;
  lua_concat(thread: Thread, count: number): void;
  lua_createtable(thread: Thread, items: number, fields: number): void;
  lua_error(thread: Thread): number;
  lua_gc(thread: Thread, what: number, data: number): number;
  lua_getmetatable(thread: Thread, index: number): number;
  lua_gettable(thread: Thread, index: number): void;
  lua_gettop(thread: Thread): number;
  lua_insert(thread: Thread, index: number): void;
  lua_lessthan(thread: Thread, left: number, right: number): number;
  lua_next(thread: Thread, index: number): number;
  lua_objlen(thread: Thread, index: number): number;
  lua_pcall(thread: Thread, given: number, wanted: number, handler: number): number;
  lua_pushboolean(thread: Thread, value: number): void;
  lua_pushcclosure(thread: Thread, call: number, upvalues: number): void;
  lua_pushlightuserdata(thread: Thread, address: Address): void;
  lua_pushlstring(thread: Thread, text: Address, length: number): void;
  lua_pushnil(thread: Thread): void;
  lua_pushnumber(thread: Thread, value: number): void;
  lua_pushvalue(thread: Thread, index: number): void;
  lua_rawget(thread: Thread, index: number): void;
  lua_rawgeti(thread: Thread, index: number, at: number): void;
  lua_rawset(thread: Thread, index: number): void;
  lua_rawseti(thread: Thread, index: number, at: number): void;
  lua_remove(thread: Thread, index: number): void;
  lua_replace(thread: Thread, index: number): void;
  lua_sethook(thread: Thread, hook: number, mask: number, count: number): number;
  lua_setmetatable(thread: Thread, index: number): number;
  lua_settop(thread: Thread, top: number): void;
  lua_toboolean(thread: Thread, index: number): number;
  lua_tolstring(thread: Thread, index: number, length: Address): Address;
  lua_tonumber(thread: Thread, index: number): number;
  lua_topointer(thread: Thread, index: number): Address;
  lua_touserdata(thread: Thread, index: number): Address;
  lua_type(thread: Thread, index: number): number;
  lua_typename(thread: Thread, type: number): Address;
}

export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What can instantiate WebAssembly. */
export interface WebAssemblyHost {
  /** A new interpreter, with nothing in it. */
  interpreter(imports: Imports): LuaExports;
  /** Functions of a module that is given as its bytes. */
  instantiate(bytes: Uint8Array, imports: Imports): Readonly<Record<string, unknown>>;
}

export const REGISTRY = -10000;
export const GLOBALS = -10002;

/** The index of one of the values that a closure has with it, counted from 1. */
export function upvalue(at: number): number {
  return GLOBALS - at;
}

export const TYPE_NONE = -1;
export const TYPE_NIL = 0;
export const TYPE_BOOLEAN = 1;
export const TYPE_LIGHT_USERDATA = 2;
export const TYPE_NUMBER = 3;
export const TYPE_STRING = 4;
export const TYPE_TABLE = 5;
export const TYPE_FUNCTION = 6;

/** Of `lua_pcall` and `luaL_loadbuffer`. */
export const STATUS_OK = 0;
export const STATUS_NO_MEMORY = 4;
