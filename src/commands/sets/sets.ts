/** Sets: members without values. */

import type { Key } from "../../base/ids.ts";
import { arrayReply, integerReply, NOTHING, ONE, type Reply, setReply, textReply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { type Choose, choosesPicked } from "../members/chosen-members.ts";
import { MANY_MEMBERS, wholeInTurns } from "../members/long-reads.ts";
import { takeInTurns } from "../members/long-writes.ts";
import { expectMembers, nameReply } from "../members/member-replies.ts";
import { scanMembers } from "../members/member-scan.ts";
import { drawnInTurns } from "../members/random-answers.ts";
import { picks } from "../members/random-picks.ts";
import { type CommandFunction, rowsOf } from "../rows/command-row.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, NOT_POSITIVE, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectAtLeast, expectCount } from "../words/number-text.ts";
import { keyOf, textOf } from "../words/words.ts";
import type { Collections } from "../workspace/collections.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { setAlgebra, setAlgebraInTurns } from "./set-algebra.ts";

const TABLE = `
sadd             -3  write,denyoom,fast       1 1 1   1.0.0 Add one or more members to a set
scard             2  readonly,fast            1 1 1   1.0.0 Get the number of members in a set
sdiff            -2  readonly                 1 -1 1  1.0.0 Subtract multiple sets
sdiffstore       -3  write,denyoom            1 -1 1  1.0.0 Subtract multiple sets and store the resulting set in a key
sinter           -2  readonly                 1 -1 1  1.0.0 Intersect multiple sets
sintercard       -3  readonly,movablekeys     0 0 0@1 7.0.0 Intersect multiple sets and return the cardinality of the result
sinterstore      -3  write,denyoom            1 -1 1  1.0.0 Intersect multiple sets and store the resulting set in a key
sismember         3  readonly,fast            1 1 1   1.0.0 Determine if a given value is a member of a set
smembers          2  readonly                 1 1 1   1.0.0 Get all the members in a set
smismember       -3  readonly,fast            1 1 1   6.2.0 Returns the membership associated with the given elements for a set
smove             4  write,fast               1 2 1   1.0.0 Move a member from one set to another
spop             -2  write,fast               1 1 1   1.0.0 Remove and return one or multiple random members from a set
srandmember      -2  readonly                 1 1 1   1.0.0 Get one or multiple random members from a set
srem             -3  write,fast               1 1 1   1.0.0 Remove one or more members from a set
sscan            -3  readonly                 1 1 1   2.8.0 Incrementally iterate Set elements
sunion           -2  readonly                 1 -1 1  1.0.0 Add multiple sets
sunionstore      -3  write,denyoom            1 -1 1  1.0.0 Add multiple sets and store the resulting set in a key
`;

const NO_VALUE = new Uint8Array(0);

function sadd({ collections }: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  let added = 0;
  for (let at = 2; at < words.length; at++) {
    const name = textOf(words, at);
    const isNew = collections.valueOf(key, "set", name) === undefined;
    if (isNew || endsByItself(collections, key, name)) collections.put(key, "set", name, NO_VALUE);
    if (isNew) added++;
  }
  return integerReply(added);
}

/** Of a member that is there: what is added again does not. */
function endsByItself(collections: Collections, key: Key, name: string): boolean {
  return collections.memberExpiresAt(key, "set", name) !== Infinity;
}

function srem({ collections }: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  let removed = 0;
  for (let at = 2; at < words.length; at++) if (collections.remove(key, "set", textOf(words, at))) removed++;
  return integerReply(removed);
}

function memberAsked({ collections }: Workspace, words: CommandWords, at: number): Reply {
  return collections.valueOf(keyOf(words, 1), "set", textOf(words, at)) === undefined ? ZERO : ONE;
}

function sismember(workspace: Workspace, words: CommandWords): Reply {
  return memberAsked(workspace, words, 2);
}

function smismember(workspace: Workspace, words: CommandWords): Reply {
  const items: Reply[] = [];
  for (let at = 2; at < words.length; at++) items.push(memberAsked(workspace, words, at));
  return arrayReply(items);
}

function scard({ collections }: Workspace, words: CommandWords): Reply {
  return integerReply(collections.count(keyOf(words, 1), "set"));
}

function smembers(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  expectMembers(workspace, workspace.collections.count(key, "set"));
  const items: Reply[] = [];
  for (const { name } of workspace.collections.members(key, "set")) items.push(nameReply(workspace, name));
  return setReply(items);
}

function smove({ collections }: Workspace, words: CommandWords): Reply {
  const [from, to, name] = [keyOf(words, 1), keyOf(words, 2), textOf(words, 3)];
  if (collections.count(from, "set") === 0) return ZERO;
  collections.count(to, "set");
  if (collections.valueOf(from, "set", name) === undefined) return ZERO;
  if (from === to) return ONE;
  collections.remove(from, "set", name);
  const isNew = collections.valueOf(to, "set", name) === undefined;
  if (isNew || endsByItself(collections, to, name)) collections.put(to, "set", name, NO_VALUE);
  return ONE;
}

/** The name of one of them by chance. */
function anyName(workspace: Workspace, words: CommandWords): string | undefined {
  const key = keyOf(words, 1);
  const count = workspace.collections.count(key, "set");
  return count === 0 ? undefined : workspace.collections.at(key, "set", workspace.random() % count)?.name;
}

function names(workspace: Workspace, words: CommandWords, wanted: number): readonly string[] {
  const key = keyOf(words, 1);
  const { collections } = workspace;
  const found: string[] = [];
  for (const rank of picks(workspace, collections.count(key, "set"), wanted)) {
    const name = collections.at(key, "set", rank)?.name;
    if (name !== undefined) found.push(name);
  }
  return found;
}

function srandmember(workspace: Workspace, words: CommandWords): Reply {
  if (words.length === 2) {
    const name = anyName(workspace, words);
    return name === undefined ? NOTHING : textReply(name);
  }
  if (words.length > 3) throw new CommandError(SYNTAX_ERROR);
  return arrayReply(names(workspace, words, expectCount(words[2])).map((name) => nameReply(workspace, name)));
}

function spop(workspace: Workspace, words: CommandWords): Reply {
  const { collections } = workspace;
  const key = keyOf(words, 1);
  if (words.length === 2) {
    const name = anyName(workspace, words);
    if (name === undefined) return NOTHING;
    collections.remove(key, "set", name);
    return textReply(name);
  }
  if (words.length > 3) throw new CommandError(SYNTAX_ERROR);
  const wanted = expectAtLeast(words[2], 0, NOT_POSITIVE);
  const popped = names(workspace, words, wanted);
  const items = popped.map((name) => nameReply(workspace, name));
  for (const name of popped) collections.remove(key, "set", name);
  return setReply(items);
}

const functions: Readonly<Record<string, CommandFunction>> = {
  ...setAlgebra,
  sadd,
  scard,
  sismember,
  smembers,
  smismember,
  smove,
  spop,
  srandmember,
  srem,
  sscan: (workspace, words) => scanMembers(workspace, words, "set", ({ name }) => [nameReply(workspace, name)]),
};

/** So many by chance, where these are many; undefined: they are not. Different ones. */
function manyPicked(workspace: Workspace, words: CommandWords, wanted: number): Choose | undefined {
  const key = keyOf(words, 1);
  const count = Math.min(wanted, workspace.collections.count(key, "set"));
  if (count < MANY_MEMBERS) return undefined;
  return choosesPicked(key, "set", wanted);
}

function spopInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const picked =
    words.length === 3 ? manyPicked(workspace, words, expectAtLeast(words[2], 0, NOT_POSITIVE)) : undefined;
  return picked && takeInTurns(workspace, keyOf(words, 1), picked, { form: "set", shown: "name" });
}

function srandmemberInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  if (words.length !== 3) return undefined;
  const drawn = { key: keyOf(words, 1), type: "set", wanted: expectCount(words[2]) } as const;
  return drawnInTurns(workspace, drawn, { form: "array", shown: "name" });
}

export const setRows = rowsOf(
  "set",
  TABLE,
  functions,
  {},
  {
    ...setAlgebraInTurns,
    smembers: wholeInTurns("set", { form: "set", shown: "name" }),
    spop: spopInTurns,
    srandmember: srandmemberInTurns,
  },
);
