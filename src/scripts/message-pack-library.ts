/** `cmsgpack`: values of Lua as MessagePack, as lua-cmsgpack 0.4 writes and reads them. */

import { ByteWriter } from "../base/bytes.ts";
import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import { type Thread, TYPE_BOOLEAN, TYPE_NUMBER, TYPE_STRING, TYPE_TABLE } from "./lua-exports.ts";
import { shapeOf } from "./table-shape.ts";

/** Deeper tables are written as nothing. */
const NESTING_MAX = 16;
const TWO_32 = 4_294_967_296;
const TWO_63 = 2 ** 63;
const TWO_64 = 2n ** 64n;

/** Fills the table on top. `spend` is told of bytes that are made, and throws where they are too many. */
export function fillMessagePackLibrary(lua: Lua, main: Thread, spend: (bytes: number) => void): void {
  const { c } = lua;
  lua.setFunction(main, -1, "pack", (thread) => {
    const count = c.lua_gettop(thread);
    if (count === 0) throw lua.argumentError(0, "pack", "MessagePack pack needs input.");
    if (c.lua_checkstack(thread, 2) === 0)
      throw lua.argumentError(0, "pack", "Too many arguments for MessagePack pack.");
    const writer = new ByteWriter();
    for (let at = 1; at <= count; at++) {
      c.lua_pushvalue(thread, at);
      write(lua, thread, writer, 0, spend);
    }
    lua.pushBytes(thread, writer.bytes.subarray(0, writer.length));
    return 1;
  });
  lua.setFunction(main, -1, "unpack", (thread) => unpack(lua, thread, 0, 0, false));
  lua.setFunction(main, -1, "unpack_one", (thread) =>
    unpack(lua, thread, 1, offsetAt(lua, thread, 2, "unpack_one"), true),
  );
  lua.setFunction(main, -1, "unpack_limit", (thread) => {
    const limit = Math.trunc(lua.expectNumber(thread, 2, "unpack_limit"));
    return unpack(lua, thread, limit, offsetAt(lua, thread, 3, "unpack_limit"), true);
  });
  for (const [name, text] of [
    ["_NAME", "cmsgpack"],
    ["_VERSION", "lua-cmsgpack 0.4.0"],
    ["_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"],
    ["_DESCRIPTION", "MessagePack C implementation for Lua"],
  ] as const) {
    lua.pushText(main, text);
    lua.setField(main, -2, name);
  }
}

function offsetAt(lua: Lua, thread: Thread, at: number, name: string): number {
  return lua.isGiven(thread, at) ? Math.trunc(lua.expectNumber(thread, at, name)) : 0;
}

/** What is on top, which goes. */
function write(lua: Lua, thread: Thread, to: ByteWriter, level: number, spend: (bytes: number) => void): void {
  const { c } = lua;
  spend(8);
  switch (c.lua_type(thread, -1)) {
    case TYPE_STRING: {
      const text = lua.bytes(thread, -1) ?? new Uint8Array(0);
      spend(text.length);
      writeHead(to, text.length, [0xa0, 32, 0xd9, 0xda, 0xdb]);
      const at = to.reserve(text.length);
      to.bytes.set(text, at);
      break;
    }
    case TYPE_BOOLEAN:
      to.u8(c.lua_toboolean(thread, -1) === 1 ? 0xc3 : 0xc2);
      break;
    case TYPE_NUMBER:
      writeNumber(to, c.lua_tonumber(thread, -1));
      break;
    case TYPE_TABLE:
      if (level === NESTING_MAX || c.lua_checkstack(thread, 4) === 0) to.u8(0xc0);
      else writeTable(lua, thread, to, level, spend);
      break;
    default:
      to.u8(0xc0);
  }
  lua.pop(thread, 1);
}

