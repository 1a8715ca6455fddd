/** Members that are taken from the ends of sorted sets. */

import type { Key } from "../base/ids.ts";
import { arrayReply, NO_ARRAY, type Reply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import { CommandError, NOT_POSITIVE, SYNTAX_ERROR } from "./command-error.ts";
import { expectItems, nameReply } from "./member-replies.ts";
import { expectAtLeast } from "./number-text.ts";
import { pairs } from "./sorted-set-replies.ts";
import { keyOf, optionOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

export type ScoreEnd = "min" | "max";

/** Names and scores in turn of up to `count` members from an end on, the outermost first, which are there no more. */
function take(workspace: Workspace, key: Key, end: ScoreEnd, count: number): readonly Reply[] {
  const set = workspace.sortedSets.at(key);
  const { size } = set;
  const taken = Math.min(count, size);
  expectItems(workspace, taken);
  const members = [...set.between(end === "min" ? 0 : size - taken, end === "min" ? taken : size)];
  if (end === "max") members.reverse();
  const replies = pairs(workspace, members);
  for (const { name } of members) workspace.sortedSets.remove(key, name);
  return replies;
}

export function popWith(end: ScoreEnd) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    if (words.length > 3) throw new CommandError(SYNTAX_ERROR);
    const count = words.length === 3 ? expectAtLeast(words[2], 0, NOT_POSITIVE) : undefined;
    const items = take(workspace, keyOf(words, 1), end, count ?? 1);
    return count === undefined ? arrayReply(items) : { type: "pairs", items };
  };
}

export function zmpop(workspace: Workspace, words: CommandWords): Reply {
  const keyCount = expectAtLeast(words[1], 1, "ERR numkeys should be greater than 0");
  const endAt = 2 + keyCount;
  const end = optionOf(words, endAt);
  if (end !== "min" && end !== "max") throw new CommandError(SYNTAX_ERROR);
  const count = countOption(words, endAt + 1);
  for (let at = 2; at < endAt; at++) {
    const key = keyOf(words, at);
    const items = take(workspace, key, end, count);
    if (items.length > 0) return arrayReply([nameReply(workspace, key), inTwos(items)]);
  }
  return NO_ARRAY;
}

/** Throws `CommandError`. */
function countOption(words: CommandWords, from: number): number {
  let count: number | undefined;
  for (let at = from; at < words.length; at += 2) {
    const isCount = optionOf(words, at) === "count" && at + 1 < words.length && count === undefined;
    if (!isCount) throw new CommandError(SYNTAX_ERROR);
    count = expectAtLeast(words[at + 1], 1, "ERR count should be greater than 0");
  }
  return count ?? 1;
}

/** Lists of two, in either version of the protocol. */
function inTwos(items: readonly Reply[]): Reply {
  const twos: Reply[] = [];
  for (let at = 0; at < items.length; at += 2) twos.push(arrayReply(items.slice(at, at + 2)));
  return arrayReply(twos);
}
