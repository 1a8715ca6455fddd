/** Elements that go from one list to another, and from the first list that has some to the client. */

import type { Key } from "../base/ids.ts";
import { arrayReply, bulkReply, NO_ARRAY, NOTHING, type Reply, textReply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import type { ListEnd } from "../types/list.ts";
import { CommandError, SYNTAX_ERROR } from "./command-error.ts";
import { lengthOf, pushTo, takeFrom } from "./list-ends.ts";
import { expectAtLeast } from "./number-text.ts";
import { keyOf, optionOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

/** Throws `CommandError`. */
function endOf(words: CommandWords, at: number): ListEnd {
  const end = optionOf(words, at);
  if (end === "left") return "head";
  if (end !== "right") throw new CommandError(SYNTAX_ERROR);
  return "tail";
}

export function lmove(workspace: Workspace, words: CommandWords): Reply {
  const [from, to] = [endOf(words, 3), endOf(words, 4)];
  return move(workspace, { key: keyOf(words, 1), end: from }, { key: keyOf(words, 2), end: to });
}

export function rpoplpush(workspace: Workspace, words: CommandWords): Reply {
  return move(workspace, { key: keyOf(words, 1), end: "tail" }, { key: keyOf(words, 2), end: "head" });
}

interface EndOfList {
  readonly key: Key;
  readonly end: ListEnd;
}

function move(workspace: Workspace, from: EndOfList, to: EndOfList): Reply {
  const length = lengthOf(workspace, from.key);
  if (length === 0) return NOTHING;
  // Says so where something else is there.
  lengthOf(workspace, to.key);
  if (from.key === to.key && (length === 1 || from.end === to.end)) return outermost(workspace, from, length);
  const moved = takeFrom(workspace, from.key, from.end, 1)[0] ?? NOTHING;
  if (moved.type === "bulk") pushTo(workspace, to.key, to.end, moved.value);
  return moved;
}

function outermost(workspace: Workspace, { key, end }: EndOfList, length: number): Reply {
  const element = workspace.collections.at(key, "list", end === "head" ? 0 : length - 1);
  return element === undefined ? NOTHING : bulkReply(workspace.copyOf(element.value));
}

export function lmpop(workspace: Workspace, words: CommandWords): Reply {
  const keyCount = expectAtLeast(words[1], 1, "ERR numkeys should be greater than 0");
  const endAt = 2 + keyCount;
  if (endAt >= words.length) throw new CommandError(SYNTAX_ERROR);
  const end = endOf(words, endAt);
  const count = countOf(words, endAt + 1);
  for (let at = 2; at < endAt; at++) {
    const key = keyOf(words, at);
    if (lengthOf(workspace, key) === 0) continue;
    return arrayReply([textReply(key), arrayReply(takeFrom(workspace, key, end, count))]);
  }
  return NO_ARRAY;
}

/** Throws `CommandError`. */
function countOf(words: CommandWords, from: number): number {
  let count: number | undefined;
  for (let at = from; at < words.length; at += 2) {
    const isCount = optionOf(words, at) === "count" && at + 1 < words.length && count === undefined;
    if (!isCount) throw new CommandError(SYNTAX_ERROR);
    count = expectAtLeast(words[at + 1], 1, "ERR count should be greater than 0");
  }
  return count ?? 1;
}
