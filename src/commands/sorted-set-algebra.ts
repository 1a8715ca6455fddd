/** Unions, intersections and differences of sorted sets; a set is one whose scores are all 1. */

import type { Key } from "../base/ids.ts";
import { integerReply, type Reply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import { CommandError, SYNTAX_ERROR, WRONG_TYPE } from "./command-error.ts";
import { expectItems } from "./member-replies.ts";
import { expectAtLeast, expectFloat, expectNumber } from "./number-text.ts";
import type { ScoredMember } from "./sorted-set-access.ts";
import { storeMembers } from "./sorted-set-ranges.ts";
import { membersReply } from "./sorted-set-replies.ts";
import { keyOf, optionOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

export type Operation = "union" | "inter" | "diff";

interface Source {
  readonly size: number;
  readonly weight: number;
  scoreOf(name: string): number | undefined;
  members(): Iterable<ScoredMember>;
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

interface Asked {
  readonly sources: readonly Source[];
  readonly aggregate: Aggregate;
  readonly hasScores: boolean;
  /** Of a cardinality; 0: none. */
  readonly limit: number;
}

interface Form {
  readonly operation: Operation;
  /** As an error names it. */
  readonly name: string;
  /** The place of the number of keys. */
  readonly at: number;
  readonly isStored?: boolean;
  readonly isCount?: boolean;
}

function sourceOf(workspace: Workspace, key: Key): Source {
  const { collections, sortedSets } = workspace;
  const type = workspace.typeOf(key);
  if (type === "set") {
    return {
      size: collections.count(key, "set"),
      weight: 1,
      scoreOf: (name) => (collections.valueOf(key, "set", name) === undefined ? undefined : 1),
      *members() {
        for (const { name } of collections.members(key, "set")) yield { name, score: 1 };
      },
    };
  }
  if (type !== undefined && type !== "zset") throw new CommandError(WRONG_TYPE);
  const set = sortedSets.at(key);
  return { size: set.size, weight: 1, scoreOf: (name) => set.scoreOf(name), members: () => set.between(0, set.size) };
}

/** Throws `CommandError`. */
function askedOf(workspace: Workspace, words: CommandWords, form: Form): Asked {
  const count = expectNumber(words[form.at]);
  if (count < 1) throw new CommandError(`ERR at least 1 input key is needed for '${form.name}' command`);
  const optionsAt = form.at + 1 + count;
  if (optionsAt > words.length) throw new CommandError(SYNTAX_ERROR);
  const keys = Array.from({ length: count }, (_, i) => keyOf(words, form.at + 1 + i));
  const sources = keys.map((key) => sourceOf(workspace, key));
  const asked = optionsOf(words, form, optionsAt, sources);
  workspace.lookAt(lookedAt(sources, form.operation));
  return asked;
}

/** How many members are gone through, or looked for in another source: all in one turn. */
function lookedAt(sources: readonly Source[], operation: Operation): number {
  const sizes = sources.map(({ size }) => size);
  if (operation === "union") return sizes.reduce((sum, size) => sum + size, 0);
  return sources.length * (operation === "inter" ? Math.min(...sizes) : (sizes[0] as number));
}

function optionsOf(words: CommandWords, form: Form, from: number, sources: readonly Source[]): Asked {
  const isWeighed = form.operation !== "diff" && form.isCount !== true;
  let weighed = sources;
  let aggregate = AGGREGATES.get("sum") as Aggregate;
  let [hasScores, limit] = [false, 0];
  for (let at = from; at < words.length; at++) {
    const option = optionOf(words, at);
    const left = words.length - at;
    if (option === "weights" && isWeighed && left > sources.length) {
      weighed = sources.map((source, i) => ({
        ...source,
        weight: expectFloat(words[at + 1 + i], "ERR weight value is not a float"),
      }));
      at += sources.length;
    } else if (option === "aggregate" && isWeighed && left >= 2) {
      const named = AGGREGATES.get(optionOf(words, ++at));
      if (named === undefined) throw new CommandError(SYNTAX_ERROR);
      aggregate = named;
    } else if (option === "withscores" && form.isStored !== true && form.isCount !== true) hasScores = true;
    else if (option === "limit" && form.isCount === true && left >= 2) {
      limit = expectAtLeast(words[++at], 0, "ERR LIMIT can't be negative");
    } else throw new CommandError(SYNTAX_ERROR);
  }
  return { sources: weighed, aggregate, hasScores, limit };
}

/** Sums go from the smallest to the greatest, as in Redis: of fractions the order is seen in the last digit. */
function bySize(sources: readonly Source[]): readonly Source[] {
  return [...sources].sort((a, b) => a.size - b.size);
}

function weighed({ weight }: Source, score: number): number {
  return numberOr0(weight * score);
}

function union(workspace: Workspace, { sources, aggregate }: Asked): ScoredMember[] {
  const scores = new Map<string, number>();
  // So many there will be: that is found out before they are gone through.
  const least = Math.max(...sources.map(({ size }) => size));
  expectItems(workspace, least);
  for (const source of bySize(sources)) {
    for (const { name, score } of source.members()) {
      const before = scores.get(name);
      const own = weighed(source, score);
      if (before === undefined && scores.size >= least) expectItems(workspace, 1);
      scores.set(name, before === undefined ? own : aggregate(before, own));
    }
  }
  expectItems(workspace, scores.size);
  return [...scores].map(([name, score]) => ({ name, score }));
}

function* intersection({ sources, aggregate }: Asked): Generator<ScoredMember, void> {
  const [first, ...others] = bySize(sources) as [Source, ...Source[]];
  for (const { name, score } of first.members()) {
    let sum: number | undefined = weighed(first, score);
    for (const other of others) {
      const own = other.scoreOf(name);
      if (own === undefined) {
        sum = undefined;
        break;
      }
      sum = aggregate(sum, weighed(other, own));
    }
    if (sum !== undefined) yield { name, score: sum };
  }
}

function* difference({ sources }: Asked): Generator<ScoredMember, void> {
  const [first, ...others] = sources as [Source, ...Source[]];
  for (const member of first.members()) {
    if (others.every((other) => other.scoreOf(member.name) === undefined)) yield member;
  }
}

/** Throws where there is no room for them yet. */
function inOrder(workspace: Workspace, members: Iterable<ScoredMember>): ScoredMember[] {
  const all: ScoredMember[] = [];
  for (const member of members) {
    expectItems(workspace, 1);
    all.push(member);
  }
  return sorted(all);
}

function sorted(members: ScoredMember[]): ScoredMember[] {
  return members.sort((a, b) => (a.score === b.score ? (a.name < b.name ? -1 : 1) : a.score < b.score ? -1 : 1));
}

function resultOf(workspace: Workspace, asked: Asked, operation: Operation): ScoredMember[] {
  if (operation === "union") return sorted(union(workspace, asked));
  return inOrder(workspace, operation === "inter" ? intersection(asked) : difference(asked));
}

export function combineWith(operation: Operation) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const asked = askedOf(workspace, words, { operation, name: `z${operation}`, at: 1 });
    return membersReply(workspace, resultOf(workspace, asked, operation), asked.hasScores);
  };
}

export function storeWith(operation: Operation) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const asked = askedOf(workspace, words, { operation, name: `z${operation}store`, at: 2, isStored: true });
    return integerReply(storeMembers(workspace, keyOf(words, 1), resultOf(workspace, asked, operation)));
  };
}

export function zintercard(workspace: Workspace, words: CommandWords): Reply {
  const asked = askedOf(workspace, words, { operation: "inter", name: "zintercard", at: 1, isCount: true });
  let count = 0;
  for (const _ of intersection(asked)) if (++count === asked.limit) break;
  return integerReply(count);
}
