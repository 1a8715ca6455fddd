/** `COMMAND`: what the command table says. */

import { isMatch } from "../../base/glob.ts";
import { keyPlaces } from "../../command-keys.ts";
import {
  arrayReply,
  integerReply,
  mapReply,
  NOTHING,
  type Reply,
  statusReply,
  textReply,
} from "../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import { subcommandFault } from "../../command-subcommands.ts";
import { type KeyRun, placesOf, specOf } from "./command-specs.ts";
import type { Connection } from "./connection.ts";
import { textAt } from "./connection-commands.ts";
import { RedisError } from "./extension.ts";

const HELP = [
  "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "(no subcommand)",
  "    Return details about all Redis commands.",
  "COUNT",
  "    Return the total number of commands in this Redis server.",
  "LIST",
  "    Return a list of all commands in this Redis server.",
  "INFO [<command-name> ...]",
  "    Return details about multiple Redis commands.",
  "    If no command names are given, documentation details for all",
  "    commands are returned.",
  "DOCS [<command-name> ...]",
  "    Return documentation details about multiple Redis commands.",
  "    If no command names are given, documentation details for all",
  "    commands are returned.",
  "GETKEYS <full-command>",
  "    Return the keys from a full Redis command.",
  "GETKEYSANDFLAGS <full-command>",
  "    Return the keys and the access flags from a full Redis command.",
  "HELP",
  "    Prints this help.",
];

const GROUP_CATEGORIES: Readonly<Record<string, string>> = {
  generic: "@keyspace",
  "sorted-set": "@sortedset",
  transactions: "@transaction",
};

/** Of commands that are not where their group is. */
const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  command: ["@connection"],
  dbsize: ["@keyspace"],
  flushall: ["@keyspace"],
  flushdb: ["@keyspace"],
  wait: ["@connection"],
};
const DANGEROUS = new Set(["flushall", "flushdb", "info", "keys"]);
/** It is of use here alone. */
const UNTOLD: ReadonlySet<string> = new Set(["may_replicate"]);

const INVALID_ARGUMENTS = "ERR Invalid arguments specified for command";

/** Of a question: each command may be asked about several times, not without end. */
const WORDS_MAX = 10_000;

/** Their category stands behind those that say how a command is carried out. */
const BEHIND = new Set(["connection", "transactions", "scripting"]);

type Table = ReadonlyMap<string, CommandFacts>;

export function command(connection: Connection, words: CommandWords): Reply {
  const table = connection.around.store.commands;
  const subcommand = textAt(words, 1).toLowerCase();
  if (words.length > WORDS_MAX) throw new RedisError("ERR too many commands are asked about");
  const names = words.slice(2).map((_, i) => textAt(words, i + 2).toLowerCase());
  switch (words.length === 1 ? "info" : subcommand) {
    case "count":
      return integerReply(table.size);
    case "list":
      return listOf(table, words);
    case "info":
      return arrayReply(
        names.length === 0 ? [...table.values()].map(infoOf) : names.map((name) => infoOf(table.get(name))),
      );
    case "docs": {
      const known = names.length === 0 ? [...table.values()] : names.flatMap((name) => table.get(name) ?? []);
      return mapReply(known.flatMap((facts) => [textReply(facts.name), docsOf(facts)]));
    }
    case "getkeys":
      return keysOf(table, words);
    case "getkeysandflags":
      return keysAndFlagsOf(table, words);
    case "help":
      return arrayReply(HELP.map(statusReply));
    default:
      throw new RedisError(`ERR unknown subcommand '${textAt(words, 1).slice(0, 128)}'. Try COMMAND HELP.`);
  }
}

function infoOf(facts: CommandFacts | undefined): Reply {
  if (facts === undefined) return NOTHING;
  const { name, arity, flags, keys } = facts;
  return arrayReply([
    textReply(name),
    integerReply(arity),
    { type: "set", items: [...flags].filter((flag) => !UNTOLD.has(flag)).map(statusReply) },
    integerReply(keys.first),
    integerReply(keys.last),
    integerReply(keys.step),
    { type: "set", items: categoriesOf(facts).map(statusReply) },
    { type: "set", items: specOf(name).tips.map(textReply) },
    { type: "set", items: specOf(name).runs.map(runReply) },
    { type: "set", items: [] },
  ]);
}

function runReply({ flags, first, range, keyword }: KeyRun): Reply {
  const find =
    range === undefined
      ? [textReply("keynum"), numbers({ keynumidx: 0, firstkey: 1, keystep: 1 })]
      : [textReply("range"), numbers({ lastkey: range.last, keystep: range.step, limit: 0 })];
  return mapReply([
    textReply("flags"),
    { type: "set", items: flags.map(statusReply) },
    textReply("begin_search"),
    keyword === undefined
      ? typed([textReply("index"), numbers({ index: first })])
      : typed([textReply("keyword"), wordFrom(keyword, first)]),
    textReply("find_keys"),
    typed(find),
  ]);
}

function typed([type, spec]: readonly Reply[]): Reply {
  return mapReply([textReply("type"), type as Reply, textReply("spec"), spec as Reply]);
}

function wordFrom(keyword: string, from: number): Reply {
  return mapReply([textReply("keyword"), textReply(keyword), textReply("startfrom"), integerReply(from)]);
}

