/** Members that are taken from the ends of sorted sets, at once or once there are some. */

import type { Key } from "../../base/ids.ts";
import { arrayReply, NO_ARRAY, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { type Chosen, slotBytes } from "../members/chosen-members.ts";
import { type LongAnswer, MANY_MEMBERS } from "../members/long-reads.ts";
import { takeInTurns } from "../members/long-writes.ts";
import { expectTaken, nameReply } from "../members/member-replies.ts";
import { Blocking, timeoutOf } from "../rows/blocking.ts";
import type { LongFunction, Turn } from "../rows/turns.ts";
import { CommandError, NOT_POSITIVE, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectAtLeast } from "../words/number-text.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import { LOOKED_MAX } from "../workspace/turn-bounds.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { pairs } from "./sorted-set-replies.ts";

export type ScoreEnd = "min" | "max";

/** Names and scores in turn of up to `count` members from an end on, the outermost first, which are there no more. */
function take(workspace: Workspace, key: Key, end: ScoreEnd, count: number): readonly Reply[] {
  const set = workspace.sortedSets.at(key);
  const { size } = set;
  const taken = Math.min(count, size);
  expectTaken(workspace, taken);
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

export function popInTurns(end: ScoreEnd): LongFunction {
  return (workspace, words) => {
    if (words.length !== 3) return undefined;
    const wanted = expectAtLeast(words[2], 0, NOT_POSITIVE);
    return takeManyFrom(workspace, keyOf(words, 1), { end, wanted, form: "pairs" });
  };
}

interface Many extends Omit<LongAnswer, "shown"> {
  readonly end: ScoreEnd;
  readonly wanted: number;
}

/** Undefined: they are not many. */
function takeManyFrom(workspace: Workspace, key: Key, { end, wanted, ...answer }: Many): Turn | undefined {
  if (Math.min(workspace.sortedSets.at(key).size, wanted) < MANY_MEMBERS) return undefined;
  const choose = ({ sortedSets }: Workspace): Chosen => {
    const set = sortedSets.at(key);
    const count = Math.min(set.size, wanted);
    const [from, to] = end === "min" ? [0, count] : [set.size - count, set.size];
    return { bytes: slotBytes(count), snapshot: () => set.snapshot(from, to, end === "max") };
  };
  return takeInTurns(workspace, key, choose, { ...answer, shown: "name-score" });
}

interface PopOfFirst {
  readonly keys: readonly Key[];
  readonly end: ScoreEnd;
  readonly count: number;
}

/** Of words from the number of keys on. Throws `CommandError`. */
function popOfFirst(words: CommandWords, at: number): PopOfFirst {
  const keyCount = expectAtLeast(words[at], 1, "ERR numkeys should be greater than 0");
  const endAt = at + 1 + keyCount;
  const end = optionOf(words, endAt);
  if (end !== "min" && end !== "max") throw new CommandError(SYNTAX_ERROR);
  const count = countOption(words, endAt + 1);
  return { keys: words.slice(at + 1, endAt).map((_, i) => keyOf(words, at + 1 + i)), end, count };
}

/** From the first of the sorted sets that has some. */
function popFirst(workspace: Workspace, { keys, end, count }: PopOfFirst): Reply | undefined {
  for (const key of keys) {
    const items = take(workspace, key, end, count);
    if (items.length > 0) return arrayReply([nameReply(workspace, key), inTwos(items)]);
  }
  return undefined;
}

export function zmpop(workspace: Workspace, words: CommandWords): Reply {
  return popFirst(workspace, popOfFirst(words, 1)) ?? NO_ARRAY;
}

/** As `popFirst`, in turns. Undefined: they are not many. */
function popFirstInTurns(workspace: Workspace, { keys, end, count }: PopOfFirst): Turn | undefined {
  const first = keys.find((key) => workspace.sortedSets.at(key).size > 0);
  return first && takeManyFrom(workspace, first, { end, wanted: count, form: "twos", of: first });
}

export function zmpopInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  return popFirstInTurns(workspace, popOfFirst(words, 1));
}

export function bzmpopInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const pop = popOfFirst(words, 2);
  timeoutOf(wordOf(words, 1));
  return popFirstInTurns(workspace, pop);
}

export function bzmpop(workspace: Workspace, words: CommandWords): Reply {
  const pop = popOfFirst(words, 2);
  const timeoutMs = timeoutOf(wordOf(words, 1));
  // Who has waited is answered at once, and what is too much for that stays.
  const count = Math.min(pop.count, LOOKED_MAX);
  const takeLater: Take = (from, keys) => popFirst(from, { ...pop, count, keys });
  return takeOrWait(workspace, pop.keys, timeoutMs, (from) => popFirst(from, pop), takeLater);
}

export function blockingPopWith(end: ScoreEnd) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const timeoutMs = timeoutOf(wordOf(words, words.length - 1));
    const keys = words.slice(1, -1).map((_, i) => keyOf(words, i + 1));
    return takeOrWait(workspace, keys, timeoutMs, (from, among) => {
      for (const key of among) {
        const items = take(from, key, end, 1);
        if (items.length > 0) return arrayReply([nameReply(from, key), ...items]);
      }
      return undefined;
    });
  };
}

type Take = (workspace: Workspace, keys: readonly Key[]) => Reply | undefined;

/** Among those who wait a key of another type is as good as none; who comes is told. */
function takeOrWait(
  workspace: Workspace,
  keys: readonly Key[],
  timeoutMs: number,
  take: Take,
  takeLater: Take = take,
): Reply {
  const taken = take(workspace, keys);
  if (taken !== undefined) return taken;
  throw new Blocking({
    ...{ type: "zset", keys, timeoutMs, over: NO_ARRAY, instead: NO_ARRAY },
    take: (later) => {
      const ofType = keys.filter((key) => later.typeOf(key) === "zset");
      return takeLater(later, ofType);
    },
  });
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
