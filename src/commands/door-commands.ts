/**
 * Commands that no client can name: what doors to which Redis's are too many or too few, each one write and one answer. Nothing
 * that comes between two commands parts them, and nothing of one stands where there was no room for the rest.
 */

import { arrayReply, integerReply, NOTHING, ONE, type Reply, ZERO } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import type { CollectionType } from "../store.ts";
import { memberReply } from "./members/member-replies.ts";
import { type CommandFunction, rowsOf } from "./rows/command-row.ts";
import { incrbyfloat, incrementBy } from "./strings/increments.ts";
import { expectNumber, integerOf } from "./words/number-text.ts";
import { keyOf, textOf, wordOf } from "./words/words.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** A time to live is the last word, in ms; 0: none. */
const HASHES = `
hash.put         5  write,denyoom,fast       1 1 1   0.1.0 Sets a field and its time to live
hash.show        3  readonly,fast            1 1 1   0.1.0 The value of a field, and when it ends
`;
const SETS = `
set.put          4  write,denyoom,fast       1 1 1   0.1.0 Adds a member and its time to live
set.show         3  readonly,fast            1 1 1   0.1.0 A member's value, which is empty, and when it ends
`;
const NUMBERS = `
counter.add      4  write,denyoom,fast       1 1 1   0.1.0 Adds to a number, as a whole one where both are, and gives it its time to live
`;
const WHOLES = `
hash.delete      2  write                    1 1 1   0.1.0 Deletes a hash, and nothing else
set.delete       2  write                    1 1 1   0.1.0 Deletes a set, and nothing else
`;

const NO_VALUE = new Uint8Array(0);

/** Unix ms; undefined: none was asked for. */
function endAt({ now }: Workspace, word: Uint8Array): number | undefined {
  const ttlMs = expectNumber(word);
  return ttlMs === 0 ? undefined : Math.floor(now) + ttlMs;
}

/** Whether the field is new. */
function putField(workspace: Workspace, words: CommandWords): Reply {
  const { collections } = workspace;
  const [key, name, end] = [keyOf(words, 1), textOf(words, 2), endAt(workspace, wordOf(words, 4))];
  const isNew = collections.valueOf(key, "hash", name) === undefined;
  collections.put(key, "hash", name, wordOf(words, 3), end);
  return isNew ? ONE : ZERO;
}

/** Whether the member is new. One that never ends, and is not to, is not written again. */
function putMember(workspace: Workspace, words: CommandWords): Reply {
  const { collections } = workspace;
  const [key, name, end] = [keyOf(words, 1), textOf(words, 2), endAt(workspace, wordOf(words, 3))];
  const isNew = collections.valueOf(key, "set", name) === undefined;
  const before = isNew ? undefined : collections.memberExpiresAt(key, "set", name);
  if (before !== Infinity || end !== undefined) collections.put(key, "set", name, NO_VALUE, end);
  return isNew ? ONE : ZERO;
}

/** The value and the end, or nothing in their places. */
function show(type: CollectionType): CommandFunction {
  return (workspace, words) => {
    const [key, name] = [keyOf(words, 1), textOf(words, 2)];
    const value = workspace.collections.valueOf(key, type, name);
    if (value === undefined) return arrayReply([NOTHING, NOTHING]);
    const end = workspace.collections.memberExpiresAt(key, type, name);
    return arrayReply([
      memberReply(workspace, value),
      end === undefined || end === Infinity ? NOTHING : integerReply(end),
    ]);
  };
}

/** What it comes to: whole numbers as such, anything else as its text. */
function add(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const end = endAt(workspace, wordOf(words, 3));
  const value = workspace.stringAt(key);
  const by = integerOf(wordOf(words, 2));
  const isWhole = by !== undefined && (value === undefined || integerOf(value) !== undefined);
  const reply = isWhole ? integerReply(incrementBy(workspace, key, by)) : incrbyfloat(workspace, words);
  if (end !== undefined) workspace.setExpiresAt(key, end);
  return reply;
}

function deleteWhole(type: CollectionType): CommandFunction {
  return (workspace, words) => {
    const key = keyOf(words, 1);
    if (workspace.collections.count(key, type) === 0) return ZERO;
    return workspace.remove(key) ? ONE : ZERO;
  };
}

export const doorRows = [
  ...rowsOf("hash", HASHES, { "hash.put": putField, "hash.show": show("hash") }),
  ...rowsOf("set", SETS, { "set.put": putMember, "set.show": show("set") }),
  ...rowsOf("string", NUMBERS, { "counter.add": add }),
  ...rowsOf("generic", WHOLES, { "hash.delete": deleteWhole("hash"), "set.delete": deleteWhole("set") }),
];
