/** `redis`: commands, and what scripts ask of the server beside them. */

import { bytesFromLatin1 } from "../base/bytes.ts";
import { doubleText } from "../base/double-text.ts";
import { errorReply, type Reply, statusReply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import type { ScriptCaller } from "../commands/rows/script-engine.ts";
import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import { type Thread, TYPE_NUMBER, TYPE_STRING } from "./lua-exports.ts";
import { pushReply } from "./reply-to-lua.ts";

/** What the functions have to do with the script that runs. */
export interface RunningScript {
  caller: ScriptCaller;
  version: 2 | 3;
  /** Told of bytes that are made for it; throws where they are too many, or its time is up. */
  readonly spend: (bytes: number) => void;
}

export interface RedisLibraryOptions {
  readonly running: RunningScript;
  readonly digestOf: (bytes: Uint8Array) => string;
  readonly log: (level: number, text: string) => void;
  readonly version: string;
}

const NO_ARGUMENTS = errorReply("ERR Please specify at least one argument for this redis lib call");
const BAD_ARGUMENTS = errorReply("ERR Lua redis lib command arguments must be strings or integers");
const BAD_FIELD = errorReply("ERR wrong number or type of arguments");
const LOG_LEVELS = { LOG_DEBUG: 0, LOG_VERBOSE: 1, LOG_NOTICE: 2, LOG_WARNING: 3 };
const REPLICATION = { REPL_NONE: 0, REPL_AOF: 1, REPL_SLAVE: 2, REPL_REPLICA: 2, REPL_ALL: 3 };
const LOG_TEXT_MAX = 1024;

/** Fills the table on top. */
export function fillRedisLibrary(
  lua: Lua,
  main: Thread,
  { running, digestOf, log, version }: RedisLibraryOptions,
): void {
  const { c } = lua;

  /** Of a table with an error, which is raised as Redis raises what a command answers. */
  const raiseReply = (thread: Thread, reply: Reply): number => {
    pushReply(lua, thread, reply, 2);
    return c.lua_error(thread);
  };
  const fail = (thread: Thread, text: string): number => raiseReply(thread, errorReply(`ERR ${text}`));
  const wordsOf = (thread: Thread): CommandWords | Reply => {
    const count = c.lua_gettop(thread);
    if (count === 0) return NO_ARGUMENTS;
    const words: Uint8Array[] = [];
    for (let at = 1; at <= count; at++) {
      const type = c.lua_type(thread, at);
      if (type === TYPE_NUMBER) words.push(bytesFromLatin1(numberWord(c.lua_tonumber(thread, at))));
      else if (type === TYPE_STRING) words.push(lua.bytes(thread, at) ?? new Uint8Array(0));
      else return BAD_ARGUMENTS;
    }
    return words;
  };
  const call = (isProtected: boolean) => (thread: Thread) => {
    running.spend(0);
    const words = wordsOf(thread);
    const reply = "type" in words ? words : running.caller.call(words);
    if (reply.type === "error" && !isProtected) return raiseReply(thread, reply);
    pushReply(lua, thread, reply, running.version);
    return 1;
  };
  const field = (name: string, of: (text: string) => Reply) =>
    lua.setFunction(main, -1, name, (thread) => {
      const isText = c.lua_gettop(thread) === 1 && c.lua_type(thread, 1) === TYPE_STRING;
      pushReply(lua, thread, isText ? of(lua.text(thread, 1) ?? "") : BAD_FIELD, 2);
      return 1;
    });

  lua.setFunction(main, -1, "call", call(false));
  lua.setFunction(main, -1, "pcall", call(true));
  field("error_reply", errorFieldOf);
  field("status_reply", statusReply);
  lua.setFunction(main, -1, "sha1hex", (thread) => {
    if (c.lua_gettop(thread) !== 1) return fail(thread, "wrong number of arguments");
    lua.pushText(thread, digestOf(lua.bytes(thread, 1) ?? new Uint8Array(0)));
    return 1;
  });
  lua.setFunction(main, -1, "setresp", (thread) => {
    if (c.lua_gettop(thread) !== 1) return fail(thread, "redis.setresp() requires one argument.");
    const wanted = c.lua_tonumber(thread, 1);
    if (wanted !== 2 && wanted !== 3) return fail(thread, "RESP version must be 2 or 3.");
    running.version = wanted;
    return 0;
  });
  lua.setFunction(main, -1, "log", (thread) => {
    const count = c.lua_gettop(thread);
    if (count < 2) return fail(thread, "redis.log() requires two arguments or more.");
    if (c.lua_type(thread, 1) !== TYPE_NUMBER) return fail(thread, "First argument must be a number (log level).");
    const level = Math.trunc(c.lua_tonumber(thread, 1));
    if (level < 0 || level > 3) return fail(thread, "Invalid debug level.");
    const parts: string[] = [];
    for (let at = 2; at <= count; at++) parts.push(lua.text(thread, at) ?? "");
    log(level, parts.join(" ").slice(0, LOG_TEXT_MAX));
    return 0;
  });
  // Writes of a script go to other replicas one by one, as all do: there is nothing to choose.
  lua.setFunction(main, -1, "replicate_commands", (thread) => {
    c.lua_pushboolean(thread, 1);
    return 1;
  });
  lua.setFunction(main, -1, "set_repl", (thread) => {
    if (c.lua_gettop(thread) !== 1) return fail(thread, "redis.set_repl() requires two arguments.");
    const flags = c.lua_tonumber(thread, 1);
    if ((flags & ~REPLICATION.REPL_ALL) !== 0)
      return fail(thread, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
    return 0;
  });
  lua.setFunction(main, -1, "breakpoint", (thread) => {
    c.lua_pushboolean(thread, 0);
    return 1;
  });
  lua.setFunction(main, -1, "debug", () => 0);
  lua.setFunction(main, -1, "acl_check_cmd", (thread) => {
    const words = wordsOf(thread);
    if ("type" in words) return raiseReply(thread, words);
    const may = running.caller.may(words);
    if (may === undefined) return fail(thread, "Invalid command passed to redis.acl_check_cmd()");
    c.lua_pushboolean(thread, may ? 1 : 0);
    return 1;
  });
  for (const [name, value] of Object.entries({ ...LOG_LEVELS, ...REPLICATION })) {
    c.lua_pushnumber(main, value);
    lua.setField(main, -2, name);
  }
  lua.pushText(main, version);
  lua.setField(main, -2, "REDIS_VERSION");
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  c.lua_pushnumber(main, major * 65_536 + minor * 256 + patch);
  lua.setField(main, -2, "REDIS_VERSION_NUM");
}

/** As `%.17g`: what Redis gives commands for numbers of Lua. */
function numberWord(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return Object.is(value, -0) ? "-0" : String(value);
  return doubleText(value);
}

/** A text that begins with `-` has its code; of others the first word is one where there are more. */
function errorFieldOf(text: string): Reply {
  const [end] = (text.startsWith("-") ? text.slice(1) : text).split("\0", 1);
  const whole = (end ?? "").replace(/^[\r\n]+|[\r\n]+$/g, "");
  return errorReply(whole.includes(" ") ? whole : `ERR ${whole}`);
}

/** What ends a script that goes on with too much. */
export function tooMuch(bytes: number): LuaError {
  return new LuaError(`the script takes more than ${bytes} bytes`, false);
}
