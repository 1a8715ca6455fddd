/** Answers of commands as values of Lua: in one way for each version of the protocol, of which a script chooses (`redis.setresp`). */

import { assertNever } from "../base/assert.ts";
import { bytesFromLatin1 } from "../base/bytes.ts";
import { doubleText } from "../base/double-text.ts";
import { arrayReply, plainReply, type Reply } from "../command-reply.ts";
import type { Lua } from "./lua.ts";
import { LuaError } from "./lua.ts";
import type { Thread } from "./lua-exports.ts";

export function pushReply(lua: Lua, thread: Thread, reply: Reply, version: 2 | 3): void {
  const { c } = lua;
  if (c.lua_checkstack(thread, 4) === 0) throw new LuaError("reached lua stack limit", false);
  switch (reply.type) {
    case "status":
      return pushField(lua, thread, "ok", () => lua.pushText(thread, reply.text));
    case "error":
      return pushField(lua, thread, "err", () => lua.pushText(thread, reply.text));
    case "integer":
      return c.lua_pushnumber(thread, Number(reply.value));
    case "bulk":
      return lua.pushBytes(thread, reply.value);
    case "double":
      if (version === 2) return lua.pushText(thread, doubleText(reply.value));
      return pushField(lua, thread, "double", () => c.lua_pushnumber(thread, reply.value));
    case "decimal":
      if (version === 2) return lua.pushText(thread, reply.text);
      return pushField(lua, thread, "double", () => c.lua_pushnumber(thread, Number(reply.text)));
    case "big-number":
      if (version === 2) return lua.pushText(thread, reply.text);
      return pushField(lua, thread, "big_number", () => lua.pushText(thread, reply.text));
    case "boolean":
      if (version === 2) return c.lua_pushnumber(thread, reply.value ? 1 : 0);
      return c.lua_pushboolean(thread, reply.value ? 1 : 0);
    case "nothing":
    case "no-array":
      return version === 2 ? c.lua_pushboolean(thread, 0) : c.lua_pushnil(thread);
    case "array":
    case "push":
      return pushList(lua, thread, reply.items, version);
    case "set":
      if (version === 2) return pushList(lua, thread, reply.items, version);
      return pushField(lua, thread, "set", () => {
        c.lua_createtable(thread, 0, reply.items.length);
        for (const item of reply.items) {
          pushReply(lua, thread, item, version);
          c.lua_pushboolean(thread, 1);
          c.lua_rawset(thread, -3);
        }
      });
    case "map":
      if (version === 2) return pushList(lua, thread, reply.items, version);
      return pushField(lua, thread, "map", () => {
        c.lua_createtable(thread, 0, reply.items.length / 2);
        for (let at = 0; at + 1 < reply.items.length; at += 2) {
          pushReply(lua, thread, reply.items[at] as Reply, version);
          pushReply(lua, thread, reply.items[at + 1] as Reply, version);
          c.lua_rawset(thread, -3);
        }
      });
    case "pairs": {
      const pairs: Reply[] = [];
      for (let at = 0; at + 1 < reply.items.length; at += 2) pairs.push(arrayReply(reply.items.slice(at, at + 2)));
      return pushList(lua, thread, version === 2 ? reply.items : pairs, version);
    }
    case "verbatim":
      if (version === 2) return lua.pushBytes(thread, reply.text);
      return pushField(lua, thread, "verbatim_string", () => {
        c.lua_createtable(thread, 0, 2);
        lua.pushBytes(thread, reply.text);
        lua.setField(thread, -2, "string");
        lua.pushBytes(thread, bytesFromLatin1(reply.format ?? "txt"));
        lua.setField(thread, -2, "format");
      });
    case "packed":
      return pushReply(lua, thread, plainReply(reply), version);
    default:
      return assertNever(reply);
  }
}

/** A table with one field. */
export function pushField(lua: Lua, thread: Thread, name: string, push: () => void): void {
  lua.c.lua_createtable(thread, 0, 1);
  push();
  lua.setField(thread, -2, name);
}

function pushList(lua: Lua, thread: Thread, items: readonly Reply[], version: 2 | 3): void {
  const { c } = lua;
  c.lua_createtable(thread, items.length, 0);
  for (let at = 0; at < items.length; at++) {
    pushReply(lua, thread, items[at] as Reply, version);
    c.lua_rawseti(thread, -2, at + 1);
  }
}
