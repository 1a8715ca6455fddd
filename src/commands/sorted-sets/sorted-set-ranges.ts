/** Ranges of sorted sets, by rank, by score and by name: each is an interval of ranks. */

import type { Key } from "../../base/ids.ts";
import { PackedItems } from "../../base/packed-items.ts";
import { arrayReply, integerReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { type Chosen, slotBytes } from "../members/chosen-members.ts";
import { type LongAnswer, MANY_MEMBERS, readInTurns } from "../members/long-reads.ts";
import { gathering, removeInTurns, storing } from "../members/long-writes.ts";
import { expectItems } from "../members/member-replies.ts";
import { type Steps, turnOf } from "../rows/steps.ts";
import type { LongFunction, Turn } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectNumber } from "../words/number-text.ts";
import { nameBoundOf, scoreBoundOf } from "../words/score-text.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import type { ScoredMember, SortedSet } from "../workspace/sorted-set-access.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { membersReply } from "./sorted-set-replies.ts";

const NAMES: LongAnswer = { form: "array", shown: "name" };

export type RangeKind = "rank" | "score" | "lex";

/** From one rank on to before another. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Where in a set it is, once there is one. */
type Find = (set: SortedSet) => Interval;

/** Throws `CommandError`. */
function findOf(kind: RangeKind, min: Uint8Array, max: Uint8Array, isReversed = false): Find {
  if (kind === "rank") return byRank(expectNumber(min), expectNumber(max), isReversed);
  return kind === "score" ? byScore(min, max) : byName(min, max);
}

/** Both ends included; negative ones count from behind. */
function byRank(first: number, last: number, isReversed: boolean): Find {
  return ({ size }) => {
    const from = Math.max(0, first < 0 ? size + first : first);
    const to = Math.min(size, (last < 0 ? size + last : last) + 1);
    return isReversed ? { from: size - to, to: size - from } : { from, to };
  };
}

function byScore(minWord: Uint8Array, maxWord: Uint8Array): Find {
  const [min, max] = [scoreBoundOf(minWord), scoreBoundOf(maxWord)];
  return (set) => ({
    from: set.countBelow(min.score, min.isExclusive),
    to: set.countBelow(max.score, !max.isExclusive),
  });
}

function byName(minWord: Uint8Array, maxWord: Uint8Array): Find {
  const [min, max] = [nameBoundOf(minWord), nameBoundOf(maxWord)];
  const countBefore = (set: SortedSet, bound: typeof min, isThrough: boolean): number => {
    if (bound === "least") return 0;
    return bound === "most" ? set.size : set.countBefore(bound.name, isThrough);
  };
  return (set) => ({
    from: countBefore(set, min, typeof min === "object" && min.isExclusive),
    to: countBefore(set, max, typeof max === "object" && !max.isExclusive),
  });
}

/** What is left of an interval behind the first `offset`, at most `count`; negative: all of them. */
function limited({ from, to }: Interval, isReversed: boolean, offset: number, count: number): Interval {
  if (offset < 0) return { from, to: from };
  if (isReversed) {
    const end = to - offset;
    return { from: count < 0 ? from : Math.max(from, end - count), to: end };
  }
  const begin = from + offset;
  return { from: begin, to: count < 0 ? to : Math.min(to, begin + count) };
}

/** Throws where there is no room for them yet. */
function members(workspace: Workspace, set: SortedSet, interval: Interval, isReversed = false): ScoredMember[] {
  const [from, to] = [Math.max(0, interval.from), Math.min(set.size, interval.to)];
  expectItems(workspace, Math.max(0, to - from));
  const found = [...set.between(from, to)];
  return isReversed ? found.reverse() : found;
}

export interface RangeForm {
  /** Undefined: the words say. */
  readonly kind?: RangeKind;
  readonly isReversed?: boolean;
  /** The place of the key among the words; the bounds are behind it. */
  readonly at?: number;
  readonly isStored?: boolean;
}

interface Asked {
  readonly hasScores: boolean;
  readonly find: Find;
  readonly isReversed: boolean;
}

