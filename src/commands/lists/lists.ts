/** Lists: pushed to and taken from at both ends, read and written by rank. */

import type { Key } from "../../base/ids.ts";
import { arrayReply, bulkReply, integerReply, NO_ARRAY, NOTHING, OK, type Reply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { ListEnd } from "../../types/list.ts";
import { type Chosen, chosenBetween } from "../members/chosen-members.ts";
import { type LongAnswer, MANY_MEMBERS, readInTurns } from "../members/long-reads.ts";
import { removeInTurns } from "../members/long-writes.ts";
import { expectMembers } from "../members/member-replies.ts";
import { type CommandFunction, rowsOf } from "../rows/command-row.ts";
import type { LongFunction, Turn } from "../rows/turns.ts";
import { CommandError, NO_SUCH_KEY } from "../words/command-error.ts";
import { expectAtLeast, expectNumber } from "../words/number-text.ts";
import { keyOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { blmove, blmpop, blmpopInTurns, blockingPop, brpoplpush } from "./list-blocking.ts";
import { lengthOf, pushTo, rankFrom, takeFrom, takeManyFrom } from "./list-ends.ts";
import { lmove, lmpop, lmpopInTurns, rpoplpush } from "./list-moves.ts";
import { linsert, linsertInTurns, lpos, lposInTurns } from "./list-positions.ts";
import { lrem, lremInTurns } from "./list-search.ts";

const TABLE = `
blmove       6  write,denyoom,noscript,blocking  1 2 1  6.2.0 Pop an element from a list, push it to another list and return it; or block until one is available
blmpop      -5  write,blocking,movablekeys  0 0 0@2  7.0.0 Pop elements from a list, or block until one is available
blpop       -3  write,noscript,blocking  1 -2 1  2.0.0 Remove and get the first element in a list, or block until one is available
brpop       -3  write,noscript,blocking  1 -2 1  2.0.0 Remove and get the last element in a list, or block until one is available
brpoplpush   4  write,denyoom,noscript,blocking  1 2 1  2.2.0 Pop an element from a list, push it to another list and return it; or block until one is available
lindex       3  readonly               1 1 1  1.0.0 Get an element from a list by its index
linsert      5  write,denyoom          1 1 1  2.2.0 Insert an element before or after another element in a list
llen         2  readonly,fast          1 1 1  1.0.0 Get the length of a list
lmove        5  write,denyoom          1 2 1  6.2.0 Pop an element from a list, push it to another list and return it
lmpop       -4  write,movablekeys      0 0 0@1  7.0.0 Pop elements from a list
lpop        -2  write,fast             1 1 1  1.0.0 Remove and get the first elements in a list
lpos        -3  readonly               1 1 1  6.0.6 Return the index of matching elements on a list
lpush       -3  write,denyoom,fast     1 1 1  1.0.0 Prepend one or multiple elements to a list
lpushx      -3  write,denyoom,fast     1 1 1  2.2.0 Prepend an element to a list, only if the list exists
lrange       4  readonly               1 1 1  1.0.0 Get a range of elements from a list
lrem         4  write                  1 1 1  1.0.0 Remove elements from a list
lset         4  write,denyoom          1 1 1  1.0.0 Set the value of an element in a list by its index
ltrim        4  write                  1 1 1  1.0.0 Trim a list to the specified range
rpop        -2  write,fast             1 1 1  1.0.0 Remove and get the last elements in a list
rpoplpush    3  write,denyoom          1 2 1  1.2.0 Remove the last element in a list, prepend it to another list and return it
rpush       -3  write,denyoom,fast     1 1 1  1.0.0 Append one or multiple elements to a list
rpushx      -3  write,denyoom,fast     1 1 1  2.2.0 Append an element to a list, only if the list exists
`;

const NOT_POSITIVE = "ERR value is out of range, must be positive";
const NONE = arrayReply([]);
const ELEMENTS: LongAnswer = { form: "array", shown: "value" };

function push(workspace: Workspace, words: CommandWords, end: ListEnd): Reply {
  return pushAll(workspace, words, end, lengthOf(workspace, keyOf(words, 1)));
}

function pushToExisting(workspace: Workspace, words: CommandWords, end: ListEnd): Reply {
  const length = lengthOf(workspace, keyOf(words, 1));
  return length === 0 ? ZERO : pushAll(workspace, words, end, length);
}

function pushAll(workspace: Workspace, words: CommandWords, end: ListEnd, length: number): Reply {
  const key = keyOf(words, 1);
  for (let at = 2; at < words.length; at++) pushTo(workspace, key, end, wordOf(words, at));
  return integerReply(length + words.length - 2);
}

function pop(workspace: Workspace, words: CommandWords, end: ListEnd): Reply {
  if (words.length > 3)
    throw new CommandError(`ERR wrong number of arguments for '${end === "head" ? "lpop" : "rpop"}' command`);
  const count = words.length === 3 ? expectAtLeast(words[2], 0, NOT_POSITIVE) : undefined;
  const key = keyOf(words, 1);
  if (lengthOf(workspace, key) === 0) return count === undefined ? NOTHING : NO_ARRAY;
  if (count === undefined) return takeFrom(workspace, key, end, 1)[0] ?? NOTHING;
  return arrayReply(takeFrom(workspace, key, end, count));
}

function popInTurns(end: ListEnd): LongFunction {
  return (workspace, words) => {
    if (words.length !== 3) return undefined;
    return takeManyFrom(workspace, keyOf(words, 1), { end, wanted: expectAtLeast(words[2], 0, NOT_POSITIVE) });
  };
}

function llen(workspace: Workspace, words: CommandWords): Reply {
  return integerReply(lengthOf(workspace, keyOf(words, 1)));
}

function lindex(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const length = lengthOf(workspace, key);
  if (length === 0) return NOTHING;
  const element = workspace.collections.at(key, "list", rankFrom(expectNumber(words[2]), length));
  return element === undefined ? NOTHING : bulkReply(workspace.copyOf(element.value));
}

function lset(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const length = lengthOf(workspace, key);
  if (length === 0) throw new CommandError(NO_SUCH_KEY);
  const element = workspace.collections.at(key, "list", rankFrom(expectNumber(words[2]), length));
  if (element === undefined) throw new CommandError("ERR index out of range");
  workspace.collections.put(key, "list", element.name, wordOf(words, 3));
  return OK;
}

interface Range {
  /** The first rank, and the one behind the last. */
  readonly start: number;
  readonly end: number;
}

/** Of two ranks as Redis takes them, the second included, in a list of a length. Empty where nothing lies in it. */
function rangeOf(first: number, last: number, length: number): Range {
  const start = Math.max(0, rankFrom(first, length));
  const end = Math.min(length, rankFrom(last, length) + 1);
  return start >= end ? { start: 0, end: 0 } : { start, end };
}

/** Which elements `LRANGE` and `LTRIM` name. Throws `CommandError`. */
function rangeAsked(workspace: Workspace, words: CommandWords): Range {
  const [first, last] = [expectNumber(words[2]), expectNumber(words[3])];
  return rangeOf(first, last, lengthOf(workspace, keyOf(words, 1)));
}

function lrangeInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const { start, end } = rangeAsked(workspace, words);
  if (end - start < MANY_MEMBERS) return undefined;
  return readInTurns((first) => {
    const asked = rangeAsked(first, words);
    return chosenBetween(first, keyOf(words, 1), "list", asked.start, asked.end);
  }, ELEMENTS);
}

function lrange(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const { start, end } = rangeAsked(workspace, words);
  if (start === end) return NONE;
  expectMembers(workspace, end - start);
  const items: Reply[] = [];
  for (const { value } of workspace.collections.members(key, "list", start)) {
    items.push(bulkReply(workspace.copyOf(value)));
    if (start + items.length === end) break;
  }
  return arrayReply(items);
}

function ltrim(workspace: Workspace, words: CommandWords): Reply {
  const [first, last] = [expectNumber(words[2]), expectNumber(words[3])];
  const key = keyOf(words, 1);
  const length = lengthOf(workspace, key);
  const { start, end } = rangeOf(first, last, length);
  if (length === 0) return OK;
  if (start === end) {
    workspace.remove(key);
    return OK;
  }
  workspace.lookAt(length - (end - start));
  const gone: string[] = [];
  for (let rank = 0; rank < start; rank++) gone.push(nameAt(workspace, key, rank));
  for (let rank = end; rank < length; rank++) gone.push(nameAt(workspace, key, rank));
  for (const name of gone) workspace.collections.remove(key, "list", name);
  return OK;
}

function ltrimInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const key = keyOf(words, 1);
  const { start, end } = rangeAsked(workspace, words);
  const length = lengthOf(workspace, key);
  if (start === end || length - (end - start) < MANY_MEMBERS) return undefined;
  const gone = (first: Workspace): readonly Chosen[] => {
    const asked = rangeAsked(first, words);
    return [chosenBetween(first, key, "list", 0, asked.start), chosenBetween(first, key, "list", asked.end)];
  };
  return removeInTurns(workspace, key, gone, () => OK);
}

