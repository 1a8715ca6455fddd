/** Unions, intersections and differences of sets, in steps: of many members each has a turn of its own. */

import type { Key } from "../../base/ids.ts";
import { NameIndex } from "../../base/name-index.ts";
import { PackedItems } from "../../base/packed-items.ts";
import { integerReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { slotBytes } from "../members/chosen-members.ts";
import { MANY_MEMBERS } from "../members/long-reads.ts";
import { storing } from "../members/long-writes.ts";
import type { CommandFunction } from "../rows/command-row.ts";
import { allAtOnce, type Steps, turnOf } from "../rows/steps.ts";
import type { LongFunction } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectNumber } from "../words/number-text.ts";
import { keyOf, optionOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

const NO_NUMBER_OF_KEYS = "ERR numkeys should be greater than 0";
const NEGATIVE_LIMIT = "ERR LIMIT can't be negative";
/** What a name takes that is remembered, beside its bytes. */
const NAME_BYTES = 64;

interface Gather {
  /** Gathers names, each once, and tells after each step what it took of room. */
  steps(workspace: Workspace, keys: readonly Key[], into: PackedItems): Generator<number, void>;
  /** Of how many members it copies the slots as it begins. */
  copied(workspace: Workspace, keys: readonly Key[]): number;
}

const union: Gather = { steps: united, copied: membersIn };
/** Members of the smallest that the others have, too. */
const intersection: Gather = {
  steps: (workspace, keys, into) => chosen(workspace, bySize(workspace, keys), into, true),
  copied: smallest,
};
const difference: Gather = {
  steps: (workspace, keys, into) => chosen(workspace, keys, into, false),
  copied: (workspace, keys) => membersIn(workspace, keys.slice(0, 1)),
};

function* united({ collections }: Workspace, keys: readonly Key[], into: PackedItems): Generator<number, void> {
  const all = new NameIndex();
  for (const snapshot of keys.map((key) => collections.snapshot(key, "set"))) {
    for (let names = collections.namesOf(snapshot); names !== undefined; names = collections.namesOf(snapshot)) {
      const { bytes, count } = into;
      for (const name of names) {
        if (all.get(name) !== undefined) continue;
        all.add(name, into.count);
        into.addText(name);
      }
      yield 2 * (into.bytes - bytes) + NAME_BYTES * (into.count - count);
    }
  }
}

function bySize(workspace: Workspace, keys: readonly Key[]): readonly Key[] {
  const sized = keys.map((key) => ({ key, count: workspace.collections.count(key, "set") }));
  return sized.sort((a, b) => a.count - b.count).map(({ key }) => key);
}

function smallest(workspace: Workspace, keys: readonly Key[]): number {
  return Math.min(...keys.map((key) => workspace.collections.count(key, "set")));
}

/** Members of the first that all others have, or that none has. */
function* chosen(
  { collections }: Workspace,
  [first, ...others]: readonly Key[],
  into: PackedItems,
  are: boolean,
): Generator<number, void> {
  const snapshot = collections.snapshot(first as Key, "set");
  const next = () => collections.namesOf(snapshot, others.length);
  for (let names = next(); names !== undefined; names = next()) {
    const { bytes } = into;
    const tests = others.map((key) => collections.membership(key, "set"));
    for (const name of names) if (tests.every((has) => has(name) === are)) into.addText(name);
    yield into.bytes - bytes;
  }
}

interface Begun {
  readonly keys: readonly Key[];
  readonly steps: Steps;
  /** As in `Gather`. */
  copied(workspace: Workspace): number;
}

type Command = (workspace: Workspace, words: CommandWords) => Begun;

function answered(gather: Gather): Command {
  return (workspace, words) => {
    const keys = setsOf(workspace, words, 1, words.length);
    return { keys, steps: answering(gather, workspace, keys), copied: (now) => gather.copied(now, keys) };
  };
}

function* answering(gather: Gather, workspace: Workspace, keys: readonly Key[]): Steps {
  const packed = new PackedItems();
  yield* gather.steps(workspace, keys, packed);
  return { type: "packed", form: "set", packed };
}

function stored(gather: Gather): Command {
  return (workspace, words) => {
    const keys = setsOf(workspace, words, 2, words.length);
    const steps = storingFrom(gather, workspace, keys, keyOf(words, 1));
    return { keys, steps, copied: (now) => gather.copied(now, keys) };
  };
}

/** What is there of whatever type is replaced, also by nothing. */
function* storingFrom(gather: Gather, workspace: Workspace, keys: readonly Key[], to: Key): Steps {
  const items = new PackedItems();
  yield* gather.steps(workspace, keys, items);
  yield* storing(workspace, to, { type: "set", items });
  return integerReply(items.count);
}

const COMMANDS: Readonly<Record<string, Command>> = {
  sdiff: answered(difference),
  sdiffstore: stored(difference),
  sinter: answered(intersection),
  sintercard: counted,
  sinterstore: stored(intersection),
  sunion: answered(union),
  sunionstore: stored(union),
};

/** Throws WRONGTYPE. */
function setsOf({ collections }: Workspace, words: CommandWords, from: number, to: number): readonly Key[] {
  const keys: Key[] = [];
  for (let at = from; at < to; at++) keys.push(keyOf(words, at));
  for (const key of keys) collections.count(key, "set");
  return keys;
}

function membersIn({ collections }: Workspace, keys: readonly Key[]): number {
  return keys.reduce((sum, key) => sum + collections.count(key, "set"), 0);
}

function forEach<T>(make: (command: Command) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(COMMANDS).map(([name, command]) => [name, make(command)]));
}

export const setAlgebra = forEach<CommandFunction>((command) => (workspace, words) => {
  const { keys, steps, copied } = command(workspace, words);
  workspace.lookAt(membersIn(workspace, keys));
  workspace.takeRoom(slotBytes(copied(workspace)));
  return allAtOnce(workspace, steps);
});

export const setAlgebraInTurns = forEach<LongFunction>((command) => (workspace, words) => {
  const { keys, steps, copied } = command(workspace, words);
  if (membersIn(workspace, keys) < MANY_MEMBERS) return undefined;
  return turnOf(steps, (first) => slotBytes(copied(first)));
});

function counted(workspace: Workspace, words: CommandWords): Begun {
  const numberOfKeys = expectNumber(words[1], NO_NUMBER_OF_KEYS);
  if (numberOfKeys < 1) throw new CommandError(NO_NUMBER_OF_KEYS);
  if (numberOfKeys > words.length - 2)
    throw new CommandError("ERR Number of keys can't be greater than number of args");
  const limit = limitOf(words, 2 + numberOfKeys);
  const keys = setsOf(workspace, words, 2, 2 + numberOfKeys);
  return { keys, steps: counting(workspace, keys, limit), copied: (now) => smallest(now, keys) };
}

/** Nothing is kept of what is counted. */
function* counting(workspace: Workspace, keys: readonly Key[], limit: number): Steps {
  const { collections } = workspace;
  const [first, ...others] = bySize(workspace, keys) as [Key, ...Key[]];
  const snapshot = collections.snapshot(first, "set");
  let count = 0;
  const next = () => collections.namesOf(snapshot, others.length);
  for (let names = next(); names !== undefined; names = next()) {
    const tests = others.map((key) => collections.membership(key, "set"));
    for (const name of names) if (tests.every((has) => has(name)) && ++count === limit) return integerReply(limit);
    yield 0;
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