/** Throws `CommandError`. */
function askedOf(words: CommandWords, { at = 1, isStored = false, ...form }: RangeForm): Asked {
  let { kind, isReversed } = form;
  let [hasScores, offset, count] = [false, 0, -1];
  for (let i = at + 3; i < words.length; i++) {
    const option = optionOf(words, i);
    if (option === "withscores" && !isStored) hasScores = true;
    else if (option === "limit" && i + 2 < words.length) {
      [offset, count] = [expectNumber(words[i + 1]), expectNumber(words[i + 2])];
      i += 2;
    } else if (option === "rev" && form.isReversed === undefined && isReversed !== true) isReversed = true;
    else if (option === "bylex" && kind === undefined) kind = "lex";
    else if (option === "byscore" && kind === undefined) kind = "score";
    else throw new CommandError(SYNTAX_ERROR);
  }
  kind ??= "rank";
  isReversed ??= false;
  if (count !== -1 && kind === "rank")
    throw new CommandError("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  if (hasScores && kind === "lex")
    throw new CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  // Downwards the greater bound comes first, but of ranks, which are counted from there.
  const isSwapped = isReversed && kind !== "rank";
  const [min, max] = [wordOf(words, at + (isSwapped ? 2 : 1)), wordOf(words, at + (isSwapped ? 1 : 2))];
  const find = findOf(kind, min, max, isReversed);
  if (kind === "rank") return { hasScores, isReversed, find };
  const isDownwards = isReversed;
  return { hasScores, isReversed, find: (set) => limited(find(set), isDownwards, offset, count) };
}

export function rangeWith(form: RangeForm) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const { hasScores, find, isReversed } = askedOf(words, form);
    const set = workspace.sortedSets.at(keyOf(words, form.at ?? 1));
    if (set.size === 0) return arrayReply([]);
    const found = members(workspace, set, find(set), isReversed);
    workspace.lookAt(found.length);
    return membersReply(workspace, found, hasScores);
  };
}

interface Ranks extends Chosen {
  readonly count: number;
}

function ranksOf(set: SortedSet, find: Find, isReversed: boolean): Ranks {
  const interval = find(set);
  const [from, to] = [Math.max(0, interval.from), Math.min(set.size, interval.to)];
  const count = Math.max(0, to - from);
  return { count, bytes: slotBytes(count), snapshot: () => set.snapshot(from, to, isReversed) };
}

/** Of `rangeWith`, where it is long. */
export function rangeInTurns(form: RangeForm): LongFunction {
  return (workspace, words) => {
    const { hasScores, find, isReversed } = askedOf(words, form);
    const choose = (first: Workspace): Ranks =>
      ranksOf(first.sortedSets.at(keyOf(words, form.at ?? 1)), find, isReversed);
    if (choose(workspace).count < MANY_MEMBERS) return undefined;
    const shape = hasScores ? ({ form: "pairs", shown: "name-score" } as const) : NAMES;
    return readInTurns(choose, shape);
  };
}

export function zrangestore(workspace: Workspace, words: CommandWords): Reply {
  const { find, isReversed } = askedOf(words, { at: 2, isStored: true });
  const set = workspace.sortedSets.at(keyOf(words, 2));
  const interval = find(set);
  workspace.lookAt(ranksOf(set, find, isReversed).count);
  return integerReply(storeMembers(workspace, keyOf(words, 1), members(workspace, set, interval, isReversed)));
}

export function zrangestoreInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const { find, isReversed } = askedOf(words, { at: 2, isStored: true });
  const choose = (first: Workspace): Ranks => ranksOf(first.sortedSets.at(keyOf(words, 2)), find, isReversed);
  if (choose(workspace).count < MANY_MEMBERS) return undefined;
  function* steps(): Steps {
    const items = new PackedItems();
    yield* gathering(workspace, choose(workspace).snapshot(), "name-score", items);
    yield* storing(workspace, keyOf(words, 1), { type: "zset", items });
    return integerReply(items.count / 2);
  }
  return turnOf(steps(), (first) => choose(first).bytes);
}

/** In place of whatever was there; of no members there is nothing afterwards. Returns how many they are. */
export function storeMembers(workspace: Workspace, key: Key, all: readonly ScoredMember[]): number {
  workspace.remove(key);
  for (const { name, score } of all) workspace.sortedSets.put(key, name, score);
  return all.length;
}

export function countWith(kind: RangeKind) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const find = findOf(kind, wordOf(words, 2), wordOf(words, 3));
    const { from, to } = find(workspace.sortedSets.at(keyOf(words, 1)));
    return integerReply(Math.max(0, to - from));
  };
}

export function removeInTurnsWith(kind: RangeKind): LongFunction {
  return (workspace, words) => {
    const key = keyOf(words, 1);
    const find = findOf(kind, wordOf(words, 2), wordOf(words, 3));
    const choose = (first: Workspace): Ranks => ranksOf(first.sortedSets.at(key), find, false);
    const { count } = choose(workspace);
    if (count < MANY_MEMBERS || count === workspace.sortedSets.at(key).size) return undefined;
    return removeInTurns(workspace, key, (first) => [choose(first)], integerReply);
  };
}

export function removeWith(kind: RangeKind) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const find = findOf(kind, wordOf(words, 2), wordOf(words, 3));
    const key = keyOf(words, 1);
    const set = workspace.sortedSets.at(key);
    const interval = find(set);
    if (interval.from === 0 && interval.to === set.size && set.size > 0) {
      workspace.sortedSets.clear(key);
      return integerReply(interval.to);
    }
    workspace.lookAt(ranksOf(set, find, false).count);
    const removed = members(workspace, set, interval);
    for (const { name } of removed) workspace.sortedSets.remove(key, name);
    return integerReply(removed.length);
  };
}
