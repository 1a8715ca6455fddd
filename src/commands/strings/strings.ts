/** Strings: values of bytes. */

import { arrayReply, bulkReply, EMPTY, integerReply, NOTHING, OK, ONE, type Reply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { rowsOf } from "../rows/command-row.ts";
import { CommandError } from "../words/command-error.ts";
import { type ExpiryUnit, MILLISECONDS, positiveEnd, SECONDS } from "../words/expiry-time.ts";
import { expectNumber } from "../words/number-text.ts";
import { keyOf, wordOf } from "../words/words.ts";
import { valueReply } from "../workspace/values.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { decr, decrby, incr, incrby, incrbyfloat } from "./increments.ts";
import { getex, set } from "./set-command.ts";

const TABLE = `
append           3  write,denyoom,fast   1 1 1   2.0.0 Append a value to a key
decr             2  write,denyoom,fast   1 1 1   1.0.0 Decrement the integer value of a key by one
decrby           3  write,denyoom,fast   1 1 1   1.0.0 Decrement the integer value of a key by the given number
get              2  readonly,fast        1 1 1   1.0.0 Get the value of a key
getdel           2  write,fast           1 1 1   6.2.0 Get the value of a key and delete the key
getex           -2  write,fast           1 1 1   6.2.0 Get the value of a key and optionally set its expiration
getrange         4  readonly             1 1 1   2.4.0 Get a substring of the string stored at a key
getset           3  write,denyoom,fast   1 1 1   1.0.0 Set the string value of a key and return its old value
incr             2  write,denyoom,fast   1 1 1   1.0.0 Increment the integer value of a key by one
incrby           3  write,denyoom,fast   1 1 1   1.0.0 Increment the integer value of a key by the given amount
incrbyfloat      3  write,denyoom,fast   1 1 1   2.6.0 Increment the float value of a key by the given amount
mget            -2  readonly,fast        1 -1 1  1.0.0 Get the values of all the given keys
mset            -3  write,denyoom        1 -1 2  1.0.1 Set multiple keys to multiple values
msetnx          -3  write,denyoom        1 -1 2  1.0.1 Set multiple keys to multiple values, only if none of the keys exist
psetex           4  write,denyoom        1 1 1   2.6.0 Set the value and expiration in milliseconds of a key
set             -3  write,denyoom        1 1 1   1.0.0 Set the string value of a key
setex            4  write,denyoom        1 1 1   2.0.0 Set the value and expiration of a key
setnx            3  write,denyoom,fast   1 1 1   1.0.0 Set the value of a key, only if the key does not exist
setrange         4  write,denyoom        1 1 1   2.2.0 Overwrite part of a string at key starting at the specified offset
strlen           2  readonly,fast        1 1 1   2.2.0 Get the length of the value stored in a key
substr           4  readonly             1 1 1   1.0.0 Get a substring of the string stored at a key
`;

const TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
const NO_BYTES = new Uint8Array(0);

function get(workspace: Workspace, words: CommandWords): Reply {
  return valueReply(workspace, keyOf(words, 1));
}

function getset(workspace: Workspace, words: CommandWords): Reply {
  const before = get(workspace, words);
  workspace.writeString(keyOf(words, 1), wordOf(words, 2));
  return before;
}

function getdel(workspace: Workspace, words: CommandWords): Reply {
  const before = get(workspace, words);
  if (before.type !== "nothing") workspace.remove(keyOf(words, 1));
  return before;
}

/** What is no string is as good as nothing: alone among the commands it does not say so. */
function mget(workspace: Workspace, words: CommandWords): Reply {
  const values: Reply[] = [];
  for (let at = 1; at < words.length; at++) {
    const key = keyOf(words, at);
    const type = workspace.typeOf(key);
    values.push(type === undefined || type === "string" ? valueReply(workspace, key) : NOTHING);
  }
  return arrayReply(values);
}

function mset(workspace: Workspace, words: CommandWords): Reply {
  checkPairs(words, "mset");
  for (let at = 1; at < words.length; at += 2) workspace.writeString(keyOf(words, at), wordOf(words, at + 1));
  return OK;
}

function msetnx(workspace: Workspace, words: CommandWords): Reply {
  checkPairs(words, "msetnx");
  for (let at = 1; at < words.length; at += 2) if (workspace.typeOf(keyOf(words, at)) !== undefined) return ZERO;
  mset(workspace, words);
  return ONE;
}

function checkPairs(words: CommandWords, command: string): void {
  if (words.length % 2 === 0) throw new CommandError(`ERR wrong number of arguments for '${command}' command`);
}

function setnx(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  if (workspace.typeOf(key) !== undefined) return ZERO;
  workspace.writeString(key, wordOf(words, 2));
  return ONE;
}

function setWithEnd(workspace: Workspace, words: CommandWords, unit: ExpiryUnit, command: string): Reply {
  const end = positiveEnd(words[2], unit, workspace.now, command);
  workspace.writeString(keyOf(words, 1), wordOf(words, 3), end);
  return OK;
}

function append(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const before = workspace.stringAt(key) ?? NO_BYTES;
  const value = lengthened(workspace, before, before.length + wordOf(words, 2).length);
  value.set(wordOf(words, 2), before.length);
  workspace.writeString(key, value, workspace.expiresAt(key));
  return integerReply(value.length);
}

function setrange(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const offset = expectNumber(words[2]);
  const part = wordOf(words, 3);
  if (offset < 0) throw new CommandError("ERR offset is out of range");
  const before = workspace.stringAt(key);
  if (part.length === 0) return integerReply(before?.length ?? 0);
  const length = Math.max(before?.length ?? 0, offset + part.length);
  const value = lengthened(workspace, before ?? NO_BYTES, length);
  value.set(part, offset);
  workspace.writeString(key, value, workspace.expiresAt(key));
  return integerReply(value.length);
}

/** A copy that is at least so long, zeros at its end. Throws `CommandError`. */
export function lengthened(workspace: Workspace, bytes: Uint8Array, length: number): Uint8Array {
  if (length > workspace.valueBytesMax) throw new CommandError(TOO_LONG);
  workspace.goThrough(bytes.length + length);
  const longer = new Uint8Array(Math.max(bytes.length, length));
  longer.set(bytes);
  return longer;
}

function strlen(workspace: Workspace, words: CommandWords): Reply {
  return integerReply(workspace.stringLength(keyOf(words, 1)) ?? 0);
}

function getrange(workspace: Workspace, words: CommandWords): Reply {
  let [start, end] = [expectNumber(words[2]), expectNumber(words[3])];
  const value = workspace.stringAt(keyOf(words, 1));
  if (value === undefined || (start < 0 && end < 0 && start > end)) return EMPTY;
  if (start < 0) start = Math.max(0, value.length + start);
  if (end < 0) end = Math.max(0, value.length + end);
  end = Math.min(end, value.length - 1);
  if (start > end || value.length === 0) return EMPTY;
  return bulkReply(workspace.copyOf(value.subarray(start, end + 1)));
}

export const stringRows = rowsOf("string", TABLE, {
  append,
  decr,
  decrby,
  get,
  getdel,
  getex,
  getrange,
  getset,
  incr,
  incrby,
  incrbyfloat,
  mget,
  mset,
  msetnx,
  psetex: (workspace, words) => setWithEnd(workspace, words, MILLISECONDS, "psetex"),
  set,
  setex: (workspace, words) => setWithEnd(workspace, words, SECONDS, "setex"),
  setnx,
  setrange,
  strlen,
  substr: getrange,
});
