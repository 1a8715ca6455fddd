/** Hashes: fields with values. */

import {
  arrayReply,
  integerReply,
  mapReply,
  NOTHING,
  OK,
  ONE,
  type Reply,
  textReply,
  ZERO,
} from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { wholeInTurns } from "../members/long-reads.ts";
import { expectItems, expectMembers, memberReply, nameReply } from "../members/member-replies.ts";
import { scanMembers } from "../members/member-scan.ts";
import { drawnInTurns } from "../members/random-answers.ts";
import { picks } from "../members/random-picks.ts";
import { type CommandFunction, rowsOf } from "../rows/command-row.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectCount } from "../words/number-text.ts";
import { keyOf, optionOf, textOf, wordOf } from "../words/words.ts";
import type { Member } from "../workspace/collections.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { hincrby, hincrbyfloat } from "./hash-increments.ts";

const TABLE = `
hdel             -3  write,fast               1 1 1   2.0.0 Delete one or more hash fields
hexists           3  readonly,fast            1 1 1   2.0.0 Determine if a hash field exists
hget              3  readonly,fast            1 1 1   2.0.0 Get the value of a hash field
hgetall           2  readonly                 1 1 1   2.0.0 Get all the fields and values in a hash
hincrby           4  write,denyoom,fast       1 1 1   2.0.0 Increment the integer value of a hash field by the given number
hincrbyfloat      4  write,denyoom,fast       1 1 1   2.6.0 Increment the float value of a hash field by the given amount
hkeys             2  readonly                 1 1 1   2.0.0 Get all the fields in a hash
hlen              2  readonly,fast            1 1 1   2.0.0 Get the number of fields in a hash
hmget            -3  readonly,fast            1 1 1   2.0.0 Get the values of all the given hash fields
hmset            -4  write,denyoom,fast       1 1 1   2.0.0 Set multiple hash fields to multiple values
hrandfield       -2  readonly                 1 1 1   6.2.0 Get one or multiple random fields from a hash
hscan            -3  readonly                 1 1 1   2.8.0 Incrementally iterate hash fields and associated values
hset             -4  write,denyoom,fast       1 1 1   2.0.0 Set the string value of a hash field
hsetnx            4  write,denyoom,fast       1 1 1   2.0.0 Set the value of a hash field, only if the field does not exist
hstrlen           3  readonly,fast            1 1 1   3.2.0 Get the length of the value of a hash field
hvals             2  readonly                 1 1 1   2.0.0 Get all the values in a hash
`;

const OUT_OF_RANGE = "ERR value is out of range";
/** Of how many pairs may be asked for: two items each. */
const PAIRS_MAX = 2 ** 62;

function hget(workspace: Workspace, words: CommandWords): Reply {
  return fieldReply(workspace, words, 2);
}

function fieldReply(workspace: Workspace, words: CommandWords, at: number): Reply {
  const value = workspace.collections.valueOf(keyOf(words, 1), "hash", textOf(words, at));
  return value === undefined ? NOTHING : memberReply(workspace, value);
}

function hmget(workspace: Workspace, words: CommandWords): Reply {
  const values: Reply[] = [];
  for (let at = 2; at < words.length; at++) values.push(fieldReply(workspace, words, at));
  return arrayReply(values);
}

function hset(workspace: Workspace, words: CommandWords): Reply {
  if (words.length % 2 !== 0) throw new CommandError("ERR wrong number of arguments for 'hset' command");
  return integerReply(putFields(workspace, words));
}

function hmset(workspace: Workspace, words: CommandWords): Reply {
  if (words.length % 2 !== 0) throw new CommandError("ERR wrong number of arguments for 'hmset' command");
  putFields(workspace, words);
  return OK;
}

/** How many of the fields are new. */
function putFields({ collections }: Workspace, words: CommandWords): number {
  const key = keyOf(words, 1);
  let created = 0;
  for (let at = 2; at < words.length; at += 2) {
    const name = textOf(words, at);
    if (collections.valueOf(key, "hash", name) === undefined) created++;
    collections.put(key, "hash", name, wordOf(words, at + 1));
  }
  return created;
}

function hsetnx({ collections }: Workspace, words: CommandWords): Reply {
  const [key, name] = [keyOf(words, 1), textOf(words, 2)];
  if (collections.valueOf(key, "hash", name) !== undefined) return ZERO;
  collections.put(key, "hash", name, wordOf(words, 3));
  return ONE;
}

