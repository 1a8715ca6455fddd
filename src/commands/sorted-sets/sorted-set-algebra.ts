/** Unions, intersections and differences of sorted sets, in steps: of many members each has a turn of its own. */

import { NameIndex } from "../../base/name-index.ts";
import { PackedItems } from "../../base/packed-items.ts";
import { integerReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { slotBytes } from "../members/chosen-members.ts";
import { MANY_MEMBERS } from "../members/long-reads.ts";
import { storing } from "../members/long-writes.ts";
import type { CommandFunction } from "../rows/command-row.ts";
import { allAtOnce, type Steps, turnOf } from "../rows/steps.ts";
import type { LongFunction } from "../rows/turns.ts";
import { keyOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { ScoredNames } from "./scored-names.ts";
import {
  bySize,
  type Combination,
  type CombinationForm,
  combinationOf,
  type Operation,
  scorerOf,
  snapshotOf,
  weighed,
} from "./sorted-set-operands.ts";

/** Of a name that is to be found again, beside what it takes to remember it. */
const INDEX_BYTES = 40;

/** Gathers members, and tells after each step what it took of room. */
type Gather = (workspace: Workspace, combination: Combination, into: ScoredNames) => Generator<number, void>;

const GATHERS: Readonly<Record<Operation, Gather>> = { union: united, inter: common, diff: different };

function* united(workspace: Workspace, { operands, aggregate }: Combination, into: ScoredNames) {
  const numbers = new NameIndex();
  for (const [operand, snapshot] of bySize(operands).map((each) => [each, snapshotOf(workspace, each)] as const)) {
    const next = () => workspace.sortedSets.membersOf(snapshot, 1);
    for (let members = next(); members !== undefined; members = next()) {
      const { bytes, count } = into;
      for (const { name, score } of members) {
        const own = weighed(operand, score);
        const number = numbers.get(name);
        if (number === undefined) numbers.add(name, into.add(name, own));
        else into.setScore(number, aggregate(into.scoreAt(number), own));
      }
      yield into.bytes - bytes + INDEX_BYTES * (into.count - count);
    }
  }
}

function* common(workspace: Workspace, combination: Combination, into: ScoredNames) {
  for (const members of inAll(workspace, combination)) {
    const { bytes } = into;
    for (const { name, score } of members) into.add(name, score);
    yield into.bytes - bytes;
  }
}

/** Members of the smallest that all others have, a turn's share at a time. */
function* inAll(workspace: Workspace, { operands, aggregate }: Combination) {
  const [first, ...others] = bySize(operands);
  const snapshot = snapshotOf(workspace, first);
  const next = () => workspace.sortedSets.membersOf(snapshot, others.length);
  for (let members = next(); members !== undefined; members = next()) {
    const scorers = others.map((other) => [other, scorerOf(workspace, other)] as const);
    const found: { readonly name: string; readonly score: number }[] = [];
    for (const { name, score } of members) {
      let sum: number | undefined = weighed(first, score);
      for (const [other, scoreOf] of scorers) {
        const own = scoreOf(name);
        sum = own === undefined ? undefined : aggregate(sum, weighed(other, own));
        if (sum === undefined) break;
      }
      if (sum !== undefined) found.push({ name, score: sum });
    }
    yield found;
  }
}

function* different(workspace: Workspace, { operands }: Combination, into: ScoredNames) {
  const [first, ...others] = operands;
  if (first === undefined) return;
  const snapshot = snapshotOf(workspace, first);
  const next = () => workspace.sortedSets.membersOf(snapshot, others.length);
  for (let members = next(); members !== undefined; members = next()) {
    const { bytes } = into;
    const scorers = others.map((other) => scorerOf(workspace, other));
    for (const { name, score } of members)
      if (scorers.every((scoreOf) => scoreOf(name) === undefined)) into.add(name, score);
    yield into.bytes - bytes;
  }
}

/** How many members are gone through, or looked for in another. */
function lookedAt({ operands }: Combination, operation: Operation): number {
  const sizes = operands.map(({ size }) => size);
  if (operation === "union") return sizes.reduce((sum, size) => sum + size, 0);
  return operands.length * (operation === "inter" ? Math.min(...sizes) : (sizes[0] as number));
}

/** What the slots take that are copied as it begins. */
function copiedBytes({ operands }: Combination, operation: Operation): number {
  const sizes = operands.map(({ size }) => size);
  if (operation === "union") return slotBytes(sizes.reduce((sum, size) => sum + size, 0));
  return slotBytes(operation === "inter" ? Math.min(...sizes) : (sizes[0] as number));
}

interface Command extends CombinationForm {
  steps(workspace: Workspace, combination: Combination, words: CommandWords): Steps;
}

function answered(operation: Operation): Command {
  return {
    ...{ operation, name: `z${operation}`, at: 1 },
    *steps(workspace, combination) {
      const { hasScores } = combination;
      const packed = new PackedItems();
      yield* gathering(operation, workspace, combination, { hasScores, into: packed });
      return { type: "packed", form: hasScores ? "pairs" : "array", packed };
    },
  };
}

/** What is there of whatever type is replaced, also by nothing. */
function stored(operation: Operation): Command {
  return {
    ...{ operation, name: `z${operation}store`, at: 2, isStored: true },
    *steps(workspace, combination, words) {
      const items = new PackedItems();
      yield* gathering(operation, workspace, combination, { hasScores: true, into: items });
      yield* storing(workspace, keyOf(words, 1), { type: "zset", items });
      return integerReply(items.count / 2);
    },
  };
}

function* gathering(
  operation: Operation,
  workspace: Workspace,
  combination: Combination,
  { hasScores, into }: { readonly hasScores: boolean; readonly into: PackedItems },
): Generator<number, void> {
  const names = new ScoredNames();
  yield* GATHERS[operation](workspace, combination, names);
  yield* names.packInOrder(hasScores, into);
}

/** Nothing is kept of what is counted. */
const counted: Command = {
  ...{ operation: "inter", name: "zintercard", at: 1, isCount: true },
  *steps(workspace, combination) {
    const { limit } = combination;
    let count = 0;
    for (const members of inAll(workspace, combination)) {
      count += members.length;
      if (limit !== 0 && count >= limit) return integerReply(limit);
      yield 0;
    }
    return integerReply(count);
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  zdiff: answered("diff"),
  zdiffstore: stored("diff"),
  zinter: answered("inter"),
  zintercard: counted,
  zinterstore: stored("inter"),
  zunion: answered("union"),
  zunionstore: stored("union"),
};

function forEach<T>(make: (command: Command) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(COMMANDS).map(([name, command]) => [name, make(command)]));
}

export const sortedSetAlgebra = forEach<CommandFunction>((command) => (workspace, words): Reply => {
  const combination = combinationOf(workspace, words, command);
  workspace.lookAt(lookedAt(combination, command.operation));
  workspace.takeRoom(copiedBytes(combination, command.operation));
  return allAtOnce(workspace, command.steps(workspace, combination, words));
});

export const sortedSetAlgebraInTurns = forEach<LongFunction>((command) => (workspace, words) => {
  const combination = combinationOf(workspace, words, command);
  if (lookedAt(combination, command.operation) < MANY_MEMBERS) return undefined;
  return turnOf(command.steps(workspace, combination, words), (first) =>
    copiedBytes(combinationOf(first, words, command), command.operation),
  );
});
