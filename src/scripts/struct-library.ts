/** `struct`: values in the bytes of C's structures, as lua-struct 0.2. */

import { ByteWriter } from "../base/bytes.ts";
import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import type { Thread } from "./lua-exports.ts";

const INTEGER_BYTES_MAX = 32;
const NATIVE_ALIGNMENT = 8;
const SIZES: Readonly<Record<string, number>> = { b: 1, B: 1, h: 2, H: 2, l: 8, L: 8, T: 8, f: 4, d: 8, x: 1 };
const BYTE = 256n;

/** One option of a format. */
interface Option {
  readonly letter: string;
  readonly size: number;
  /** Bytes left free before it. */
  readonly padding: number;
}

/** Reads a format option by option, and what it says of the order of bytes and of alignment. */
class Format {
  isLittle = true;
  #alignment = 1;
  #at = 0;
  readonly #lua: Lua;
  readonly #name: string;
  readonly #text: string;

  /** What the function of this name is given first. */
  constructor(lua: Lua, thread: Thread, name: string) {
    this.#lua = lua;
    this.#name = name;
    this.#text = lua.expectText(thread, 1, name);
  }

  /** `total`: bytes before it. Undefined: there is no more. */
  next(total: number): Option | undefined {
    for (;;) {
      const letter = this.#text[this.#at++];
      if (letter === undefined) return undefined;
      if (letter === " ") continue;
      if (letter === ">" || letter === "<") this.isLittle = letter === "<";
      else if (letter === "!") this.#setAlignment(this.#number() ?? NATIVE_ALIGNMENT);
      else return this.#option(letter, total);
    }
  }

  #option(letter: string, total: number): Option {
    const size = this.#sizeOf(letter);
    const isAligned = size > 1 && letter !== "c" && letter !== "s";
    const to = isAligned ? Math.min(size, this.#alignment) : 1;
    return { letter, size, padding: to > 1 ? (to - (total & (to - 1))) & (to - 1) : 0 };
  }

  #sizeOf(letter: string): number {
    const fixed = SIZES[letter];
    if (fixed !== undefined) return fixed;
    if (letter === "s") return 0;
    if (letter === "c") return this.#number() ?? 1;
    if (letter !== "i" && letter !== "I")
      throw this.#lua.argumentError(1, this.#name, `invalid format option '${letter}'`);
    const size = this.#number() ?? 4;
    if (size <= INTEGER_BYTES_MAX) return size;
    throw new LuaError(`integral size ${size} is larger than limit of ${INTEGER_BYTES_MAX}`);
  }

  #setAlignment(alignment: number): void {
    if (alignment === 0 || (alignment & (alignment - 1)) !== 0) throw new LuaError("alignment is not a power of 2");
    this.#alignment = alignment;
  }

  #number(): number | undefined {
    const digits = /^\d+/.exec(this.#text.slice(this.#at, this.#at + 11))?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    const value = Number(digits);
    if (value > 2_147_483_647) throw new LuaError("integral size overflow");
    return value;
  }
}

/** Fills the table on top. `spend` is told of bytes that are made, and throws where they are too many. */
export function fillStructLibrary(lua: Lua, main: Thread, spend: (bytes: number) => void): void {
  lua.setFunction(main, -1, "pack", (thread) => pack(lua, thread, spend));
  lua.setFunction(main, -1, "unpack", (thread) => unpack(lua, thread));
  lua.setFunction(main, -1, "size", (thread) => {
    const format = new Format(lua, thread, "size");
    let total = 0;
    for (let option = format.next(total); option !== undefined; option = format.next(total)) {
      if (option.letter === "s" || (option.letter === "c" && option.size === 0))
        throw lua.argumentError(1, "size", `option '${option.letter === "s" ? "s" : "c0"}' has no fixed size`);
      total += option.padding + option.size;
    }
    lua.c.lua_pushnumber(thread, total);
    return 1;
  });
}

