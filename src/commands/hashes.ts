/** Hashes: fields with values. */

import { bytesFromLatin1 } from "../base/bytes.ts";
import { bulkReply, integerReply, mapReply, NOTHING, type Reply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import { CommandError } from "./command-error.ts";
import { rowsOf } from "./command-row.ts";
import { keyOf, textOf, wordOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

const TABLE = `
hget             3  readonly,fast            1 1 1   2.0.0 Get the value of a hash field
hgetall          2  readonly                 1 1 1   2.0.0 Get all the fields and values in a hash
hset            -4  write,denyoom,fast       1 1 1   2.0.0 Set the string value of a hash field
`;

function hget(workspace: Workspace, words: CommandWords): Reply {
  const value = workspace.collections.valueOf(keyOf(words, 1), "hash", textOf(words, 2));
  return value === undefined ? NOTHING : bulkReply(workspace.copyOf(value));
}

function hgetall(workspace: Workspace, words: CommandWords): Reply {
  const items: Reply[] = [];
  for (const { name, value } of workspace.collections.members(keyOf(words, 1), "hash")) {
    items.push(bulkReply(workspace.copyOf(bytesFromLatin1(name))), bulkReply(workspace.copyOf(value)));
  }
  return mapReply(items);
}

function hset(workspace: Workspace, words: CommandWords): Reply {
  if (words.length % 2 !== 0) throw new CommandError("ERR wrong number of arguments for 'hset' command");
  const key = keyOf(words, 1);
  const { collections } = workspace;
  let created = 0;
  for (let at = 2; at < words.length; at += 2) {
    const name = textOf(words, at);
    if (collections.valueOf(key, "hash", name) === undefined) created++;
    collections.put(key, "hash", name, wordOf(words, at + 1));
  }
  return integerReply(created);
}

export const hashRows = rowsOf("hash", TABLE, { hget, hgetall, hset });
