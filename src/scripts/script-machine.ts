/**
 * An interpreter set up for scripts, which run in it one after the other.
 *
 *  M1. A script ends: at its time limit, which is looked at every few instructions, before and after every call and, in one that may
 *      take long, every so many steps (`Steps`); and at its memory limit. One instruction may go through a whole string
 *      (`..`, `<`, a number in it), so the more memory there is in use, the fewer of them go unlooked at. A machine that had to end a script, or in which one left anything
 *      behind, is not used again (`isSpent`).
 */

import { errorReply, type Reply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import type { ScriptCaller } from "../commands/rows/script-engine.ts";
import { fillBitLibrary } from "./bit-library.ts";
import { fillJsonLibrary } from "./json-library.ts";
import { Lua, LuaError } from "./lua.ts";
import { REGISTRY, STATUS_NO_MEMORY, STATUS_OK, type Thread, TYPE_TABLE, type WebAssemblyHost } from "./lua-exports.ts";
import { lineOf, replyOf } from "./lua-to-reply.ts";
import { fillMessagePackLibrary } from "./message-pack-library.ts";
import { fillRandomLibrary } from "./random-library.ts";
import { fillRedisLibrary, type RunningScript, tooMuch } from "./redis-library.ts";
import { Sandbox } from "./sandbox.ts";
import { type ScriptStopwatch, ScriptTime } from "./script-time.ts";
import { Steps } from "./steps.ts";
import { fillStringLibrary } from "./string-library.ts";
import { fillStructLibrary } from "./struct-library.ts";
import { fillTableLibrary } from "./table-library.ts";

export interface ScriptMachineOptions {
  readonly host: WebAssemblyHost;
  /** Of the interpreter, and of what is made for one script beside it. */
  readonly memoryBytesMax: number;
  readonly stopwatch: ScriptStopwatch;
  readonly digestOf: (bytes: Uint8Array) => string;
  readonly log: (level: number, text: string) => void;
  /** Of Redis, as scripts ask for it. */
  readonly version: string;
}

/**
 * Calls, returns, and every so many instructions: what these may cost together is what a script may overrun its time by. So few that
 * a string which is doubled by each of them is not long before the next look.
 */
const HOOK_MASK = 1 | 2 | 8;
const HOOK_INSTRUCTIONS = 20;
/** Memory in use times instructions until the next look: 20 ms of the slowest of them, 4 ns a byte. */
const HOOK_KB = 5_000;
/** Of a script that is over its time and catches the error. */
const HOOK_AT_ONCE = 1;
const GC_RESTART = 1;
const GC_COUNT = 3;
const NAME = "@user_script";
/** What compiled chunks begin with; Lua trusts them (B4 of `sandbox.ts`). */
const BYTECODE = 27;

const NO_CALLER: ScriptCaller = {
  call: () => errorReply("ERR no script runs"),
  may: () => undefined,
};

export class ScriptMachine {
  /** It is to be thrown away. */
  isSpent = false;
  /** Text that has been compiled in it. */
  compiledBytes = 0;
  readonly #options: ScriptMachineOptions;
  readonly #lua: Lua;
  readonly #sandbox: Sandbox;
  readonly #running: RunningScript;
  readonly #time: ScriptTime;
  #isOver = false;
  #spentBytes = 0;
  /** Whose hook was set last, and to how many instructions. */
  #hooked: Thread = 0;
  #interval = 0;
  /** Of the memory in use, what functions of scripts take, which none can make a string of. */
  #functionsKb = 0;

  constructor(options: ScriptMachineOptions) {
    this.#options = options;
    this.#time = new ScriptTime(options.stopwatch);
    const { digestOf, log, version, memoryBytesMax } = options;
    const spend = (bytes: number): void => this.#spend(bytes);
    const steps = new Steps(() => spend(0));
    const running = { caller: NO_CALLER, version: 2 as const, spend };
    this.#running = running;
    this.#lua = new Lua(options.host, memoryBytesMax);
    this.#lua.hook = (thread) => this.#checkTime(thread);
    this.#sandbox = new Sandbox(this.#lua, {
      math: fillRandomLibrary,
      string: (lua, thread) => fillStringLibrary(lua, thread, spend, steps),
      table: (lua, thread) => fillTableLibrary(lua, thread, steps),
      redis: (lua, thread) => fillRedisLibrary(lua, thread, { running, digestOf, log, version }),
      cjson: (lua, thread) => fillJsonLibrary(lua, thread, spend),
      cmsgpack: (lua, thread) => fillMessagePackLibrary(lua, thread, spend),
      bit: fillBitLibrary,
      struct: (lua, thread) => fillStructLibrary(lua, thread, spend),
    });
  }

  /** The reference of its function, or what is wrong with it. The machine is spent where there is no memory for it. */
  compile(text: Uint8Array): number | string {
    const { c, main } = this.#lua;
    const beforeKb = c.lua_gc(main, GC_COUNT, 0);
    if (text[0] === BYTECODE) return "user_script:1: only text is loaded";
    const at = c.malloc(text.length + NAME.length + 1);
    if (at === 0) return this.#full();
    const { memory } = this.#lua;
    memory.set(text, at);
    put(memory, at + text.length, `${NAME}\0`);
    try {
      const status = c.luaL_loadbuffer(main, at, text.length, at + text.length);
      this.compiledBytes += text.length;
      if (status === STATUS_OK) {
        this.#functionsKb += Math.max(0, c.lua_gc(main, GC_COUNT, 0) - beforeKb);
        return c.luaL_ref(main, REGISTRY);
      }
      return status === STATUS_NO_MEMORY ? this.#full() : (this.#lua.text(main, -1) ?? "");
    } catch {
      // Nothing of the script runs yet: what ends the interpreter here is that there is no room for a reference.
      return this.#full();
    } finally {
      c.lua_settop(main, 0);
      c.free(at);
    }
  }

  #full(): string {
    this.isSpent = true;
    return "not enough memory";
  }

  forget(reference: number): void {
    // How much of it that was nobody knows.
    this.#functionsKb = 0;
    this.#lua.c.luaL_unref(this.#lua.main, REGISTRY, reference);
  }

  /** Throws what the caller threw. */
  run(
    { reference, digest }: { readonly reference: number; readonly digest: string },
    { keys, args, caller, timeLimitMs }: RunOptions,
  ): Reply {
    const { c, main } = this.#lua;
    this.#begin(caller, timeLimitMs);
    try {
      this.#setWords("KEYS", keys);
      this.#setWords("ARGV", args);
      c.lua_rawgeti(main, REGISTRY, this.#sandbox.handler);
      c.lua_rawgeti(main, REGISTRY, reference);
      this.#hooked = 0;
      this.#lookAgain(main);
      const status = c.lua_pcall(main, 0, 1, -2);
      c.lua_sethook(main, 0, 0, 0);
      return this.#outcome(status, digest);
    } catch (thrown) {
      // What passed through the interpreter left its stacks as they were.
      this.isSpent = true;
      if (this.#lua.hasThrown) throw this.#lua.thrown;
      if (this.#isOver) return this.#timeIsUp();
      if (thrown instanceof LuaError) return errorReply(`ERR ${thrown.message}`);
      return errorReply(`ERR the script could not be run to its end: ${lineOf(String(thrown)).slice(0, 200)}`);
    } finally {
      this.#end();
    }
  }

  #begin(caller: ScriptCaller, timeLimitMs: number): void {
    this.#running.caller = caller;
    this.#running.version = 2;
    this.#time.begin(timeLimitMs);
    this.#isOver = false;
    this.#spentBytes = 0;
    this.#lua.hasThrown = false;
    this.#lua.thrown = undefined;
  }

  #end(): void {
    this.#running.caller = NO_CALLER;
    if (this.isSpent) return;
    const { c, main } = this.#lua;
    c.lua_settop(main, 0);
    c.lua_gc(main, GC_RESTART, 0);
    if (!this.#sandbox.isClean()) this.isSpent = true;
    c.lua_settop(main, 0);
  }

  #outcome(status: number, digest: string): Reply {
    const { c, main } = this.#lua;
    if (this.#lua.hasThrown) throw this.#lua.thrown;
    if (this.#isOver) {
      this.isSpent = true;
      return this.#timeIsUp();
    }
    if (status === STATUS_OK) return replyOf(this.#lua, main, this.#running.version, this.#running.spend);
    if (status === STATUS_NO_MEMORY) {
      this.isSpent = true;
      return errorReply(
        `ERR Script ended: it took more memory than ${this.#options.memoryBytesMax} bytes. What it wrote until then stays.`,
      );
    }
    if (c.lua_type(main, -1) !== TYPE_TABLE)
      return errorReply(
        `ERR Error running script ${digest}, ${lineOf(this.#lua.text(main, -1) ?? "execution failure")}`,
      );
    const field = (name: string): string => {
      this.#lua.pushField(main, -1, name);
      const text = this.#lua.text(main, -1) ?? "";
      this.#lua.pop(main, 1);
      return text;
    };
    const [message, source, line] = [field("err") || "ERR unknown error", field("source"), field("line")];
    return errorReply(
      lineOf(source !== "" && line !== "" ? `${message} script: ${digest}, on ${source}:${line}.` : message),
    );
  }

  #timeIsUp(): Reply {
    const limit = `${this.#time.limitMs} ms (lua-time-limit)`;
    return errorReply(`ERR Script ended: it took longer than ${limit}. What it wrote until then stays.`);
  }

  #setWords(name: string, words: CommandWords): void {
    const { c, main } = this.#lua;
    c.lua_createtable(main, words.length, 0);
    for (let at = 0; at < words.length; at++) {
      this.#lua.pushBytes(main, words[at] as Uint8Array);
      c.lua_rawseti(main, -2, at + 1);
    }
    this.#sandbox.setGlobal(name);
  }

  #checkTime(thread: Thread): void {
    if (!this.#isOver && !this.#lua.hasThrown && !this.#time.isOver) return this.#lookAgain(thread);
    this.#isOver = !this.#lua.hasThrown;
    this.#lua.c.lua_sethook(thread, this.#lua.hookIndex, HOOK_MASK, HOOK_AT_ONCE);
    this.#lua.c.lua_sethook(this.#lua.main, this.#lua.hookIndex, HOOK_MASK, HOOK_AT_ONCE);
    throw new LuaError("Script ended", false);
  }

  /** In time. A thread is looked at when it begins to run and when it goes on, since either is a call or a return. */
  #lookAgain(thread: Thread): void {
    const { c, hookIndex } = this.#lua;
    const usedKb = Math.max(1, c.lua_gc(thread, GC_COUNT, 0) - this.#functionsKb);
    const interval = Math.min(HOOK_INSTRUCTIONS, Math.max(1, Math.trunc(HOOK_KB / usedKb)));
    if (interval === this.#interval && thread === this.#hooked) return;
    c.lua_sethook(thread, hookIndex, HOOK_MASK, interval);
    this.#interval = interval;
    this.#hooked = thread;
  }

  #spend(bytes: number): void {
    this.#spentBytes += bytes;
    const { memoryBytesMax } = this.#options;
    if (this.#spentBytes > memoryBytesMax) throw tooMuch(memoryBytesMax);
    if (this.#isOver || this.#lua.hasThrown || this.#time.isOver) {
      this.#isOver = !this.#lua.hasThrown;
      throw new LuaError("Script ended", false);
    }
  }
}

export interface RunOptions {
  readonly keys: CommandWords;
  readonly args: CommandWords;
  readonly caller: ScriptCaller;
  readonly timeLimitMs: number;
}

function put(memory: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) memory[at + i] = text.charCodeAt(i);
}
