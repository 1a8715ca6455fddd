/** Keys, whatever lies under them. */

import { literalPrefix } from "../../base/glob.ts";
import type { Key } from "../../base/ids.ts";
import {
  arrayReply,
  integerReply,
  NOTHING,
  OK,
  ONE,
  type Reply,
  statusReply,
  textReply,
  ZERO,
} from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { slotBytes } from "../members/chosen-members.ts";
import { MANY_MEMBERS } from "../members/long-reads.ts";
import { rowsOf } from "../rows/command-row.ts";
import { type Steps, turnOf } from "../rows/steps.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, NO_SUCH_KEY, SYNTAX_ERROR } from "../words/command-error.ts";
import { AT_MILLISECONDS, AT_SECONDS, MILLISECONDS, SECONDS } from "../words/expiry-time.ts";
import { integerOf } from "../words/number-text.ts";
import { matches, scanOptionsOf } from "../words/scan-options.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import { formatScanCursor, parseScanCursor } from "../workspace/scan-cursor.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { expireWith, persist, timeOf } from "./expiries.ts";
import { keys } from "./keys-command.ts";
import { object } from "./object-command.ts";

const TABLE = `
copy            -3  write,denyoom   1 2 1   6.2.0 Copy a key
del             -2  write           1 -1 1  1.0.0 Delete a key
exists          -2  readonly,fast   1 -1 1  1.0.0 Determine if a key exists
expire          -3  write,fast      1 1 1   1.0.0 Set a key's time to live in seconds
expireat        -3  write,fast      1 1 1   1.2.0 Set the expiration for a key as a UNIX timestamp
expiretime       2  readonly,fast   1 1 1   7.0.0 Get the expiration Unix timestamp for a key
keys             2  readonly        0 0 0   1.0.0 Find all keys matching the given pattern
object          -2  readonly        2 2 1   2.2.3 A container for object introspection commands
persist          2  write,fast      1 1 1   2.2.0 Remove the expiration from a key
pexpire         -3  write,fast      1 1 1   2.6.0 Set a key's time to live in milliseconds
pexpireat       -3  write,fast      1 1 1   2.6.0 Set the expiration for a key as a UNIX timestamp specified in milliseconds
pexpiretime      2  readonly,fast   1 1 1   7.0.0 Get the expiration Unix timestamp for a key in milliseconds
pttl             2  readonly,fast   1 1 1   2.6.0 Get the time to live for a key in milliseconds
randomkey        1  readonly        0 0 0   1.0.0 Return a random key from the keyspace
rename           3  write           1 2 1   1.0.0 Rename a key
renamenx         3  write,fast      1 2 1   1.0.0 Rename a key, only if the new key does not exist
scan            -2  readonly        0 0 0   2.8.0 Incrementally iterate the keys space
touch           -2  readonly,fast   1 -1 1  3.2.1 Alters the last access time of a key(s). Returns the number of existing keys specified.
ttl              2  readonly,fast   1 1 1   1.0.0 Get the time to live for a key in seconds
type             2  readonly,fast   1 1 1   1.0.0 Determine the type stored at key
unlink          -2  write,fast      1 -1 1  4.0.0 Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.
`;

/** How many of the keys from the second word on it is true of. */
function countKeys(words: CommandWords, isTrueOf: (key: Key) => boolean): Reply {
  let count = 0;
  for (let at = 1; at < words.length; at++) if (isTrueOf(keyOf(words, at))) count++;
  return integerReply(count);
}

function del(workspace: Workspace, words: CommandWords): Reply {
  return countKeys(words, (key) => workspace.remove(key));
}

function exists(workspace: Workspace, words: CommandWords): Reply {
  return countKeys(words, (key) => workspace.typeOf(key) !== undefined);
}

function touch(workspace: Workspace, words: CommandWords): Reply {
  return countKeys(words, (key) => workspace.touch(key));
}

function type(workspace: Workspace, words: CommandWords): Reply {
  return statusReply(workspace.typeOf(keyOf(words, 1)) ?? "none");
}

function rename(workspace: Workspace, words: CommandWords): Reply {
  const [from, to] = [keyOf(words, 1), keyOf(words, 2)];
  if (workspace.typeOf(from) === undefined) throw new CommandError(NO_SUCH_KEY);
  if (from === to) return OK;
  expectMoved(workspace, from);
  workspace.move(from, to, false);
  return OK;
}

function renamenx(workspace: Workspace, words: CommandWords): Reply {
  const [from, to] = [keyOf(words, 1), keyOf(words, 2)];
  if (workspace.typeOf(from) === undefined) throw new CommandError(NO_SUCH_KEY);
  if (workspace.typeOf(to) !== undefined) return ZERO;
  expectMoved(workspace, from);
  workspace.move(from, to, false);
  return ONE;
}