function pack(lua: Lua, thread: Thread, spend: (bytes: number) => void): number {
  const format = new Format(lua, thread, "pack");
  const writer = new ByteWriter();
  let argument = 2;
  for (let option = format.next(writer.length); option !== undefined; option = format.next(writer.length)) {
    const { letter, size, padding } = option;
    spend(padding + size);
    fill(writer, padding);
    if (letter === "x") fill(writer, 1);
    else if (letter === "s" || letter === "c") packText(lua, thread, argument++, option, writer, spend);
    else packNumber(writer, lua.expectNumber(thread, argument++, "pack"), option, format.isLittle);
  }
  lua.pushBytes(thread, writer.bytes.subarray(0, writer.length));
  return 1;
}

function fill(writer: ByteWriter, count: number): void {
  const at = writer.reserve(count);
  writer.bytes.fill(0, at, at + count);
}

function packText(
  lua: Lua,
  thread: Thread,
  argument: number,
  { letter, size }: Option,
  writer: ByteWriter,
  spend: (bytes: number) => void,
): void {
  lua.expectText(thread, argument, "pack");
  const text = lua.bytes(thread, argument) ?? new Uint8Array(0);
  const length = size === 0 ? text.length : size;
  if (text.length < length) throw lua.argumentError(argument + 1, "pack", "string too short");
  spend(length);
  const at = writer.reserve(length);
  writer.bytes.set(text.subarray(0, length), at);
  if (letter === "s") fill(writer, 1);
}

function packNumber(writer: ByteWriter, value: number, { letter, size }: Option, isLittle: boolean): void {
  const at = writer.reserve(size);
  const view = new DataView(writer.bytes.buffer, writer.bytes.byteOffset + at, size);
  if (letter === "f") return view.setFloat32(0, value, isLittle);
  if (letter === "d") return view.setFloat64(0, value, isLittle);
  let left = Number.isFinite(value) ? BigInt.asUintN(size * 8, BigInt.asIntN(64, BigInt(Math.trunc(value)))) : 0n;
  for (let i = 0; i < size; i++) {
    view.setUint8(isLittle ? i : size - 1 - i, Number(left % BYTE));
    left /= BYTE;
  }
}

function unpack(lua: Lua, thread: Thread): number {
  const { c } = lua;
  const format = new Format(lua, thread, "unpack");
  lua.expectText(thread, 2, "unpack");
  const bytes = lua.bytes(thread, 2) ?? new Uint8Array(0);
  const start = lua.isGiven(thread, 3) ? Math.trunc(lua.expectNumber(thread, 3, "unpack")) : 1;
  if (start < 1) throw lua.argumentError(3, "unpack", "offset must be 1 or greater");
  let at = start - 1;
  let count = 0;
  c.lua_settop(thread, 2);
  for (let option = format.next(at); option !== undefined; option = format.next(at)) {
    at += option.padding;
    if (at + option.size > bytes.length) throw lua.argumentError(2, "unpack", "data string too short");
    if (c.lua_checkstack(thread, 2) === 0) throw new LuaError("too many results");
    let { size } = option;
    if (option.letter === "s") {
      const end = bytes.indexOf(0, at);
      if (end < 0) throw new LuaError("unfinished string in data");
      lua.pushBytes(thread, bytes.subarray(at, end));
      size = end + 1 - at;
    } else if (option.letter === "c") {
      if (size === 0) {
        if (count === 0 || c.lua_type(thread, -1) !== 3) throw new LuaError("format `c0' needs a previous size");
        size = Math.trunc(c.lua_tonumber(thread, -1));
        lua.pop(thread, 1);
        count--;
        if (size < 0 || at + size > bytes.length) throw lua.argumentError(2, "unpack", "data string too short");
      }
      lua.pushBytes(thread, bytes.subarray(at, at + size));
    } else if (option.letter !== "x") c.lua_pushnumber(thread, numberAt(bytes, at, option, format.isLittle));
    if (option.letter !== "x") count++;
    at += size;
  }
  c.lua_pushnumber(thread, at + 1);
  return count + 1;
}

function numberAt(bytes: Uint8Array, at: number, { letter, size }: Option, isLittle: boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, size);
  if (letter === "f") return view.getFloat32(0, isLittle);
  if (letter === "d") return view.getFloat64(0, isLittle);
  let value = 0n;
  for (let i = 0; i < size; i++) value = value * BYTE + BigInt(view.getUint8(isLittle ? size - 1 - i : i));
  const isSigned = letter === letter.toLowerCase();
  return Number(isSigned ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(64, value));
}
