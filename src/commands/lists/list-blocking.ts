/** Commands of lists that wait for an element. */

import type { Key } from "../../base/ids.ts";
import { arrayReply, NO_ARRAY, NOTHING, type Reply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { ListEnd } from "../../types/list.ts";
import { Blocking, timeoutOf } from "../rows/blocking.ts";
import type { Turn } from "../rows/turns.ts";
import { keyOf, wordOf } from "../words/words.ts";
import { LOOKED_MAX } from "../workspace/turn-bounds.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { lengthOf, takeFrom } from "./list-ends.ts";
import { type EndOfList, endAt, move, type PopOfFirst, popFirst, popFirstInTurns, popOfFirst } from "./list-moves.ts";

/** Among those who wait a key of another type is as good as none; who comes is told. */
function listsOf(workspace: Workspace, keys: readonly Key[]): readonly Key[] {
  return keys.filter((key) => workspace.typeOf(key) === "list");
}

export function blockingPop(workspace: Workspace, words: CommandWords, end: ListEnd): Reply {
  const timeoutMs = timeoutOf(wordOf(words, words.length - 1));
  const keys = words.slice(1, -1).map((_, i) => keyOf(words, i + 1));
  const take = (from: Workspace, among: readonly Key[]): Reply | undefined => {
    for (const key of among) {
      if (lengthOf(from, key) === 0) continue;
      return arrayReply([textReply(key), ...takeFrom(from, key, end, 1)]);
    }
    return undefined;
  };
  const taken = take(workspace, keys);
  if (taken !== undefined) return taken;
  throw new Blocking({
    ...{ type: "list", keys, timeoutMs, over: NO_ARRAY, instead: NO_ARRAY },
    take: (later) => take(later, listsOf(later, keys)),
  });
}

export function blmpop(workspace: Workspace, words: CommandWords): Reply {
  const pop: PopOfFirst = popOfFirst(words, 2);
  const timeoutMs = timeoutOf(wordOf(words, 1));
  const taken = popFirst(workspace, pop);
  if (taken !== undefined) return taken;
  const { keys } = pop;
  // Who has waited is answered at once, and what is too much for that stays.
  const count = Math.min(pop.count, LOOKED_MAX);
  throw new Blocking({
    ...{ type: "list", keys, timeoutMs, over: NO_ARRAY, instead: NO_ARRAY },
    take: (later) => popFirst(later, { ...pop, count, keys: listsOf(later, keys) }),
  });
}

export function blmpopInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const pop = popOfFirst(words, 2);
  timeoutOf(wordOf(words, 1));
  return popFirstInTurns(workspace, pop);
}

export function blmove(workspace: Workspace, words: CommandWords): Reply {
  const [from, to] = [endAt(words, 3), endAt(words, 4)];
  const timeoutMs = timeoutOf(wordOf(words, 5));
  return moveOrWait(workspace, { key: keyOf(words, 1), end: from }, { key: keyOf(words, 2), end: to }, timeoutMs);
}

export function brpoplpush(workspace: Workspace, words: CommandWords): Reply {
  const timeoutMs = timeoutOf(wordOf(words, 3));
  return moveOrWait(workspace, { key: keyOf(words, 1), end: "tail" }, { key: keyOf(words, 2), end: "head" }, timeoutMs);
}

function moveOrWait(workspace: Workspace, from: EndOfList, to: EndOfList, timeoutMs: number): Reply {
  if (lengthOf(workspace, from.key) > 0) return move(workspace, from, to);
  throw new Blocking({
    ...{ type: "list", keys: [from.key], timeoutMs, over: NO_ARRAY, instead: NOTHING },
    take: (later) => {
      if (listsOf(later, [from.key]).length === 0) return undefined;
      later.expectRoom(true);
      return move(later, from, to);
    },
  });
}
