/**
 * An interpreter and what passes between it and this language: strings as bytes, functions of ours that Lua calls, errors. The names
 * are those of Lua's C API, and so are the habits: values lie on the stack of a thread.
 *
 *  U1. No function of ours lets anything but a jump of Lua's pass through Lua: its stacks would be left as they are. What is
 *      thrown otherwise is noted (`thrown`), everything that the script does from then on fails, and whoever called it finds it.
 */

import { latin1FromBytes } from "../base/bytes.ts";
import {
  type LuaExports,
  REGISTRY,
  type Thread,
  TYPE_NIL,
  TYPE_NONE,
  upvalue,
  type WebAssemblyHost,
} from "./lua-exports.ts";
import { isJump, luaImports } from "./lua-imports.ts";

/** Raised in the script that called; the script may catch it. As latin1 text. */
export class LuaError extends Error {
  /** Where in the script it happened stands before the text. */
  readonly hasPlace: boolean;

  constructor(message: string, hasPlace = true) {
    super(message);
    this.hasPlace = hasPlace;
  }
}

/** Takes arguments from the stack, leaves results on it, and says how many. May throw `LuaError`. */
export type LuaFunction = (thread: Thread) => number;

/**
 * `(module (import "e" "f" (func (param i32) (result i32))) (import "e" "h" (func (param i32 i32))) (export "f" (func 0)) (export "h"
 * (func 1)))`: only functions of WebAssembly have a place in its table.
 */
const ADAPTER = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 11, 2, 96, 1, 127, 1, 127, 96, 2, 127, 127, 0],
  ...[2, 13, 2, 1, 101, 1, 102, 0, 0, 1, 101, 1, 104, 0, 1],
  ...[7, 9, 2, 1, 102, 0, 0, 1, 104, 0, 1],
);

const SCRATCH_BYTES = 64 * 1024;
/** Of every function of ours: which it is. */
const FUNCTION = upvalue(1);
const SHORT_BYTES = 24;

export class Lua {
  readonly c: LuaExports;
  readonly main: Thread;
  /** What a function of ours threw that is not Lua's (U1). */
  thrown: unknown;
  hasThrown = false;
  /** Called now and then while a script runs, as `lua_sethook` says. */
  hook: (thread: Thread) => void = () => {};
  readonly hookIndex: number;
  readonly #callIndex: number;
  readonly #functions: LuaFunction[] = [];
  #memory: Uint8Array;
  /** Where lengths are put, and behind it where text is. */
  readonly #length: number;
  readonly #scratch: number;