function writeTable(lua: Lua, thread: Thread, to: ByteWriter, level: number, spend: (bytes: number) => void): void {
  const { c } = lua;
  const { count, length } = shapeOf(lua, thread);
  if (length === count) {
    writeHead(to, length, [0x90, 16, 0, 0xdc, 0xdd]);
    for (let at = 1; at <= length; at++) {
      c.lua_rawgeti(thread, -1, at);
      write(lua, thread, to, level + 1, spend);
    }
    return;
  }
  writeHead(to, count, [0x80, 16, 0, 0xde, 0xdf]);
  c.lua_pushnil(thread);
  while (c.lua_next(thread, -2) !== 0) {
    c.lua_pushvalue(thread, -2);
    write(lua, thread, to, level + 1, spend);
    write(lua, thread, to, level + 1, spend);
  }
}

/** `short` with a length below `bound`, or one of the codes for lengths of 1 (0: none), 2 and 4 bytes. */
function writeHead(to: ByteWriter, length: number, [short, bound, one, two, four]: readonly number[] & { length: 5 }) {
  if (length < (bound ?? 0)) to.u8((short ?? 0) | length);
  else if (one !== 0 && length <= 0xff) writeBigEndian(to, one ?? 0, length, 1);
  else if (length <= 0xffff) writeBigEndian(to, two ?? 0, length, 2);
  else writeBigEndian(to, four ?? 0, length, 4);
}

function writeBigEndian(to: ByteWriter, code: number, value: number, bytes: number): void {
  to.u8(code);
  for (let shift = bytes - 1; shift >= 0; shift--) to.u8(Math.floor(value / 256 ** shift) & 0xff);
}

function writeNumber(to: ByteWriter, value: number): void {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63) return writeInteger(to, value);
  const isShort = Math.fround(value) === value;
  const view = new DataView(new ArrayBuffer(8));
  if (isShort) view.setFloat32(0, value);
  else view.setFloat64(0, value);
  to.u8(isShort ? 0xca : 0xcb);
  for (let i = 0; i < (isShort ? 4 : 8); i++) to.u8(view.getUint8(i));
}

function writeInteger(to: ByteWriter, value: number): void {
  if (value >= 0) {
    if (value <= 127) to.u8(value);
    else if (value <= 0xff) writeBigEndian(to, 0xcc, value, 1);
    else if (value <= 0xffff) writeBigEndian(to, 0xcd, value, 2);
    else if (value < TWO_32) writeBigEndian(to, 0xce, value, 4);
    else writeLong(to, 0xcf, BigInt(value));
  } else if (value >= -32) to.u8(256 + value);
  else if (value >= -128) writeBigEndian(to, 0xd0, 256 + value, 1);
  else if (value >= -32_768) writeBigEndian(to, 0xd1, 65_536 + value, 2);
  else if (value >= -2_147_483_648) writeBigEndian(to, 0xd2, TWO_32 + value, 4);
  else writeLong(to, 0xd3, BigInt(value) + TWO_64);
}

function writeLong(to: ByteWriter, code: number, value: bigint): void {
  to.u8(code);
  for (let shift = 56n; shift >= 0n; shift -= 8n) to.u8(Number((value >> shift) & 0xffn));
}

/** Leaves what it reads on the stack, behind where it goes on (-1: at the end) if `tellsWhere`; says how many. */
function unpack(lua: Lua, thread: Thread, limit: number, offset: number, tellsWhere: boolean): number {
  const { c } = lua;
  const bytes = bytesAt(lua, thread);
  if (offset < 0 || limit < 0)
    throw new LuaError(`Invalid request to unpack with offset of ${offset} and limit of ${bytes.length}.`);
  if (offset > bytes.length) throw new LuaError(`Start offset ${offset} greater than input length ${bytes.length}.`);
  const reader = new Reader(lua, thread, bytes, offset);
  const most = limit === 0 ? Infinity : limit;
  c.lua_settop(thread, 0);
  if (tellsWhere) c.lua_pushnumber(thread, 0);
  let count = 0;
  for (; count < most && reader.at < bytes.length; count++) {
    if (c.lua_checkstack(thread, 2) === 0) throw new LuaError("Too many results to unpack");
    reader.value(0);
  }
  if (!tellsWhere) return count;
  c.lua_pushnumber(thread, reader.at < bytes.length ? reader.at : -1);
  c.lua_replace(thread, 1);
  return count + 1;
}

