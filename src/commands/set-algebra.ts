/** Unions, intersections and differences of sets. */

import type { Key } from "../base/ids.ts";
import { integerReply, type Reply, setReply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import { CommandError, SYNTAX_ERROR } from "./command-error.ts";
import { expectItems, nameReply } from "./member-replies.ts";
import { expectNumber } from "./number-text.ts";
import { keyOf, optionOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

type Algebra = (workspace: Workspace, keys: readonly Key[]) => Iterable<string>;

const NO_VALUE = new Uint8Array(0);
const NO_NUMBER_OF_KEYS = "ERR numkeys should be greater than 0";
const NEGATIVE_LIMIT = "ERR LIMIT can't be negative";

/** Each once. */
function union(workspace: Workspace, keys: readonly Key[]): Iterable<string> {
  const all = new Set<string>();
  for (const key of keys) {
    for (const { name } of workspace.collections.members(key, "set")) {
      if (all.has(name)) continue;
      expectItems(workspace, 1);
      all.add(name);
    }
  }
  return all;
}

/** Members of the smallest that the others have, too. */
function* intersection({ collections }: Workspace, keys: readonly Key[]): Generator<string, void> {
  const sized = keys.map((key) => ({ key, count: collections.count(key, "set") }));
  const [smallest, ...others] = sized.sort((a, b) => a.count - b.count).map(({ key }) => key) as [Key, ...Key[]];
  for (const { name } of collections.members(smallest, "set")) {
    if (others.every((key) => collections.valueOf(key, "set", name) !== undefined)) yield name;
  }
}

function* difference({ collections }: Workspace, keys: readonly Key[]): Generator<string, void> {
  const [first, ...others] = keys as [Key, ...Key[]];
  const present = others.filter((key) => collections.count(key, "set") > 0);
  for (const { name } of collections.members(first, "set")) {
    if (present.every((key) => collections.valueOf(key, "set", name) === undefined)) yield name;
  }
}

function answered(workspace: Workspace, words: CommandWords, algebra: Algebra): Reply {
  const items: Reply[] = [];
  for (const name of algebra(workspace, setsOf(workspace, words, 1, words.length))) {
    expectItems(workspace, 1);
    items.push(nameReply(workspace, name));
  }
  return setReply(items);
}

/** What is there of whatever type is replaced, also by nothing. */
function stored(workspace: Workspace, words: CommandWords, algebra: Algebra): Reply {
  const names: string[] = [];
  for (const name of algebra(workspace, setsOf(workspace, words, 2, words.length))) {
    expectItems(workspace, 1);
    workspace.takeRoom(name.length);
    names.push(name);
  }
  const to = keyOf(words, 1);
  workspace.remove(to);
  for (const name of names) workspace.collections.put(to, "set", name, NO_VALUE);
  return integerReply(names.length);
}

/** Throws WRONGTYPE. */
function setsOf({ collections }: Workspace, words: CommandWords, from: number, to: number): readonly Key[] {
  const keys: Key[] = [];
  for (let at = from; at < to; at++) keys.push(keyOf(words, at));
  for (const key of keys) collections.count(key, "set");
  return keys;
}

export const sunion = (workspace: Workspace, words: CommandWords) => answered(workspace, words, union);
export const sinter = (workspace: Workspace, words: CommandWords) => answered(workspace, words, intersection);
export const sdiff = (workspace: Workspace, words: CommandWords) => answered(workspace, words, difference);
export const sunionstore = (workspace: Workspace, words: CommandWords) => stored(workspace, words, union);
export const sinterstore = (workspace: Workspace, words: CommandWords) => stored(workspace, words, intersection);
export const sdiffstore = (workspace: Workspace, words: CommandWords) => stored(workspace, words, difference);

export function sintercard(workspace: Workspace, words: CommandWords): Reply {
  const numberOfKeys = expectNumber(words[1], NO_NUMBER_OF_KEYS);
  if (numberOfKeys < 1) throw new CommandError(NO_NUMBER_OF_KEYS);
  if (numberOfKeys > words.length - 2)
    throw new CommandError("ERR Number of keys can't be greater than number of args");
  const limit = limitOf(words, 2 + numberOfKeys);
  let count = 0;
  for (const _ of intersection(workspace, setsOf(workspace, words, 2, 2 + numberOfKeys))) {
    if (++count === limit) break;
  }
  return integerReply(count);
}

/** 0: there is none. Throws `CommandError`. */
function limitOf(words: CommandWords, from: number): number {
  let limit = 0;
  for (let at = from; at < words.length; at += 2) {
    if (optionOf(words, at) !== "limit" || words[at + 1] === undefined) throw new CommandError(SYNTAX_ERROR);
    limit = expectNumber(words[at + 1], NEGATIVE_LIMIT);
    if (limit < 0) throw new CommandError(NEGATIVE_LIMIT);
  }
  return limit;
}