function hdel({ collections }: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  let removed = 0;
  for (let at = 2; at < words.length; at++) if (collections.remove(key, "hash", textOf(words, at))) removed++;
  return integerReply(removed);
}

function hexists({ collections }: Workspace, words: CommandWords): Reply {
  return collections.valueOf(keyOf(words, 1), "hash", textOf(words, 2)) === undefined ? ZERO : ONE;
}

function hlen({ collections }: Workspace, words: CommandWords): Reply {
  return integerReply(collections.count(keyOf(words, 1), "hash"));
}

function hstrlen({ collections }: Workspace, words: CommandWords): Reply {
  return integerReply(collections.valueOf(keyOf(words, 1), "hash", textOf(words, 2))?.length ?? 0);
}

function gather(workspace: Workspace, words: CommandWords, shown: (member: Member) => readonly Reply[]): Reply[] {
  const key = keyOf(words, 1);
  expectMembers(workspace, workspace.collections.count(key, "hash"));
  const items: Reply[] = [];
  for (const member of workspace.collections.members(key, "hash")) for (const item of shown(member)) items.push(item);
  return items;
}

function hgetall(workspace: Workspace, words: CommandWords): Reply {
  expectItems(workspace, workspace.collections.count(keyOf(words, 1), "hash"));
  return mapReply(gather(workspace, words, (member) => pairOf(workspace, member)));
}

function hkeys(workspace: Workspace, words: CommandWords): Reply {
  return arrayReply(gather(workspace, words, ({ name }) => [nameReply(workspace, name)]));
}

function hvals(workspace: Workspace, words: CommandWords): Reply {
  return arrayReply(gather(workspace, words, ({ value }) => [memberReply(workspace, value)]));
}

function pairOf(workspace: Workspace, { name, value }: Member): readonly Reply[] {
  return [nameReply(workspace, name), memberReply(workspace, value)];
}

/** Throws `CommandError`. */
function randomFieldsAsked(words: CommandWords): { readonly wanted: number; readonly hasValues: boolean } {
  const wanted = expectCount(words[2]);
  const hasValues = words.length === 4 && optionOf(words, 3) === "withvalues";
  if (words.length > 4 || (words.length === 4 && !hasValues)) throw new CommandError(SYNTAX_ERROR);
  if (hasValues && Math.abs(wanted) >= PAIRS_MAX) throw new CommandError(OUT_OF_RANGE);
  return { wanted, hasValues };
}

function hrandfieldInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  if (words.length === 2) return undefined;
  const { wanted, hasValues } = randomFieldsAsked(words);
  return drawnInTurns(
    workspace,
    { key: keyOf(words, 1), type: "hash", wanted },
    hasValues ? { form: "pairs", shown: "name-value" } : { form: "array", shown: "name" },
  );
}

function hrandfield(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const { collections } = workspace;
  if (words.length === 2) {
    const count = collections.count(key, "hash");
    const member = count === 0 ? undefined : collections.at(key, "hash", workspace.random() % count);
    return member === undefined ? NOTHING : textReply(member.name);
  }
  const { wanted, hasValues } = randomFieldsAsked(words);
  const items: Reply[] = [];
  for (const rank of picks(workspace, collections.count(key, "hash"), wanted)) {
    const member = collections.at(key, "hash", rank);
    if (member === undefined) continue;
    items.push(nameReply(workspace, member.name));
    if (hasValues) items.push(memberReply(workspace, member.value));
  }
  return { type: hasValues ? "pairs" : "array", items };
}

const functions: Readonly<Record<string, CommandFunction>> = {
  hdel,
  hexists,
  hget,
  hgetall,
  hincrby,
  hincrbyfloat,
  hkeys,
  hlen,
  hmget,
  hmset,
  hrandfield,
  hscan: (workspace, words) => scanMembers(workspace, words, "hash", (member) => pairOf(workspace, member)),
  hset,
  hsetnx,
  hstrlen,
  hvals,
};

export const hashRows = rowsOf(
  "hash",
  TABLE,
  functions,
  {},
  {
    hgetall: wholeInTurns("hash", { form: "map", shown: "name-value" }),
    hrandfield: hrandfieldInTurns,
    hkeys: wholeInTurns("hash", { form: "array", shown: "name" }),
    hvals: wholeInTurns("hash", { form: "array", shown: "value" }),
  },
);
