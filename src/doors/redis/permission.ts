/** What a command asks of the token of whoever sent it: its scope, and the keys that the table says it has. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { keyPlaces } from "../../command-keys.ts";
import { errorReply, type Reply } from "../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import { subcommandFault, textOfFault } from "../../command-subcommands.ts";
import { ANYONE, type Permission, type Principal } from "../auth.ts";

/** Commands that write, and tell what was there, or take it elsewhere. */
const READS_TOO = new Set(
  [
    "getset getdel getex bitop bitfield copy rename renamenx incr decr incrby decrby incrbyfloat lpop rpop lmove rpoplpush lmpop",
    "blpop brpop blmove brpoplpush blmpop bzpopmin bzpopmax bzmpop",
    "hincrby hincrbyfloat spop smove sinterstore sunionstore sdiffstore",
    "zincrby zpopmin zpopmax zmpop zrangestore zunionstore zinterstore zdiffstore geosearchstore georadius georadiusbymember",
  ].flatMap((names) => names.split(" ")),
);

export const NOAUTH = errorReply("NOAUTH Authentication required.");

/** Why a client, `undefined` before it has shown a token, is refused a command with these words. */
export function refusalFor(who: Principal | undefined, words: CommandWords, facts: CommandFacts): Reply | undefined {
  const { arity } = facts;
  if (arity >= 0 ? words.length !== arity : words.length < -arity)
    return errorReply(`ERR wrong number of arguments for '${facts.name}' command`);
  const fault = subcommandFault(words, facts);
  if (fault !== undefined) return errorReply(textOfFault(fault, words, facts));
  if (who === undefined) return facts.flags.has("no_auth") ? undefined : NOAUTH;
  const refusal = who === ANYONE ? undefined : refusalOf(who, words, facts);
  return refusal === undefined ? undefined : errorReply(refusal);
}

/** What the client is told; undefined: it may. */
export function refusalOf(who: Principal, words: CommandWords, facts: CommandFacts): string | undefined {
  if (facts.flags.has("pubsub")) return pubsubRefusal(who, words, facts);
  const { keys, group } = facts;
  if (group === "scripting") return scriptRefusal(who, words, facts);
  const what = permissionOf(facts, words);
  if (what === undefined) return undefined;
  if (!has(who, what) || (readsToo(facts, words) && !has(who, "read"))) return noCommand(facts);
  if (who.prefix === "") return undefined;
  if (what === "admin" || what === "observe") return noCommand(facts);
  if (keys.first > 0 || keys.counted > 0)
    return keyPlaces(words, facts).every((at) => isUnder(who.prefix, words[at])) ? undefined : NO_KEY;
  if (group === "transactions") return undefined;
  return literalPrefix(patternOf(words, facts)).startsWith(who.prefix) ? undefined : NO_KEY;
}

/** Channels are held against the prefix as keys are; of a pattern, what all that match it begin with. */
function pubsubRefusal(who: Principal, words: CommandWords, facts: CommandFacts): string | undefined {
  const { name } = facts;
  const isPublish = name === "publish" || name === "spublish";
  if (!has(who, isPublish ? "write" : "read")) return noCommand(facts);
  if (who.prefix === "" || name.endsWith("unsubscribe")) return undefined;
  if (name === "pubsub") return noCommand(facts);
  const names = words.slice(1, isPublish ? 2 : undefined).map((word) => latin1FromBytes(word));
  const beginnings = name === "psubscribe" ? names.map(literalPrefix) : names;
  return beginnings.every((beginning) => beginning.startsWith(who.prefix)) ? undefined : NO_CHANNEL;
}

/** Each command of a script is looked at as it comes. The scripts that are kept are everybody's: only who may write forgets them. */
function scriptRefusal(who: Principal, words: CommandWords, facts: CommandFacts): string | undefined {
  const isFlush =
    facts.name === "script" && /^flush$/i.test(latin1FromBytes((words[1] ?? new Uint8Array(0)).subarray(0, 8)));
  if (!has(who, "write") && (isFlush || !has(who, "read"))) return noCommand(facts);
  return keyPlaces(words, facts).every((at) => isUnder(who.prefix, words[at])) ? undefined : NO_KEY;
}

const NO_CHANNEL = "NOPERM this user has no permissions to access one of the channels used as arguments";
const NO_KEY = "NOPERM this user has no permissions to access one of the keys used as arguments";

function noCommand({ name }: CommandFacts): string {
  return `NOPERM this user has no permissions to run the '${name}' command`;
}

function permissionOf({ flags, group, name }: CommandFacts, words: CommandWords): Permission | undefined {
  if (flags.has("write")) return "write";
  if (flags.has("admin")) return isReading(name, words) ? "observe" : "admin";
  if (flags.has("readonly") || name === "watch") return "read";
  if (name === "info") return "observe";
  return group === "connection" || group === "transactions" || group === "server" || name === "wait"
    ? undefined
    : "write";
}

function readsToo({ name }: CommandFacts, words: CommandWords): boolean {
  const options = (from: number) => words.slice(from).map((word) => latin1FromBytes(word.subarray(0, 5)).toLowerCase());
  if (name === "set") return options(3).includes("get");
  if (name === "zadd") return options(2).includes("incr");
  return READS_TOO.has(name);
}

function isReading(name: string, words: CommandWords): boolean {
  return name === "config" && words[1] !== undefined && latin1FromBytes(words[1]).toLowerCase() === "get";
}

function has({ scopes }: Principal, what: Permission): boolean {
  if (what === "observe") return scopes.has("read") || scopes.has("admin");
  return scopes.has(what);
}

function isUnder(prefix: string, word: Uint8Array | undefined): boolean {
  if (word === undefined || word.length < prefix.length) return word === undefined;
  return latin1FromBytes(word, 0, prefix.length) === prefix;
}

/** Of the keys that a listing shows. */
function patternOf(words: CommandWords, { name }: CommandFacts): string {
  if (name === "keys") return latin1FromBytes(words[1] ?? new Uint8Array(0));
  if (name !== "scan") return "";
  for (let at = words.length - 2; at >= 2; at -= 2) {
    if (latin1FromBytes(words[at] as Uint8Array).toLowerCase() === "match")
      return latin1FromBytes(words[at + 1] as Uint8Array);
  }
  return "";
}

function literalPrefix(pattern: string): string {
  const end = pattern.search(/[*?[\\]/);
  return end < 0 ? pattern : pattern.slice(0, end);
}
