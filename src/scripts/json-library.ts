/** `cjson`. */

import { pushJson } from "./json-decoder.ts";
import { type JsonSettings, jsonDefaults, jsonText } from "./json-encoder.ts";
import type { Lua } from "./lua.ts";
import { type Thread, TYPE_BOOLEAN, TYPE_STRING } from "./lua-exports.ts";

const DEPTH_MAX = 2_147_483_647;
const DIGITS_MAX = 14;

/** Fills the table on top. `spend` is told of bytes that are made, and throws where they are too many. */
export function fillJsonLibrary(lua: Lua, main: Thread, spend: (bytes: number) => void): void {
  const { c } = lua;
  const settings = jsonDefaults();
  const expectOne = (thread: Thread, name: string): void => {
    if (c.lua_gettop(thread) !== 1) throw lua.argumentError(1, name, "expected 1 argument");
  };
  lua.setFunction(main, -1, "encode", (thread) => {
    expectOne(thread, "encode");
    lua.pushText(thread, jsonText(lua, thread, settings, spend));
    return 1;
  });
  lua.setFunction(main, -1, "decode", (thread) => {
    expectOne(thread, "decode");
    pushJson(lua, thread, lua.expectText(thread, 1, "decode"), settings);
    return 1;
  });
  addSettings(lua, main, settings);
  c.lua_pushlightuserdata(main, 0);
  lua.setField(main, -2, "null");
  for (const [name, text] of [
    ["_NAME", "cjson"],
    ["_VERSION", "2.1.0"],
  ] as const) {
    lua.pushText(main, text);
    lua.setField(main, -2, name);
  }
  lua.setFunction(main, -1, "new", (thread) => {
    c.lua_createtable(thread, 0, 16);
    fillJsonLibrary(lua, thread, spend);
    return 1;
  });
}

function addSettings(lua: Lua, main: Thread, settings: JsonSettings): void {
  const { c } = lua;
  const flag = (thread: Thread, at: number, before: boolean): boolean =>
    lua.isGiven(thread, at) ? c.lua_toboolean(thread, at) === 1 : before;
  const whole = (thread: Thread, at: number, name: string, least: number, most: number, before: number): number => {
    if (!lua.isGiven(thread, at)) return before;
    const value = Math.trunc(lua.expectNumber(thread, at, name));
    if (value >= least && value <= most) return value;
    throw lua.argumentError(at, name, `expected integer between ${least} and ${most}`);
  };
  const number = (name: string, key: "encodeDepthMax" | "decodeDepthMax" | "numberDigits", most: number): void =>
    lua.setFunction(main, -1, name, (thread) => {
      settings[key] = whole(thread, 1, name, 1, most, settings[key]);
      c.lua_pushnumber(thread, settings[key]);
      return 1;
    });
  number("encode_max_depth", "encodeDepthMax", DEPTH_MAX);
  number("decode_max_depth", "decodeDepthMax", DEPTH_MAX);
  number("encode_number_precision", "numberDigits", DIGITS_MAX);
  lua.setFunction(main, -1, "encode_sparse_array", (thread) => {
    settings.sparseConvert = flag(thread, 1, settings.sparseConvert);
    settings.sparseRatio = whole(thread, 2, "encode_sparse_array", 0, DEPTH_MAX, settings.sparseRatio);
    settings.sparseSafe = whole(thread, 3, "encode_sparse_array", 0, DEPTH_MAX, settings.sparseSafe);
    c.lua_pushboolean(thread, settings.sparseConvert ? 1 : 0);
    c.lua_pushnumber(thread, settings.sparseRatio);
    c.lua_pushnumber(thread, settings.sparseSafe);
    return 3;
  });
  lua.setFunction(main, -1, "encode_invalid_numbers", (thread) => {
    if (c.lua_type(thread, 1) === TYPE_STRING) {
      if (lua.text(thread, 1) === "null") settings.encodesInvalid = "null";
      else settings.encodesInvalid = lua.text(thread, 1) === "on";
    } else if (c.lua_type(thread, 1) === TYPE_BOOLEAN) settings.encodesInvalid = flag(thread, 1, false);
    if (settings.encodesInvalid === "null") lua.pushText(thread, "null");
    else c.lua_pushboolean(thread, settings.encodesInvalid ? 1 : 0);
    return 1;
  });
  lua.setFunction(main, -1, "decode_invalid_numbers", (thread) => {
    settings.decodesInvalid = flag(thread, 1, settings.decodesInvalid);
    c.lua_pushboolean(thread, settings.decodesInvalid ? 1 : 0);
    return 1;
  });
  lua.setFunction(main, -1, "encode_keep_buffer", (thread) => {
    c.lua_pushboolean(thread, flag(thread, 1, true) ? 1 : 0);
    return 1;
  });
}
