/**
 * `find`, `match`, `gmatch` and `gsub` of `string`, as Lua 5.1 has them. Its own are one call each, in which a pattern may take
 * longer than anybody can wait; these are ended (`Steps`).
 */

import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import { LuaBuffer } from "./lua-buffer.ts";
import {
  type Address,
  type Thread,
  TYPE_FUNCTION,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
  upvalue,
} from "./lua-exports.ts";
import { isDigit } from "./pattern-classes.ts";
import { NO_MATCH, PatternMatcher, POSITION, type Subject } from "./pattern-matcher.ts";
import type { Steps } from "./steps.ts";

const ESCAPE = 37; // %
const CARET = 94;
const DIGIT_ZERO = 48;
const SPECIALS = new Set([..."^$*+?.([%-"].map((each) => each.charCodeAt(0)));

/** Of `gmatch`'s closure, whose own first is its function. */
const SUBJECT = upvalue(2);
const PATTERN = upvalue(3);
const NEXT_START = upvalue(4);

/** Puts them into the table on top. */
export function fillPatternLibrary(lua: Lua, main: Thread, steps: Steps): void {
  const patterns = new Patterns(lua, steps);
  const next = lua.registerFunction((thread) => patterns.matchNext(thread));
  lua.setFunction(main, -1, "find", (thread) => patterns.find(thread, true));
  lua.setFunction(main, -1, "match", (thread) => patterns.find(thread, false));
  lua.setFunction(main, -1, "gsub", (thread) => patterns.substitute(thread));
  for (const name of ["gmatch", "gfind"]) {
    lua.setFunction(main, -1, name, (thread) => {
      const { c } = lua;
      c.luaL_checklstring(thread, 1, 0);
      c.luaL_checklstring(thread, 2, 0);
      c.lua_settop(thread, 2);
      c.lua_pushnumber(thread, 0);
      lua.pushClosure(thread, next, 3);
      return 1;
    });
  }
}

/** One match of a subject: places are addresses. */
interface Found {
  readonly matcher: PatternMatcher;
  readonly start: Address;
  readonly end: Address;
}

class Patterns {
  readonly #lua: Lua;
  readonly #steps: Steps;

  constructor(lua: Lua, steps: Steps) {
    this.#lua = lua;
    this.#steps = steps;
  }

