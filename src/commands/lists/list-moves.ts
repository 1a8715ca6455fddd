/** Elements that go from one list to another, and from the first list that has some to the client. */

import type { Key } from "../../base/ids.ts";
import { arrayReply, bulkReply, NO_ARRAY, NOTHING, type Reply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { ListEnd } from "../../types/list.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectAtLeast } from "../words/number-text.ts";
import { keyOf, optionOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { lengthOf, pushTo, takeFrom, takeManyFrom } from "./list-ends.ts";

/** Throws `CommandError`. */
export function endAt(words: CommandWords, at: number): ListEnd {
  const end = optionOf(words, at);
  if (end === "left") return "head";
  if (end !== "right") throw new CommandError(SYNTAX_ERROR);
  return "tail";
}

export function lmove(workspace: Workspace, words: CommandWords): Reply {
  const [from, to] = [endAt(words, 3), endAt(words, 4)];
  return move(workspace, { key: keyOf(words, 1), end: from }, { key: keyOf(words, 2), end: to });
}

export function rpoplpush(workspace: Workspace, words: CommandWords): Reply {
  return move(workspace, { key: keyOf(words, 1), end: "tail" }, { key: keyOf(words, 2), end: "head" });
}

export interface EndOfList {
  readonly key: Key;
  readonly end: ListEnd;
}

export function move(workspace: Workspace, from: EndOfList, to: EndOfList): Reply {
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
  return popFirst(workspace, popOfFirst(words, 1)) ?? NO_ARRAY;
}

export interface PopOfFirst {
  readonly keys: readonly Key[];
  readonly end: ListEnd;
  readonly count: number;
}

/** Of words from the number of keys on. Throws `CommandError`. */
export function popOfFirst(words: CommandWords, at: number): PopOfFirst {
  const keyCount = expectAtLeast(words[at], 1, "ERR numkeys should be greater than 0");
  const whereAt = at + 1 + keyCount;
  if (whereAt >= words.length) throw new CommandError(SYNTAX_ERROR);
  const keys = words.slice(at + 1, whereAt).map((_, i) => keyOf(words, at + 1 + i));
  return { keys, end: endAt(words, whereAt), count: countOf(words, whereAt + 1) };
}

/** From the first of the lists that has some. */
export function popFirst(workspace: Workspace, { keys, end, count }: PopOfFirst): Reply | undefined {
  for (const key of keys) {
    if (lengthOf(workspace, key) === 0) continue;
    return arrayReply([textReply(key), arrayReply(takeFrom(workspace, key, end, count))]);
  }
  return undefined;
}

/** As `popFirst`, in turns. Undefined: they are not many. */
export function popFirstInTurns(workspace: Workspace, { keys, end, count }: PopOfFirst): Turn | undefined {
  const first = keys.find((key) => lengthOf(workspace, key) > 0);
  return first && takeManyFrom(workspace, first, { end, wanted: count, of: first });
}

export function lmpopInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  return popFirstInTurns(workspace, popOfFirst(words, 1));
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
