/** Sorted sets: members with scores, in the order of these. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { arrayReply, integerReply, NOTHING, type Reply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { nameReply } from "../members/member-replies.ts";
import { scanMembers } from "../members/member-scan.ts";
import { drawnInTurns } from "../members/random-answers.ts";
import { picks } from "../members/random-picks.ts";
import { type CommandFunction, rowsOf } from "../rows/command-row.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectCount } from "../words/number-text.ts";
import { keptScoreText } from "../words/score-text.ts";
import { keyOf, optionOf, textOf } from "../words/words.ts";
import type { ScoredMember } from "../workspace/sorted-set-access.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { zadd, zincrby } from "./sorted-set-add.ts";
import { sortedSetAlgebra, sortedSetAlgebraInTurns } from "./sorted-set-algebra.ts";
import { blockingPopWith, bzmpop, bzmpopInTurns, popInTurns, popWith, zmpop, zmpopInTurns } from "./sorted-set-pops.ts";
import {
  countWith,
  type RangeForm,
  rangeInTurns,
  rangeWith,
  removeInTurnsWith,
  removeWith,
  zrangestore,
  zrangestoreInTurns,
} from "./sorted-set-ranges.ts";
import { membersReply, scoreReply } from "./sorted-set-replies.ts";

const TABLE = `
bzmpop               -5  write,blocking,movablekeys    0 0 0@2  7.0.0  Remove and return members with scores in a sorted set or block until one is available
bzpopmax             -3  write,noscript,blocking,fast  1 -2 1   5.0.0  Remove and return the member with the highest score from one or more sorted sets, or block until one is available
bzpopmin             -3  write,noscript,blocking,fast  1 -2 1   5.0.0  Remove and return the member with the lowest score from one or more sorted sets, or block until one is available
zadd                 -4  write,denyoom,fast            1 1 1    1.2.0  Add one or more members to a sorted set, or update its score if it already exists
zcard                 2  readonly,fast                 1 1 1    1.2.0  Get the number of members in a sorted set
zcount                4  readonly,fast                 1 1 1    2.0.0  Count the members in a sorted set with scores within the given values
zdiff                -3  readonly,movablekeys          0 0 0@1  6.2.0  Subtract multiple sorted sets
zdiffstore           -4  write,denyoom,movablekeys     1 1 1@2  6.2.0  Subtract multiple sorted sets and store the resulting sorted set in a new key
zincrby               4  write,denyoom,fast            1 1 1    1.2.0  Increment the score of a member in a sorted set
zinter               -3  readonly,movablekeys          0 0 0@1  6.2.0  Intersect multiple sorted sets
zintercard           -3  readonly,movablekeys          0 0 0@1  7.0.0  Intersect multiple sorted sets and return the cardinality of the result
zinterstore          -4  write,denyoom,movablekeys     1 1 1@2  2.0.0  Intersect multiple sorted sets and store the resulting sorted set in a new key
zlexcount             4  readonly,fast                 1 1 1    2.8.9  Count the number of members in a sorted set between a given lexicographical range
zmpop                -4  write,movablekeys             0 0 0@1  7.0.0  Remove and return members with scores in a sorted set
zmscore              -3  readonly,fast                 1 1 1    6.2.0  Get the score associated with the given members in a sorted set
zpopmax              -2  write,fast                    1 1 1    5.0.0  Remove and return members with the highest scores in a sorted set
zpopmin              -2  write,fast                    1 1 1    5.0.0  Remove and return members with the lowest scores in a sorted set
zrandmember          -2  readonly                      1 1 1    6.2.0  Get one or multiple random elements from a sorted set
zrange               -4  readonly                      1 1 1    1.2.0  Return a range of members in a sorted set
zrangebylex          -4  readonly                      1 1 1    2.8.9  Return a range of members in a sorted set, by lexicographical range
zrangebyscore        -4  readonly                      1 1 1    1.0.5  Return a range of members in a sorted set, by score
zrangestore          -5  write,denyoom                 1 2 1    6.2.0  Store a range of members from sorted set into another key
zrank                 3  readonly,fast                 1 1 1    2.0.0  Determine the index of a member in a sorted set
zrem                 -3  write,fast                    1 1 1    1.2.0  Remove one or more members from a sorted set
zremrangebylex        4  write                         1 1 1    2.8.9  Remove all members in a sorted set between the given lexicographical range
zremrangebyrank       4  write                         1 1 1    2.0.0  Remove all members in a sorted set within the given indexes
zremrangebyscore      4  write                         1 1 1    1.2.0  Remove all members in a sorted set within the given scores
zrevrange            -4  readonly                      1 1 1    1.2.0  Return a range of members in a sorted set, by index, with scores ordered from high to low
zrevrangebylex       -4  readonly                      1 1 1    2.8.9  Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.
zrevrangebyscore     -4  readonly                      1 1 1    2.2.0  Return a range of members in a sorted set, by score, with scores ordered from high to low
zrevrank              3  readonly,fast                 1 1 1    2.0.0  Determine the index of a member in a sorted set, with scores ordered from high to low
zscan                -3  readonly                      1 1 1    2.8.0  Incrementally iterate sorted sets elements and associated scores
zscore                3  readonly,fast                 1 1 1    1.2.0  Get the score associated with the given member in a sorted set
zunion               -3  readonly,movablekeys          0 0 0@1  6.2.0  Add multiple sorted sets
zunionstore          -4  write,denyoom,movablekeys     1 1 1@2  2.0.0  Add multiple sorted sets and store the resulting sorted set in a new key
`;

/** Of how many pairs may be asked for: two items each. */
const PAIRS_MAX = 2 ** 62;

