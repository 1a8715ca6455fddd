/** What commands combine sorted sets from, and how; a set is one whose scores are all 1. */

import type { Key } from "../../base/ids.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Snapshot } from "../../types/snapshot.ts";
import { CommandError, SYNTAX_ERROR, WRONG_TYPE } from "../words/command-error.ts";
import { expectAtLeast, expectFloat, expectNumber } from "../words/number-text.ts";
import { keyOf, optionOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

export type Operation = "union" | "inter" | "diff";

export interface Operand {
  readonly key: Key;
  readonly type: "set" | "zset";
  readonly size: number;
  readonly weight: number;
}

type Aggregate = (a: number, b: number) => number;

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map([
  ["sum", (a, b) => numberOr0(a + b)],
  ["min", Math.min],
  ["max", Math.max],
]);

/** Infinities against each other are nothing. */
function numberOr0(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

export interface Combination {
  readonly operands: readonly Operand[];
  readonly aggregate: Aggregate;
  readonly hasScores: boolean;
  /** Of a cardinality; 0: none. */
  readonly limit: number;
}

export interface CombinationForm {
  readonly operation: Operation;
  /** As an error names it. */
  readonly name: string;
  /** The place of the number of keys. */
  readonly at: number;
  readonly isStored?: boolean;
  readonly isCount?: boolean;
}

/** Throws `CommandError`. */
export function combinationOf(workspace: Workspace, words: CommandWords, form: CombinationForm): Combination {
  const count = expectNumber(words[form.at]);
  if (count < 1) throw new CommandError(`ERR at least 1 input key is needed for '${form.name}' command`);
  const optionsAt = form.at + 1 + count;
  if (optionsAt > words.length) throw new CommandError(SYNTAX_ERROR);
  const keys = Array.from({ length: count }, (_, i) => keyOf(words, form.at + 1 + i));
  const operands = keys.map((key) => operandAt(workspace, key));
  return withOptions(words, form, optionsAt, operands);
}

function operandAt(workspace: Workspace, key: Key): Operand {
  const type = workspace.typeOf(key);
  if (type === "set") return { key, type, size: workspace.collections.count(key, type), weight: 1 };
  if (type !== undefined && type !== "zset") throw new CommandError(WRONG_TYPE);
  return { key, type: "zset", size: workspace.sortedSets.at(key).size, weight: 1 };
}

function withOptions(
  words: CommandWords,
  form: CombinationForm,
  from: number,
  operands: readonly Operand[],
): Combination {
  const isWeighed = form.operation !== "diff" && form.isCount !== true;
  let weighed = operands;
  let aggregate = AGGREGATES.get("sum") as Aggregate;
  let [hasScores, limit] = [false, 0];
  for (let at = from; at < words.length; at++) {
    const option = optionOf(words, at);
    const left = words.length - at;
    if (option === "weights" && isWeighed && left > operands.length) {
      weighed = operands.map((operand, i) => ({
        ...operand,
        weight: expectFloat(words[at + 1 + i], "ERR weight value is not a float"),
      }));
      at += operands.length;
    } else if (option === "aggregate" && isWeighed && left >= 2) {
      const named = AGGREGATES.get(optionOf(words, ++at));
      if (named === undefined) throw new CommandError(SYNTAX_ERROR);
      aggregate = named;
    } else if (option === "withscores" && form.isStored !== true && form.isCount !== true) hasScores = true;
    else if (option === "limit" && form.isCount === true && left >= 2) {
      limit = expectAtLeast(words[++at], 0, "ERR LIMIT can't be negative");
    } else throw new CommandError(SYNTAX_ERROR);
  }
  return { operands: weighed, aggregate, hasScores, limit };
}

/** Sums go from the smallest to the greatest, as in Redis: of fractions the order is seen in the last digit. */
export function bySize(operands: readonly Operand[]): readonly [Operand, ...Operand[]] {
  return [...operands].sort((a, b) => a.size - b.size) as [Operand, ...Operand[]];
}

export function weighed({ weight }: Operand, score: number): number {
  return numberOr0(weight * score);
}

export function snapshotOf({ collections }: Workspace, { key, type }: Operand): Snapshot {
  return collections.snapshot(key, type);
}

/** The score of a member, if it is one; good until something is written. */
export function scorerOf({ collections, sortedSets }: Workspace, { key, type }: Operand) {
  if (type === "set") {
    const isMember = collections.membership(key, type);
    return (name: string): number | undefined => (isMember(name) ? 1 : undefined);
  }
  const set = sortedSets.at(key);
  return (name: string): number | undefined => set.scoreOf(name);
}
