/** Sets: members without values. */

import { bytesFromLatin1 } from "../base/bytes.ts";
import { bulkReply, integerReply, type Reply, setReply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import { rowsOf } from "./command-row.ts";
import { keyOf, textOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

const TABLE = `
sadd            -3  write,denyoom,fast       1 1 1   1.0.0 Add one or more members to a set
smembers         2  readonly                 1 1 1   1.0.0 Get all the members in a set
srem            -3  write,fast               1 1 1   1.0.0 Remove one or more members from a set
`;

const NO_VALUE = new Uint8Array(0);

function sadd(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const { collections } = workspace;
  let added = 0;
  for (let at = 2; at < words.length; at++) {
    const name = textOf(words, at);
    if (collections.valueOf(key, "set", name) !== undefined) continue;
    collections.put(key, "set", name, NO_VALUE);
    added++;
  }
  return integerReply(added);
}

function smembers(workspace: Workspace, words: CommandWords): Reply {
  const items: Reply[] = [];
  for (const { name } of workspace.collections.members(keyOf(words, 1), "set")) {
    items.push(bulkReply(workspace.copyOf(bytesFromLatin1(name))));
  }
  return setReply(items);
}

function srem(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  let removed = 0;
  for (let at = 2; at < words.length; at++) {
    if (workspace.collections.remove(key, "set", textOf(words, at))) removed++;
  }
  return integerReply(removed);
}

export const setRows = rowsOf("set", TABLE, { sadd, smembers, srem });