function zcard(workspace: Workspace, words: CommandWords): Reply {
  return integerReply(workspace.sortedSets.at(keyOf(words, 1)).size);
}

function zrem(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  let removed = 0;
  for (let at = 2; at < words.length; at++) if (workspace.sortedSets.remove(key, textOf(words, at))) removed++;
  return integerReply(removed);
}

function zscore(workspace: Workspace, words: CommandWords): Reply {
  return scoreReply(workspace.sortedSets.at(keyOf(words, 1)).scoreOf(textOf(words, 2)));
}

function zmscore(workspace: Workspace, words: CommandWords): Reply {
  const set = workspace.sortedSets.at(keyOf(words, 1));
  return arrayReply(words.slice(2).map((word) => scoreReply(set.scoreOf(latin1FromBytes(word)))));
}

function rankWith(isReversed: boolean) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const set = workspace.sortedSets.at(keyOf(words, 1));
    const rank = set.rankOf(textOf(words, 2));
    if (rank === undefined) return NOTHING;
    return integerReply(isReversed ? set.size - 1 - rank : rank);
  };
}

function zrandmember(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  if (words.length === 2) {
    const [member] = byChance(workspace, key, 1);
    return member === undefined ? NOTHING : nameReply(workspace, member.name);
  }
  const { wanted, hasScores } = randomMembersAsked(words);
  const members = byChance(workspace, key, wanted);
  return members.length === 0 ? arrayReply([]) : membersReply(workspace, members, hasScores);
}

/** Throws `CommandError`. */
function randomMembersAsked(words: CommandWords): { readonly wanted: number; readonly hasScores: boolean } {
  const wanted = expectCount(words[2]);
  const hasScores = optionOf(words, 3) === "withscores";
  if (words.length > 4 || (words.length === 4 && !hasScores)) throw new CommandError(SYNTAX_ERROR);
  if (hasScores && Math.abs(wanted) >= PAIRS_MAX) throw new CommandError("ERR value is out of range");
  return { wanted, hasScores };
}

function zrandmemberInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  if (words.length === 2) return undefined;
  const { wanted, hasScores } = randomMembersAsked(words);
  return drawnInTurns(
    workspace,
    { key: keyOf(words, 1), type: "zset", wanted },
    hasScores ? { form: "pairs", shown: "name-score" } : { form: "array", shown: "name" },
  );
}

function byChance(workspace: Workspace, key: Key, wanted: number): readonly ScoredMember[] {
  const set = workspace.sortedSets.at(key);
  const members: ScoredMember[] = [];
  for (const rank of picks(workspace, set.size, wanted)) members.push(...set.between(rank, rank + 1));
  return members;
}

function zscan(workspace: Workspace, words: CommandWords): Reply {
  return scanMembers(workspace, words, "zset", ({ name }) => [
    nameReply(workspace, name),
    textReply(keptScoreText(workspace.sortedSets.at(keyOf(words, 1)).scoreOf(name) ?? 0)),
  ]);
}

const RANGES: Readonly<Record<string, RangeForm>> = {
  zrange: {},
  zrangebylex: { kind: "lex", isReversed: false },
  zrangebyscore: { kind: "score", isReversed: false },
  zrevrange: { kind: "rank", isReversed: true },
  zrevrangebylex: { kind: "lex", isReversed: true },
  zrevrangebyscore: { kind: "score", isReversed: true },
};

function forEachRange<T>(make: (form: RangeForm) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(RANGES).map(([name, form]) => [name, make(form)]));
}

const functions: Readonly<Record<string, CommandFunction>> = {
  ...forEachRange(rangeWith),
  ...sortedSetAlgebra,
  bzmpop,
  bzpopmax: blockingPopWith("max"),
  bzpopmin: blockingPopWith("min"),
  zadd,
  zcard,
  zcount: countWith("score"),
  zincrby,
  zlexcount: countWith("lex"),
  zmpop,
  zmscore,
  zpopmax: popWith("max"),
  zpopmin: popWith("min"),
  zrandmember,
  zrangestore,
  zrank: rankWith(false),
  zrem,
  zremrangebylex: removeWith("lex"),
  zremrangebyrank: removeWith("rank"),
  zremrangebyscore: removeWith("score"),
  zrevrank: rankWith(true),
  zscan,
  zscore,
};

export const sortedSetRows = rowsOf(
  "sorted-set",
  TABLE,
  functions,
  {},
  {
    ...forEachRange(rangeInTurns),
    ...sortedSetAlgebraInTurns,
    bzmpop: bzmpopInTurns,
    zmpop: zmpopInTurns,
    zrandmember: zrandmemberInTurns,
    zrangestore: zrangestoreInTurns,
    zpopmax: popInTurns("max"),
    zpopmin: popInTurns("min"),
    zremrangebylex: removeInTurnsWith("lex"),
    zremrangebyrank: removeInTurnsWith("rank"),
    zremrangebyscore: removeInTurnsWith("score"),
  },
);