function nameAt(workspace: Workspace, key: Key, rank: number): string {
  return workspace.collections.at(key, "list", rank)?.name ?? "";
}

const functions: Readonly<Record<string, CommandFunction>> = {
  blmove,
  blmpop,
  blpop: (workspace, words) => blockingPop(workspace, words, "head"),
  brpop: (workspace, words) => blockingPop(workspace, words, "tail"),
  brpoplpush,
  lindex,
  linsert,
  llen,
  lmove,
  lmpop,
  lpop: (workspace, words) => pop(workspace, words, "head"),
  lpos,
  lpush: (workspace, words) => push(workspace, words, "head"),
  lpushx: (workspace, words) => pushToExisting(workspace, words, "head"),
  lrange,
  lrem,
  lset,
  ltrim,
  rpop: (workspace, words) => pop(workspace, words, "tail"),
  rpoplpush,
  rpush: (workspace, words) => push(workspace, words, "tail"),
  rpushx: (workspace, words) => pushToExisting(workspace, words, "tail"),
};

export const listRows = rowsOf(
  "list",
  TABLE,
  functions,
  {},
  {
    blmpop: blmpopInTurns,
    lmpop: lmpopInTurns,
    linsert: linsertInTurns,
    lpop: popInTurns("head"),
    lpos: lposInTurns,
    lrange: lrangeInTurns,
    lrem: lremInTurns,
    ltrim: ltrimInTurns,
    rpop: popInTurns("tail"),
  },
);