function bytesAt(lua: Lua, thread: Thread): Uint8Array {
  lua.expectText(thread, 1, "unpack");
  return lua.bytes(thread, 1) ?? new Uint8Array(0);
}

class Reader {
  at: number;
  readonly #lua: Lua;
  readonly #thread: Thread;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(lua: Lua, thread: Thread, bytes: Uint8Array, at: number) {
    this.#lua = lua;
    this.#thread = thread;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  value(depth: number): void {
    const { c } = this.#lua;
    const thread = this.#thread;
    const code = this.#unsigned(1);
    if (code < 0x80) return c.lua_pushnumber(thread, code);
    if (code >= 0xe0) return c.lua_pushnumber(thread, code - 256);
    if (code < 0x90) return this.#map(code & 15, depth);
    if (code < 0xa0) return this.#list(code & 15, depth);
    if (code < 0xc0) return this.#string(code & 31);
    switch (code) {
      case 0xc0:
        return c.lua_pushnil(thread);
      case 0xc2:
      case 0xc3:
        return c.lua_pushboolean(thread, code & 1);
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#string(this.#unsigned(2 ** (code - 0xc4)));
      case 0xca:
        return c.lua_pushnumber(thread, this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return c.lua_pushnumber(thread, this.#view.getFloat64(this.#take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return c.lua_pushnumber(thread, this.#unsigned(2 ** (code - 0xcc)));
      case 0xcf:
        return c.lua_pushnumber(thread, Number(this.#view.getBigUint64(this.#take(8))));
      case 0xd0:
        return c.lua_pushnumber(thread, this.#view.getInt8(this.#take(1)));
      case 0xd1:
        return c.lua_pushnumber(thread, this.#view.getInt16(this.#take(2)));
      case 0xd2:
        return c.lua_pushnumber(thread, this.#view.getInt32(this.#take(4)));
      case 0xd3:
        return c.lua_pushnumber(thread, Number(this.#view.getBigInt64(this.#take(8))));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#unsigned(2 ** (code - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#unsigned(code === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(code === 0xde ? 2 : 4), depth);
    }
    throw new LuaError("Bad data format in input.");
  }

  #take(bytes: number): number {
    const { at } = this;
    if (at + bytes > this.#bytes.length) throw new LuaError("Missing bytes in input.");
    this.at = at + bytes;
    return at;
  }

  #unsigned(bytes: number): number {
    let value = 0;
    for (let at = this.#take(bytes); at < this.at; at++) value = value * 256 + (this.#bytes[at] as number);
    return value;
  }

  #string(length: number): void {
    const at = this.#take(length);
    this.#lua.pushBytes(this.#thread, this.#bytes.subarray(at, at + length));
  }

  #begin(depth: number): void {
    const { c } = this.#lua;
    if (depth > 1000 || c.lua_checkstack(this.#thread, 4) === 0)
      throw new LuaError("Too many nested data structures in input.");
    c.lua_createtable(this.#thread, 0, 0);
  }

  #list(length: number, depth: number): void {
    this.#begin(depth);
    for (let at = 1; at <= length; at++) {
      this.value(depth + 1);
      this.#lua.c.lua_rawseti(this.#thread, -2, at);
    }
  }

  #map(length: number, depth: number): void {
    this.#begin(depth);
    for (let at = 0; at < length; at++) {
      this.value(depth + 1);
      if (!this.#lua.isGiven(this.#thread, -1)) throw new LuaError("Bad data format in input.");
      this.value(depth + 1);
      this.#lua.c.lua_rawset(this.#thread, -3);
    }
  }
}
