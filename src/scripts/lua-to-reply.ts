/**
 * What a script returns, as an answer: tables with one of certain fields stand for what Lua has no type for, others are lists up to
 * their first nil.
 */

import { arrayReply, bulkReply, errorReply, integerReply, NOTHING, type Reply, statusReply } from "../command-reply.ts";
import type { Lua } from "./lua.ts";
import { type Thread, TYPE_BOOLEAN, TYPE_NIL, TYPE_NUMBER, TYPE_STRING, TYPE_TABLE } from "./lua-exports.ts";

/** Deeper tables are answered with an error in their place. */
const DEPTH_MAX = 1000;
const STACK_LIMIT = errorReply("ERR reached lua stack limit");
const NOT_AN_INTEGER = -9_223_372_036_854_775_808n;
const TWO_63 = 2 ** 63;

/**
 * Of the value on top, which goes. `version`: the protocol that the script chose. `spend` is told of bytes that are made: a small
 * table may stand for an answer without end.
 */
export function replyOf(lua: Lua, thread: Thread, version: 2 | 3, spend: (bytes: number) => void, depth = 0): Reply {
  const { c } = lua;
  spend(64);
  const isTooDeep = depth > DEPTH_MAX || c.lua_checkstack(thread, 8) === 0;
  const reply = isTooDeep ? STACK_LIMIT : scalarOf(lua, thread, version, spend, depth);
  lua.pop(thread, 1);
  return reply;
}

function scalarOf(lua: Lua, thread: Thread, version: 2 | 3, spend: (bytes: number) => void, depth: number): Reply {
  const { c } = lua;
  switch (c.lua_type(thread, -1)) {
    case TYPE_STRING: {
      const value = lua.bytes(thread, -1) ?? new Uint8Array(0);
      spend(value.length);
      return bulkReply(value);
    }
    case TYPE_NUMBER:
      return integerReply(wholeOf(c.lua_tonumber(thread, -1)));
    case TYPE_BOOLEAN: {
      const value = c.lua_toboolean(thread, -1) === 1;
      if (version === 3) return { type: "boolean", value };
      return value ? integerReply(1) : NOTHING;
    }
    case TYPE_TABLE:
      return tableOf(lua, thread, version, spend, depth);
    default:
      return NOTHING;
  }
}

/** As C converts it. */
function wholeOf(value: number): number | bigint {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) return whole + 0;
  return whole >= -TWO_63 && whole < TWO_63 ? BigInt(whole) : NOT_AN_INTEGER;
}

function tableOf(lua: Lua, thread: Thread, version: 2 | 3, spend: (bytes: number) => void, depth: number): Reply {
  const { c } = lua;
  const field = (name: string, type: number): boolean => {
    lua.pushField(thread, -1, name);
    if (c.lua_type(thread, -1) === type) return true;
    lua.pop(thread, 1);
    return false;
  };
  const text = (): string => {
    const value = lua.text(thread, -1) ?? "";
    spend(value.length);
    lua.pop(thread, 1);
    return value;
  };
  if (field("err", TYPE_STRING)) return errorReply(lineOf(text()));
  if (field("ok", TYPE_STRING)) return statusReply(lineOf(text()));
  if (field("double", TYPE_NUMBER)) {
    const value = c.lua_tonumber(thread, -1);
    lua.pop(thread, 1);
    return { type: "double", value };
  }
  if (field("map", TYPE_TABLE)) return pairsOf(lua, thread, "map", version, spend, depth);
  if (field("set", TYPE_TABLE)) return pairsOf(lua, thread, "set", version, spend, depth);
  if (field("big_number", TYPE_STRING)) return { type: "big-number", text: lineOf(text()) };
  if (field("verbatim_string", TYPE_TABLE)) {
    const verbatim = verbatimOf(lua, thread);
    lua.pop(thread, 1);
    if (verbatim !== undefined) return verbatim;
  }
  const items: Reply[] = [];
  for (let at = 1; ; at++) {
    c.lua_rawgeti(thread, -1, at);
    if (c.lua_type(thread, -1) === TYPE_NIL) break;
    items.push(replyOf(lua, thread, version, spend, depth + 1));
  }
  lua.pop(thread, 1);
  return arrayReply(items);
}

function verbatimOf(lua: Lua, thread: Thread): Reply | undefined {
  const { c } = lua;
  lua.pushField(thread, -1, "string");
  lua.pushField(thread, -2, "format");
  const isOne = c.lua_type(thread, -1) === TYPE_STRING && c.lua_type(thread, -2) === TYPE_STRING;
  const format = isOne ? (lua.text(thread, -1) ?? "") : "";
  const text = lua.bytes(thread, -2);
  lua.pop(thread, 2);
  if (!isOne || text === undefined) return undefined;
  return { type: "verbatim", text, format: format.slice(0, 3).padEnd(3) };
}

/** Of the table on top, which goes: keys and values in turn, or keys only. */
function pairsOf(
  lua: Lua,
  thread: Thread,
  type: "map" | "set",
  version: 2 | 3,
  spend: (bytes: number) => void,
  depth: number,
): Reply {
  const { c } = lua;
  const items: Reply[] = [];
  c.lua_pushnil(thread);
  while (c.lua_next(thread, -2) !== 0) {
    // The key is what the next one is looked up by: a copy becomes the answer.
    c.lua_pushvalue(thread, -2);
    items.push(replyOf(lua, thread, version, spend, depth + 1));
    if (type === "map") items.push(replyOf(lua, thread, version, spend, depth + 1));
    else lua.pop(thread, 1);
  }
  lua.pop(thread, 1);
  return { type, items };
}

/** One line, up to a zero, as C reads it. */
export function lineOf(text: string): string {
  const end = text.indexOf("\0");
  return (end < 0 ? text : text.slice(0, end)).replace(/^[\r\n]+|[\r\n]+$/g, "").replace(/[\r\n]/g, " ");
}