  constructor(host: WebAssemblyHost, memoryBytesMax: number) {
    let started: LuaExports | undefined;
    const exports = (): LuaExports => started as LuaExports;
    started = host.interpreter(luaImports(exports, memoryBytesMax));
    this.c = started;
    this.c.emscripten_stack_init();
    this.c.__wasm_call_ctors();
    this.main = this.c.luaL_newstate();
    this.#length = this.c.malloc(SCRATCH_BYTES + 8);
    this.#scratch = this.#length + 8;
    this.#memory = new Uint8Array(this.c.memory.buffer);
    const { f, h } = host.instantiate(ADAPTER, {
      e: { f: (thread: Thread) => this.#call(thread), h: (thread: Thread) => this.#guard(thread, this.hook) },
    });
    const table = this.c.__indirect_function_table;
    this.#callIndex = table.grow(2);
    this.hookIndex = this.#callIndex + 1;
    table.set(this.#callIndex, f);
    table.set(this.hookIndex, h);
  }

  // --- Strings -------------------------------------------------------------------------------------------------

  /** The interpreter's memory, valid until it allocates. */
  get memory(): Uint8Array {
    if (this.#memory.length === 0) this.#memory = new Uint8Array(this.c.memory.buffer);
    return this.#memory;
  }

  /** The bytes of a string or number (which becomes a string), valid until the interpreter allocates. Undefined: neither. */
  view(thread: Thread, index: number): Uint8Array | undefined {
    const at = this.c.lua_tolstring(thread, index, this.#length);
    if (at === 0) return undefined;
    return this.memory.subarray(at, at + this.#lengthRead());
  }

  bytes(thread: Thread, index: number): Uint8Array | undefined {
    return this.view(thread, index)?.slice();
  }

  /** As latin1 text. */
  text(thread: Thread, index: number): string | undefined {
    const at = this.c.lua_tolstring(thread, index, this.#length);
    if (at === 0) return undefined;
    const length = this.#lengthRead();
    const { memory } = this;
    if (length > SHORT_BYTES) return latin1FromBytes(memory, at, at + length);
    let text = "";
    for (let i = at; i < at + length; i++) text += String.fromCharCode(memory[i] as number);
    return text;
  }

  pushBytes(thread: Thread, bytes: Uint8Array): void {
    const at = bytes.length <= SCRATCH_BYTES ? this.#scratch : this.#allocated(bytes.length);
    this.memory.set(bytes, at);
    this.#pushAt(thread, at, bytes.length);
  }

  /** Of latin1 text. */
  pushText(thread: Thread, text: string): void {
    const { length } = text;
    const at = length <= SCRATCH_BYTES ? this.#scratch : this.#allocated(length);
    const { memory } = this;
    for (let i = 0; i < length; i++) memory[at + i] = text.charCodeAt(i);
    this.#pushAt(thread, at, length);
  }

  #pushAt(thread: Thread, at: number, length: number): void {
    this.c.lua_pushlstring(thread, at, length);
    if (at !== this.#scratch) this.c.free(at);
  }

  #allocated(bytes: number): number {
    const at = this.c.malloc(bytes);
    if (at === 0) throw new LuaError("not enough memory", false);
    return at;
  }

  #lengthRead(): number {
    const { memory } = this;
    const at = this.#length;
    return (
      (memory[at] as number) +
      (memory[at + 1] as number) * 256 +
      (memory[at + 2] as number) * 65_536 +
      (memory[at + 3] as number) * 16_777_216
    );
  }

  // --- Functions -----------------------------------------------------------------------------------------------

  pushFunction(thread: Thread, run: LuaFunction): void {
    this.pushClosure(thread, this.registerFunction(run), 0);
  }

  /** Keeps a function for good, and gives what `pushClosure` knows it by. */
  registerFunction(run: LuaFunction): number {
    return this.#functions.push(run) - 1;
  }

  /** With so many values from the stack, which are its upvalues from 2 on. */
  pushClosure(thread: Thread, registered: number, values: number): void {
    this.c.lua_pushnumber(thread, registered);
    if (values > 0) this.c.lua_insert(thread, -values - 1);
    this.c.lua_pushcclosure(thread, this.#callIndex, values + 1);
  }

  #call(thread: Thread): number {
    const run = this.#functions[this.c.lua_tonumber(thread, FUNCTION)] as LuaFunction;
    return this.#guard(thread, run) ?? 0;
  }

  #guard<T>(thread: Thread, run: (thread: Thread) => T): T | undefined {
    let error: LuaError;
    try {
      return run(thread);
    } catch (thrown) {
      if (isJump(thrown)) throw thrown;
      if (thrown instanceof LuaError) error = thrown;
      else {
        if (!this.hasThrown) this.thrown = thrown;
        this.hasThrown = true;
        error = new LuaError("the script was ended", false);
      }
    }
    this.raise(thread, error);
    return undefined;
  }

  /** Does not return: it jumps. */
  raise(thread: Thread, { message, hasPlace }: LuaError): void {
    if (hasPlace) this.c.luaL_where(thread, 1);
    this.pushText(thread, message);
    if (hasPlace) this.c.lua_concat(thread, 2);
    this.c.lua_error(thread);
  }

  // --- What is on the stack ------------------------------------------------------------------------------------

  pop(thread: Thread, count: number): void {
    this.c.lua_settop(thread, -count - 1);
  }

  isGiven(thread: Thread, index: number): boolean {
    const type = this.c.lua_type(thread, index);
    return type !== TYPE_NONE && type !== TYPE_NIL;
  }

  typeName(thread: Thread, index: number): string {
    const type = this.c.lua_type(thread, index);
    if (type === TYPE_NONE) return "no value";
    const at = this.c.lua_typename(thread, type);
    const { memory } = this;
    let end = at;
    while (memory[end] !== 0) end++;
    return latin1FromBytes(memory, at, end);
  }

  /** With the text at `name` taken from the table at `index`. */
  pushField(thread: Thread, index: number, name: string): void {
    this.pushText(thread, name);
    this.c.lua_rawget(thread, below(index));
  }

  /** Gives the table at `index`, as it is counted with the value on top, that value, and takes it away. */
  setField(thread: Thread, index: number, name: string): void {
    this.pushText(thread, name);
    this.c.lua_insert(thread, -2);
    this.c.lua_rawset(thread, below(index));
  }

  setFunction(thread: Thread, index: number, name: string, run: LuaFunction): void {
    this.pushFunction(thread, run);
    this.setField(thread, below(index), name);
  }

  /** Throws what Lua says of an argument that is none. */
  argumentError(argument: number, name: string, what: string): LuaError {
    return new LuaError(`bad argument #${argument} to '${name}' (${what})`);
  }

  /** Has Lua say it, which knows how the function was called. Does not return: it jumps. */
  raiseArgument(thread: Thread, argument: number, what: string): number {
    this.pushText(thread, what);
    return this.c.luaL_argerror(thread, argument, this.c.lua_tolstring(thread, -1, 0));
  }

  /** A string, or a number as one. Throws `LuaError`. */
  expectText(thread: Thread, argument: number, name: string): string {
    const text = this.text(thread, argument);
    if (text !== undefined) return text;
    throw this.argumentError(argument, name, `string expected, got ${this.typeName(thread, argument)}`);
  }

  /** A number, or a string that says one. Throws `LuaError`. */
  expectNumber(thread: Thread, argument: number, name: string): number {
    const value = this.c.lua_tonumber(thread, argument);
    if (value !== 0 || this.#isNumber(thread, argument)) return value;
    throw this.argumentError(argument, name, `number expected, got ${this.typeName(thread, argument)}`);
  }

  #isNumber(thread: Thread, index: number): boolean {
    const type = this.c.lua_type(thread, index);
    if (type === 3) return true;
    return type === 4 && /^\s*[-+]?(?:0x0+|0*\.?0+|0+\.)(?:e[-+]?\d+)?\s*$/i.test(this.text(thread, index) ?? "");
  }
}

/** Where something is once one more value lies above it. */
function below(index: number): number {
  return index < 0 && index > REGISTRY ? index - 1 : index;
}