  /** `find`, or `match`. */
  find(thread: Thread, isFind: boolean): number {
    const { c } = this.#lua;
    const subject = this.#subjectAt(thread, 1);
    let pattern = c.luaL_checklstring(thread, 2, 0);
    const first = this.#firstOf(thread, subject);
    if (isFind && (c.lua_toboolean(thread, 4) !== 0 || !this.#hasSpecials(pattern)))
      return this.#findPlain(thread, subject, first, { start: pattern, end: pattern + c.lua_objlen(thread, 2) });
    const bytes = this.#lua.memory;
    const isAnchored = bytes[pattern] === CARET;
    if (isAnchored) pattern++;
    const matcher = new PatternMatcher(subject, this.#steps);
    for (let start = first; start <= subject.end; start++) {
      const end = matcher.match(bytes, start, pattern);
      if (end !== NO_MATCH) {
        if (!isFind) return this.#pushCaptures(thread, { matcher, start, end }, true);
        c.lua_pushnumber(thread, start - subject.start + 1);
        c.lua_pushnumber(thread, end - subject.start);
        return this.#pushCaptures(thread, { matcher, start, end }, false) + 2;
      }
      if (isAnchored) break;
    }
    c.lua_pushnil(thread);
    return 1;
  }

  /** What `gmatch` gives is called for the next match. */
  matchNext(thread: Thread): number {
    const { c } = this.#lua;
    const subject = this.#subjectAt(thread, SUBJECT);
    const pattern = c.lua_tolstring(thread, PATTERN, 0);
    const matcher = new PatternMatcher(subject, this.#steps);
    const bytes = this.#lua.memory;
    for (let start = subject.start + c.lua_tonumber(thread, NEXT_START); start <= subject.end; start++) {
      const end = matcher.match(bytes, start, pattern);
      if (end === NO_MATCH) continue;
      // At least a byte further.
      c.lua_pushnumber(thread, Math.max(end, start + 1) - subject.start);
      c.lua_replace(thread, NEXT_START);
      return this.#pushCaptures(thread, { matcher, start, end }, true);
    }
    return 0;
  }

  /** `gsub` */
  substitute(thread: Thread): number {
    const { c } = this.#lua;
    const subject = this.#subjectAt(thread, 1);
    let pattern = c.luaL_checklstring(thread, 2, 0);
    const type = c.lua_type(thread, 3);
    const most = this.#lua.isGiven(thread, 4)
      ? wholeOf(c.luaL_checknumber(thread, 4)) | 0
      : subject.end - subject.start + 1;
    if (type !== TYPE_NUMBER && type !== TYPE_STRING && type !== TYPE_FUNCTION && type !== TYPE_TABLE)
      return this.#lua.raiseArgument(thread, 3, "string/function/table expected");
    const isAnchored = this.#lua.memory[pattern] === CARET;
    if (isAnchored) pattern++;
    const buffer = new LuaBuffer(this.#lua);
    try {
      const count = this.#replaceAll(thread, { subject, pattern, isAnchored, most, buffer });
      buffer.push(thread);
      c.lua_pushnumber(thread, count);
      return 2;
    } finally {
      buffer.free();
    }
  }

  #replaceAll(thread: Thread, { subject, pattern, isAnchored, most, buffer }: Substitution): number {
    const matcher = new PatternMatcher(subject, this.#steps);
    let start = subject.start;
    let count = 0;
    while (count < most) {
      // A function that was called may have had the memory grow.
      const end = matcher.match(this.#lua.memory, start, pattern);
      if (end !== NO_MATCH) {
        count++;
        this.#addReplacement(thread, { matcher, start, end }, buffer);
      }
      if (end > start) start = end;
      else if (start < subject.end) buffer.addByte(this.#lua.memory[start++] as number);
      else break;
      if (isAnchored) break;
    }
    buffer.addFrom(start, subject.end - start);
    return count;
  }

  #addReplacement(thread: Thread, found: Found, buffer: LuaBuffer): void {
    const { c } = this.#lua;
    switch (c.lua_type(thread, 3)) {
      case TYPE_FUNCTION:
        c.lua_pushvalue(thread, 3);
        c.lua_call(thread, this.#pushCaptures(thread, found, true), 1);
        break;
      case TYPE_TABLE:
        this.#pushCapture(thread, found, 0);
        c.lua_gettable(thread, 3);
        break;
      default:
        return this.#addTemplate(thread, found, buffer);
    }
    if (c.lua_toboolean(thread, -1) === 0) this.#addFrom(buffer, found.start, found.end - found.start);
    else {
      const type = c.lua_type(thread, -1);
      if (type !== TYPE_STRING && type !== TYPE_NUMBER)
        throw new LuaError(`invalid replacement value (a ${this.#lua.typeName(thread, -1)})`);
      this.#addTop(thread, buffer);
    }
    this.#lua.pop(thread, 1);
  }

  /** The string at 3, in which `%` and a digit stand for a capture. */
  #addTemplate(thread: Thread, found: Found, buffer: LuaBuffer): void {
    const at = this.#lua.c.lua_tolstring(thread, 3, 0);
    const length = this.#lua.c.lua_objlen(thread, 3);
    this.#steps.take(length);
    for (let i = 0; i < length; i++) {
      const byte = this.#lua.memory[at + i] as number;
      if (byte !== ESCAPE) {
        buffer.addByte(byte);
        continue;
      }
      // Behind the last byte is a zero, which then stands for the `%`.
      const next = this.#lua.memory[at + ++i] as number;
      if (!isDigit(next)) buffer.addByte(next);
      else if (next === DIGIT_ZERO) this.#addFrom(buffer, found.start, found.end - found.start);
      else {
        this.#pushCapture(thread, found, next - DIGIT_ZERO - 1);
        this.#addTop(thread, buffer);
        this.#lua.pop(thread, 1);
      }
    }
  }

  #addTop(thread: Thread, buffer: LuaBuffer): void {
    const at = this.#lua.c.lua_tolstring(thread, -1, 0);
    this.#addFrom(buffer, at, this.#lua.c.lua_objlen(thread, -1));
  }

  #addFrom(buffer: LuaBuffer, at: Address, length: number): void {
    this.#steps.takeBytes(length);
    buffer.addFrom(at, length);
  }

  // --- Captures ------------------------------------------------------------------------------------------------

  /** How many they are. `isWhole`: the match itself, where it has no captures. */
  #pushCaptures(thread: Thread, found: Found, isWhole: boolean): number {
    const { level } = found.matcher;
    const count = level === 0 && isWhole ? 1 : level;
    if (this.#lua.c.lua_checkstack(thread, count) === 0) throw new LuaError("stack overflow (too many captures)");
    for (let capture = 0; capture < count; capture++) this.#pushCapture(thread, found, capture);
    return count;
  }

  #pushCapture(thread: Thread, { matcher, start, end }: Found, capture: number): void {
    const { c } = this.#lua;
    if (capture >= matcher.level) {
      if (capture !== 0) throw new LuaError("invalid capture index");
      this.#steps.takeBytes(end - start);
      c.lua_pushlstring(thread, start, end - start);
      return;
    }
    const length = matcher.lengthOf(capture);
    const at = matcher.starts[capture] as number;
    if (length === POSITION) c.lua_pushnumber(thread, matcher.placeOf(at));
    else {
      this.#steps.takeBytes(length);
      c.lua_pushlstring(thread, at, length);
    }
  }

  // --- Arguments -----------------------------------------------------------------------------------------------

  /** A string, or a number that becomes one. It stays where it is as long as it is there. */
  #subjectAt(thread: Thread, index: number): Subject {
    const start =
      index > 0 ? this.#lua.c.luaL_checklstring(thread, index, 0) : this.#lua.c.lua_tolstring(thread, index, 0);
    return { start, end: start + this.#lua.c.lua_objlen(thread, index) };
  }

  /** Where the third argument has the search begin. */
  #firstOf(thread: Thread, { start, end }: Subject): Address {
    const { c } = this.#lua;
    const place = this.#lua.isGiven(thread, 3) ? wholeOf(c.luaL_checknumber(thread, 3)) : 1;
    const at = place < 0 ? end + place : start + place - 1;
    return Math.min(Math.max(at, start), end);
  }

  #hasSpecials(pattern: Address): boolean {
    const { memory } = this.#lua;
    for (let at = pattern; memory[at] !== 0; at++) {
      this.#steps.take(1);
      if (SPECIALS.has(memory[at] as number)) return true;
    }
    return false;
  }

  #findPlain(thread: Thread, subject: Subject, first: Address, wanted: Subject): number {
    const { c, memory } = this.#lua;
    const length = wanted.end - wanted.start;
    const last = subject.end - length;
    for (let at = first; at <= last; at++) {
      if (length > 0) {
        const next = memory.subarray(at, last + 1).indexOf(memory[wanted.start] as number);
        if (next < 0) break;
        this.#steps.takeBytes(next);
        at += next;
      }
      if (!this.#isSame(memory, at, wanted)) continue;
      c.lua_pushnumber(thread, at - subject.start + 1);
      c.lua_pushnumber(thread, at - subject.start + length);
      return 2;
    }
    c.lua_pushnil(thread);
    return 1;
  }

  #isSame(memory: Uint8Array, at: Address, { start, end }: Subject): boolean {
    const length = end - start;
    for (let i = 1; i < length; i++) {
      this.#steps.take(1);
      if (memory[at + i] !== memory[start + i]) return false;
    }
    return true;
  }
}

interface Substitution {
  readonly subject: Subject;
  readonly pattern: Address;
  /** It is looked for at the beginning only. */
  readonly isAnchored: boolean;
  /** How many matches are replaced. */
  readonly most: number;
  readonly buffer: LuaBuffer;
}

/** As C makes a 64-bit number of one: what does not fit is the least. */
function wholeOf(value: number): number {
  return Math.abs(value) < 2 ** 63 ? Math.trunc(value) : -(2 ** 63);
}
