/** `cjson.encode`: values of Lua as JSON, byte for byte what lua-cjson 2.1 writes. */

import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import {
  type Thread,
  TYPE_BOOLEAN,
  TYPE_LIGHT_USERDATA,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from "./lua-exports.ts";
import { numberText } from "./number-text.ts";
import { shapeOf } from "./table-shape.ts";

/** What scripts may set; Redis's defaults. */
export interface JsonSettings {
  sparseConvert: boolean;
  sparseRatio: number;
  sparseSafe: number;
  encodeDepthMax: number;
  decodeDepthMax: number;
  numberDigits: number;
  /** Of numbers that are none, and infinite ones. */
  encodesInvalid: boolean | "null";
  decodesInvalid: boolean;
}

export function jsonDefaults(): JsonSettings {
  return {
    sparseConvert: false,
    sparseRatio: 2,
    sparseSafe: 10,
    encodeDepthMax: 1000,
    decodeDepthMax: 1000,
    numberDigits: 14,
    encodesInvalid: false,
    decodesInvalid: true,
  };
}

/** All but what stands for itself. */
const ESCAPED = /[^ !#-.0-[\]-~\x80-\xff]/g;
const SHORT_ESCAPES = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["/", "\\/"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\f", "\\f"],
  ["\r", "\\r"],
]);

/** As latin1 text, of the value on top. `spend`: told of what it becomes longer by. Throws `LuaError`. */
export function jsonText(lua: Lua, thread: Thread, settings: JsonSettings, spend: (bytes: number) => void): string {
  const { c } = lua;

  const failed = (why: string, at = -1): LuaError =>
    new LuaError(`Cannot serialise ${lua.typeName(thread, at)}: ${why}`);

  function value(depth: number): string {
    switch (c.lua_type(thread, -1)) {
      case TYPE_STRING:
        return quoted(lua.text(thread, -1) ?? "");
      case TYPE_NUMBER:
        return number();
      case TYPE_BOOLEAN:
        return c.lua_toboolean(thread, -1) === 1 ? "true" : "false";
      case TYPE_NIL:
        return "null";
      case TYPE_TABLE:
        return table(depth + 1);
      case TYPE_LIGHT_USERDATA:
        if (c.lua_touserdata(thread, -1) === 0) return "null";
    }
    throw failed("type not supported");
  }

  function quoted(text: string): string {
    spend(text.length);
    return `"${text.replace(ESCAPED, escaped)}"`;
  }

  function number(): string {
    const given = c.lua_tonumber(thread, -1);
    spend(8);
    if (!Number.isFinite(given)) {
      if (settings.encodesInvalid === "null") return "null";
      if (!settings.encodesInvalid) throw failed("must not be NaN or Inf");
    }
    return numberText(given, settings.numberDigits);
  }

  function table(depth: number): string {
    spend(16);
    if (depth > settings.encodeDepthMax || c.lua_checkstack(thread, 4) === 0)
      throw new LuaError(`Cannot serialise, excessive nesting (${depth})`);
    const { length, count } = shapeOf(lua, thread);
    const { sparseRatio, sparseSafe, sparseConvert } = settings;
    const isSparse = sparseRatio > 0 && length > count * sparseRatio && length > sparseSafe;
    if (isSparse && !sparseConvert) throw failed("excessively sparse array");
    return length > 0 && !isSparse ? list(length, depth) : object(depth);
  }

  function list(length: number, depth: number): string {
    const items: string[] = [];
    for (let at = 1; at <= length; at++) {
      c.lua_rawgeti(thread, -1, at);
      spend(4);
      items.push(value(depth));
      lua.pop(thread, 1);
    }
    return `[${items.join(",")}]`;
  }

  function object(depth: number): string {
    const members: string[] = [];
    c.lua_pushnil(thread);
    while (c.lua_next(thread, -2) !== 0) {
      const type = c.lua_type(thread, -2);
      if (type !== TYPE_NUMBER && type !== TYPE_STRING) throw failed("table key must be a number or string", -2);
      // A number must stay one: what follows it is looked up by it.
      const name =
        type === TYPE_NUMBER
          ? `"${numberText(c.lua_tonumber(thread, -2), settings.numberDigits)}"`
          : quoted(lua.text(thread, -2) ?? "");
      members.push(`${name}:${value(depth)}`);
      lua.pop(thread, 1);
    }
    return `{${members.join(",")}}`;
  }

  return value(0);
}

function escaped(character: string): string {
  const short = SHORT_ESCAPES.get(character);
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
