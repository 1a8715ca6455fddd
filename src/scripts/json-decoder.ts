/** `cjson.decode`: JSON as values of Lua, and errors in the words of lua-cjson 2.1. The text is bytes, as latin1. */

import type { JsonSettings } from "./json-encoder.ts";
import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import type { Thread } from "./lua-exports.ts";

interface Token {
  /** As the errors name it. */
  readonly type: string;
  /** Of a string, a number, a boolean. */
  readonly value?: string | number | boolean;
  /** From 0. */
  readonly at: number;
}

const PUNCTUATION: Readonly<Record<string, string>> = {
  "{": "T_OBJ_BEGIN",
  "}": "T_OBJ_END",
  "[": "T_ARR_BEGIN",
  "]": "T_ARR_END",
  ",": "T_COMMA",
  ":": "T_COLON",
};
const WHITESPACE = /[ \t\n\r]*/y;
const NUMBER = /[-+]?(?:0x[0-9a-f]+(?:\.[0-9a-f]*)?|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?|nan)/iy;
/** Up to what is special in a string. */
const PLAIN = /[^"\\\0]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const SURROGATES_FROM = 0xd800;

/** Leaves the value on top. Throws `LuaError`. */
export function pushJson(lua: Lua, thread: Thread, text: string, settings: JsonSettings): void {
  const { c } = lua;
  let at = 0;

  if (text.length >= 2 && (text[0] === "\0" || text[1] === "\0"))
    throw new LuaError("JSON parser does not support UTF-16 or UTF-32");

  const sticky = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? "";
  };

  function next(): Token {
    at += sticky(WHITESPACE).length;
    const start = at;
    const character = text[at];
    if (character === undefined) return { type: "T_END", at: start };
    const mark = PUNCTUATION[character];
    if (mark !== undefined) {
      at++;
      return { type: mark, at: start };
    }
    if (character === '"') return string(start);
    if (/[-\d]/.test(character)) return number(start);
    for (const [word, type, value] of [
      ["true", "T_BOOLEAN", true],
      ["false", "T_BOOLEAN", false],
      ["null", "T_NULL", false],
    ] as const) {
      if (!text.startsWith(word, at)) continue;
      at += word.length;
      return { type, value, at: start };
    }
    return settings.decodesInvalid && /[+in]/i.test(character) ? number(start) : wrong("invalid token", start);
  }

  function number(start: number): Token {
    const word = sticky(NUMBER);
    const isPlain = /^-?(?:0|[1-9]\d*)(?:\.\d*)?(?:e[-+]?\d+)?$/i.test(word);
    if (word === "") return wrong(/[-\d]/.test(text[start] ?? "") ? "invalid number" : "invalid token", start);
    if (!settings.decodesInvalid && !isPlain) return wrong("invalid number", start);
    at += word.length;
    return { type: "T_NUMBER", value: numberOf(word), at: start };
  }

  function string(start: number): Token {
    at++;
    let value = "";
    for (;;) {
      const plain = sticky(PLAIN);
      value += plain;
      at += plain.length;
      const character = text[at];
      if (character === '"') {
        at++;
        return { type: "T_STRING", value, at: start };
      }
      if (character !== "\\") return wrong("unexpected end of string", at);
      const letter = text[at + 1] ?? "";
      const short = ESCAPES[letter];
      if (short !== undefined) {
        value += short;
        at += 2;
      } else if (letter === "u") {
        const code = codePoint();
        if (code === undefined) return wrong("invalid unicode escape code", at);
        value += utf8(code);
      } else return wrong("invalid escape code", at);
    }
  }

  function hexAt(place: number): number | undefined {
    const digits = text.slice(place, place + 6);
    return /^\\u[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits.slice(2), 16) : undefined;
  }

  /** Of an escape, or of two that are the halves of one. */
  function codePoint(): number | undefined {
    const code = hexAt(at);
    if (code === undefined) return undefined;
    if ((code & 0xf800) !== SURROGATES_FROM) {
      at += 6;
      return code;
    }
    const low = hexAt(at + 6);
    if ((code & 0x400) !== 0 || low === undefined || (low & 0xfc00) !== 0xdc00) return undefined;
    at += 12;
    return (((code & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000;
  }

  function wrong(found: string, place: number): Token {
    return { type: found, at: place };
  }

  function expected(what: string, token: Token): LuaError {
    return new LuaError(`Expected ${what} but found ${token.type} at character ${token.at + 1}`);
  }

  function value(token: Token, depth: number): void {
    switch (token.type) {
      case "T_STRING":
        return lua.pushText(thread, String(token.value));
      case "T_NUMBER":
        return c.lua_pushnumber(thread, Number(token.value));
      case "T_BOOLEAN":
        return c.lua_pushboolean(thread, token.value === true ? 1 : 0);
      case "T_NULL":
        return c.lua_pushlightuserdata(thread, 0);
      case "T_OBJ_BEGIN":
        return object(depth + 1);
      case "T_ARR_BEGIN":
        return list(depth + 1);
    }
    throw expected("value", token);
  }

  function descend(depth: number): void {
    if (depth > settings.decodeDepthMax || c.lua_checkstack(thread, 4) === 0)
      throw new LuaError(`Found too many nested data structures (${depth}) at character ${at}`);
    c.lua_createtable(thread, 0, 0);
  }

  function object(depth: number): void {
    descend(depth);
    let token = next();
    if (token.type === "T_OBJ_END") return;
    for (;;) {
      if (token.type !== "T_STRING") throw expected("object key string", token);
      lua.pushText(thread, String(token.value));
      token = next();
      if (token.type !== "T_COLON") throw expected("colon", token);
      value(next(), depth);
      c.lua_rawset(thread, -3);
      token = next();
      if (token.type === "T_OBJ_END") return;
      if (token.type !== "T_COMMA") throw expected("comma or object end", token);
      token = next();
    }
  }

  function list(depth: number): void {
    descend(depth);
    let token = next();
    if (token.type === "T_ARR_END") return;
    for (let place = 1; ; place++) {
      value(token, depth);
      c.lua_rawseti(thread, -2, place);
      token = next();
      if (token.type === "T_ARR_END") return;
      if (token.type !== "T_COMMA") throw expected("comma or array end", token);
      token = next();
    }
  }

  value(next(), 0);
  const end = next();
  if (end.type !== "T_END") throw expected("the end", end);
}

function numberOf(word: string): number {
  const sign = word.startsWith("-") ? -1 : 1;
  const bare = word.replace(/^[-+]/, "").toLowerCase();
  if (bare.startsWith("inf")) return sign * Infinity;
  if (bare === "nan") return Number.NaN;
  if (!bare.startsWith("0x")) return Number(word);
  const [whole = "", rest = ""] = bare.slice(2).split(".");
  const fraction = rest === "" ? 0 : Number.parseInt(rest, 16) / 16 ** rest.length;
  return sign * (Number.parseInt(whole, 16) + fraction);
}

/** As latin1 text. */
function utf8(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
  const last = String.fromCharCode(0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12)) + last;
  return String.fromCharCode(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f)) + last;
}