function numbers(named: Readonly<Record<string, number>>): Reply {
  return mapReply(Object.entries(named).flatMap(([name, number]) => [textReply(name), integerReply(number)]));
}

/** In the order of Redis. */
function categoriesOf({ name, flags, group }: CommandFacts): readonly string[] {
  const own = OF_OTHERS[name] ?? (group === "server" ? [] : [GROUP_CATEGORIES[group] ?? `@${group}`]);
  const isFirst = own.includes("@keyspace");
  const isBehind = BEHIND.has(group) || own.includes("@connection");
  return [
    ...(isFirst ? own : []),
    ...(flags.has("readonly") && group !== "scripting" ? ["@read"] : []),
    ...(flags.has("write") ? ["@write"] : []),
    ...(isFirst || isBehind ? [] : own),
    ...(flags.has("admin") ? ["@admin"] : []),
    flags.has("fast") ? "@fast" : "@slow",
    ...(flags.has("blocking") ? ["@blocking"] : []),
    ...(flags.has("admin") || DANGEROUS.has(name) ? ["@dangerous"] : []),
    ...(isBehind ? own : []),
  ];
}

function docsOf({ summary, since, group }: CommandFacts): Reply {
  return mapReply([
    textReply("summary"),
    textReply(summary),
    textReply("since"),
    textReply(since),
    textReply("group"),
    textReply(group),
  ]);
}

/** The command that is asked about. Throws `RedisError`. */
function givenTo(table: Table, words: CommandWords): { readonly facts: CommandFacts; readonly given: CommandWords } {
  if (words.length < 4)
    throw new RedisError(`ERR wrong number of arguments for 'command|${textAt(words, 1).toLowerCase()}' command`);
  const facts = table.get(textAt(words, 2).toLowerCase());
  if (facts === undefined) throw new RedisError("ERR Invalid command specified");
  const fault = subcommandFault(words.slice(2), facts);
  if (fault === "unknown") throw new RedisError("ERR Invalid command specified");
  const { arity, keys } = facts;
  if (keys.first === 0 && keys.counted === 0) throw new RedisError("ERR The command has no key arguments");
  const given = words.slice(2);
  if (fault !== undefined || (arity >= 0 ? given.length !== arity : given.length < -arity))
    throw new RedisError("ERR Invalid number of arguments specified for command");
  const count = Number.parseInt(textAt(given, keys.counted), 10);
  const countMin = facts.flags.has("no_mandatory_keys") ? 0 : 1;
  if (keys.counted > 0 && !(count >= countMin && count < given.length - keys.counted))
    throw new RedisError(INVALID_ARGUMENTS);
  return { facts, given };
}

function keysOf(table: Table, words: CommandWords): Reply {
  const { facts, given } = givenTo(table, words);
  const { runs } = specOf(facts.name);
  const texts = given.map((_, at) => textAt(given, at).toLowerCase());
  const places = runs.some(({ keyword }) => keyword !== undefined)
    ? runs.flatMap((run) => placesOf(run, texts))
    : keyPlaces(given, facts);
  const found = places.map((at) => textReply(textAt(given, at)));
  if (found.length === 0 && !facts.flags.has("no_mandatory_keys")) throw new RedisError(INVALID_ARGUMENTS);
  return arrayReply(found);
}

function keysAndFlagsOf(table: Table, words: CommandWords): Reply {
  const { facts, given } = givenTo(table, words);
  const texts = given.map((_, at) => textAt(given, at).toLowerCase());
  const found = specOf(facts.name).runs.flatMap((run) => {
    const flags = { type: "set", items: flagsIn(run, facts, given).map(statusReply) } as const;
    return placesOf(run, texts).map((at) => arrayReply([textReply(textAt(given, at)), flags]));
  });
  if (found.length === 0 && !facts.flags.has("no_mandatory_keys")) throw new RedisError(INVALID_ARGUMENTS);
  return arrayReply(found);
}

/** Of a key that is read only where an option says so. */
function flagsIn({ flags }: KeyRun, { name }: CommandFacts, given: CommandWords): readonly string[] {
  if (name === "bitfield") {
    const isWritten = given.some((_, i) => ["set", "incrby"].includes(textAt(given, i).toLowerCase()));
    return isWritten ? ["RW", "access", "update"] : ["RO", "access"];
  }
  if (name !== "set" || !flags.includes("variable_flags")) return flags;
  const isRead = given.slice(3).some((_, i) => textAt(given, i + 3).toLowerCase() === "get");
  return isRead ? ["RW", "access", "update"] : ["OW", "update"];
}

/** Throws `RedisError`. */
function listOf(table: Table, words: CommandWords): Reply {
  if (words.length === 2) return arrayReply([...table.keys()].map(textReply));
  if (words.length !== 5 || textAt(words, 2).toLowerCase() !== "filterby") throw new RedisError("ERR syntax error");
  const test = filterOf(textAt(words, 3).toLowerCase(), textAt(words, 4));
  return arrayReply([...table.values()].filter(test).map(({ name }) => textReply(name)));
}

function filterOf(kind: string, wanted: string): (facts: CommandFacts) => boolean {
  if (kind === "module") return () => false;
  if (kind === "aclcat") return (facts) => categoriesOf(facts).includes(`@${wanted.toLowerCase()}`);
  if (kind === "pattern") return ({ name }) => isMatch(wanted.toLowerCase(), name);
  throw new RedisError("ERR syntax error");
}
