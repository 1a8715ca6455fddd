/** When fields of hashes end, each by itself: `HEXPIRE`, `HTTL` and their kind, as of Redis 7.4. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { arrayReply, integerReply, ONE, type Reply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { rowsOf } from "../rows/command-row.ts";
import { CommandError } from "../words/command-error.ts";
import { AT_MILLISECONDS, AT_SECONDS, type ExpiryUnit, MILLISECONDS, SECONDS } from "../words/expiry-time.ts";
import { expectNumber } from "../words/number-text.ts";
import { keyOf, optionOf, textOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

const TABLE = `
hexpire         -6  write,denyoom,fast       1 1 1   7.4.0 Set expiry for hash field using relative time to expire (seconds)
hexpireat       -6  write,denyoom,fast       1 1 1   7.4.0 Set expiry for hash field using an absolute Unix timestamp (seconds)
hexpiretime     -5  readonly,fast            1 1 1   7.4.0 Returns the expiration time of a hash field as a Unix timestamp, in seconds.
hpersist        -5  write,fast               1 1 1   7.4.0 Removes the expiration time for each specified field
hpexpire        -6  write,denyoom,fast       1 1 1   7.4.0 Set expiry for hash field using relative time to expire (milliseconds)
hpexpireat      -6  write,denyoom,fast       1 1 1   7.4.0 Set expiry for hash field using an absolute Unix timestamp (milliseconds)
hpexpiretime    -5  readonly,fast            1 1 1   7.4.0 Returns the expiration time of a hash field as a Unix timestamp, in msec.
hpttl           -5  readonly,fast            1 1 1   7.4.0 Returns the TTL in milliseconds of a hash field.
httl            -5  readonly,fast            1 1 1   7.4.0 Returns the TTL in seconds of a hash field.
`;

const NO_FIELD = integerReply(-2);
const NO_END = integerReply(-1);
const DELETED = integerReply(2);
/** Unix ms, in Redis. */
const END_MAX = 2 ** 46 - 1;
const CONDITIONS = new Set(["nx", "xx", "gt", "lt"]);

/** Throws `CommandError`. */
function fieldsOf(words: CommandWords, at: number, notPositive: string): readonly string[] {
  if (optionOf(words, at) !== "fields")
    throw new CommandError("ERR Mandatory argument FIELDS is missing or not at the right position");
  const count = expectNumber(words[at + 1], notPositive);
  if (count < 1) throw new CommandError(notPositive);
  if (count !== words.length - at - 2)
    throw new CommandError("ERR The `numfields` parameter must match the number of arguments");
  return Array.from({ length: count }, (_, i) => textOf(words, at + 2 + i));
}

/** Throws `CommandError`. */
function endOf(words: CommandWords, { unitMs, isRelative }: ExpiryUnit, now: number): number {
  const time = expectNumber(words[2]);
  if (time < 0) throw new CommandError("ERR invalid expire time, must be >= 0");
  const end = time * unitMs + (isRelative ? Math.floor(now) : 0);
  if (end <= END_MAX) return end;
  const name = latin1FromBytes(wordOf(words, 0)).toLowerCase();
  throw new CommandError(`ERR invalid expire time in '${name}' command`);
}

function isMet(condition: string, before: number, end: number): boolean {
  if (condition === "nx") return before === Infinity;
  if (condition === "xx") return before !== Infinity;
  return condition === "gt" ? end > before : condition !== "lt" || end < before;
}

function expire(workspace: Workspace, words: CommandWords, unit: ExpiryUnit): Reply {
  const { collections, now } = workspace;
  const key = keyOf(words, 1);
  collections.count(key, "hash");
  const end = endOf(words, unit, now);
  const option = optionOf(words, 3);
  const condition = CONDITIONS.has(option) ? option : "";
  const names = fieldsOf(words, condition === "" ? 3 : 4, "ERR Parameter `numFields` should be greater than 0");
  const answers = names.map((name) => {
    const before = collections.memberExpiresAt(key, "hash", name);
    if (before === undefined) return NO_FIELD;
    if (!isMet(condition, before, end)) return ZERO;
    if (end <= now) {
      collections.remove(key, "hash", name);
      return DELETED;
    }
    setEnd(workspace, words, name, end);
    return ONE;
  });
  return arrayReply(answers);
}

/** Of a field that is there. */
function setEnd({ collections }: Workspace, words: CommandWords, name: string, end: number): void {
  const key = keyOf(words, 1);
  const value = collections.valueOf(key, "hash", name);
  if (value !== undefined) collections.put(key, "hash", name, value.slice(), end);
}

/** For each field what `shown` makes of its end, where it has one. */
function tell(workspace: Workspace, words: CommandWords, shown: (end: number, name: string) => Reply): Reply {
  const { collections } = workspace;
  const key = keyOf(words, 1);
  collections.count(key, "hash");
  const names = fieldsOf(words, 2, "ERR Number of fields must be a positive integer");
  const answers = names.map((name) => {
    const end = collections.memberExpiresAt(key, "hash", name);
    if (end === undefined) return NO_FIELD;
    return end === Infinity ? NO_END : shown(end, name);
  });
  return arrayReply(answers);
}

/** Parts of a unit count as whole ones. */
function timeOf(workspace: Workspace, words: CommandWords, { unitMs, isRelative }: ExpiryUnit): Reply {
  const from = isRelative ? Math.floor(workspace.now) : 0;
  return tell(workspace, words, (end) => integerReply(Math.ceil((end - from) / unitMs)));
}

function hpersist(workspace: Workspace, words: CommandWords): Reply {
  return tell(workspace, words, (_, name) => {
    setEnd(workspace, words, name, Infinity);
    return ONE;
  });
}

export const fieldEndRows = rowsOf("hash", TABLE, {
  hexpire: (workspace, words) => expire(workspace, words, SECONDS),
  hexpireat: (workspace, words) => expire(workspace, words, AT_SECONDS),
  hexpiretime: (workspace, words) => timeOf(workspace, words, AT_SECONDS),
  hpersist,
  hpexpire: (workspace, words) => expire(workspace, words, MILLISECONDS),
  hpexpireat: (workspace, words) => expire(workspace, words, AT_MILLISECONDS),
  hpexpiretime: (workspace, words) => timeOf(workspace, words, AT_MILLISECONDS),
  hpttl: (workspace, words) => timeOf(workspace, words, MILLISECONDS),
  httl: (workspace, words) => timeOf(workspace, words, SECONDS),
});