function copy(workspace: Workspace, words: CommandWords): Reply {
  const asked = copyAsked(workspace, words);
  if (asked === undefined) return ZERO;
  expectMoved(workspace, asked.from);
  workspace.move(asked.from, asked.to, true);
  return ONE;
}

/** Undefined: there is nothing to be copied, or something where it would be copied to. Throws `CommandError`. */
function copyAsked(workspace: Workspace, words: CommandWords): { readonly from: Key; readonly to: Key } | undefined {
  const [from, to] = [keyOf(words, 1), keyOf(words, 2)];
  let replaces = false;
  for (let at = 3; at < words.length; at++) {
    const option = optionOf(words, at);
    if (option === "replace") replaces = true;
    else if (option === "db" && at + 1 < words.length) expectOwnKeyspace(wordOf(words, ++at));
    else throw new CommandError(SYNTAX_ERROR);
  }
  if (from === to) throw new CommandError("ERR source and destination objects are the same");
  if (workspace.typeOf(from) === undefined || (!replaces && workspace.typeOf(to) !== undefined)) return undefined;
  return { from, to };
}

/** All of a collection is written in one turn. Throws `CommandError` where that is too much for commands that run as one. */
function expectMoved(workspace: Workspace, from: Key): void {
  const type = workspace.typeOf(from);
  if (type !== undefined && type !== "string") workspace.lookAt(workspace.collections.count(from, type));
}

/** What `rename` and `copy` do with a collection of many members; undefined: something else is under the key. */
function moveInTurns(workspace: Workspace, from: Key, to: Key, isKept: boolean, reply: Reply): Turn | undefined {
  const type = workspace.typeOf(from);
  if (type === undefined || type === "string" || from === to) return undefined;
  if (workspace.collections.count(from, type) < MANY_MEMBERS) return undefined;
  function* steps(): Steps {
    for (const _ of workspace.moving(from, to, isKept) ?? []) yield 0;
    return reply;
  }
  return turnOf(steps(), ({ collections }) => slotBytes(collections.count(from, type)));
}

function renameInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  return moveInTurns(workspace, keyOf(words, 1), keyOf(words, 2), false, OK);
}

function renamenxInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const [from, to] = [keyOf(words, 1), keyOf(words, 2)];
  return workspace.typeOf(to) === undefined ? moveInTurns(workspace, from, to, false, ONE) : undefined;
}

function copyInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const asked = copyAsked(workspace, words);
  return asked && moveInTurns(workspace, asked.from, asked.to, true, ONE);
}

/** A command acts on one keyspace; the one that is selected cannot be told by its number here. */
function expectOwnKeyspace(word: Uint8Array): void {
  if (integerOf(word) === undefined) throw new CommandError("ERR value is not an integer or out of range");
  throw new CommandError("ERR COPY with DB is not supported: no command reaches into another keyspace");
}

function scan(workspace: Workspace, words: CommandWords): Reply {
  const place = parseScanCursor(wordOf(words, 1));
  const options = scanOptionsOf(words, 2, true);
  const prefix = options.pattern === undefined ? "" : literalPrefix(options.pattern);
  const page = workspace.scan(place, { prefix, count: options.count });
  const found = page.keys.filter((key) => {
    const type = workspace.typeOf(key);
    return type !== undefined && (options.type ?? type) === type && matches(options, key);
  });
  return arrayReply([textReply(formatScanCursor(page.next)), arrayReply(found.map(textReply))]);
}

function randomkey(workspace: Workspace): Reply {
  const key = workspace.randomKey();
  return key === undefined ? NOTHING : textReply(key);
}

export const keyRows = rowsOf(
  "generic",
  TABLE,
  {
    copy,
    del,
    exists,
    expire: (workspace, words) => expireWith(workspace, words, SECONDS),
    expireat: (workspace, words) => expireWith(workspace, words, AT_SECONDS),
    expiretime: (workspace, words) => timeOf(workspace, words, AT_SECONDS),
    object,
    persist,
    pexpire: (workspace, words) => expireWith(workspace, words, MILLISECONDS),
    pexpireat: (workspace, words) => expireWith(workspace, words, AT_MILLISECONDS),
    pexpiretime: (workspace, words) => timeOf(workspace, words, AT_MILLISECONDS),
    pttl: (workspace, words) => timeOf(workspace, words, MILLISECONDS),
    randomkey,
    rename,
    renamenx,
    scan,
    touch,
    ttl: (workspace, words) => timeOf(workspace, words, SECONDS),
    type,
    unlink: del,
  },
  { keys },
  { copy: copyInTurns, rename: renameInTurns, renamenx: renamenxInTurns },
);
