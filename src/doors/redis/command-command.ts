/** `COMMAND`: what the command table says. */

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
  "HELP",
  "    Print this help.",
];

const GROUP_CATEGORIES: Readonly<Record<string, string>> = {
  generic: "@keyspace",
  "sorted-set": "@sortedset",
  transactions: "@transaction",
};

/** Of a question: each command may be asked about several times, not without end. */
const WORDS_MAX = 10_000;

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
      if (words.length > 2) throw new RedisError("ERR syntax error");
      return arrayReply([...table.keys()].map(textReply));
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
    { type: "set", items: [...flags].map(statusReply) },
    integerReply(keys.first),
    integerReply(keys.last),
    integerReply(keys.step),
    { type: "set", items: categoriesOf(facts).map(statusReply) },
    arrayReply([]),
    arrayReply([]),
    arrayReply([]),
  ]);
}

function categoriesOf({ flags, group }: CommandFacts): readonly string[] {
  return [
    ...(flags.has("write") ? ["@write"] : []),
    ...(flags.has("readonly") ? ["@read"] : []),
    ...(flags.has("admin") ? ["@admin", "@dangerous"] : []),
    ...(group === "server" ? [] : [GROUP_CATEGORIES[group] ?? `@${group}`]),
    flags.has("fast") ? "@fast" : "@slow",
    ...(flags.has("blocking") ? ["@blocking"] : []),
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

function keysOf(table: Table, words: CommandWords): Reply {
  if (words.length < 4) throw new RedisError("ERR wrong number of arguments for 'command|getkeys' command");
  const facts = table.get(textAt(words, 2).toLowerCase());
  if (facts === undefined) throw new RedisError("ERR Invalid command specified");
  const { arity, keys } = facts;
  if (keys.first === 0 && keys.counted === 0) throw new RedisError("ERR The command has no key arguments");
  const given = words.slice(2);
  if (arity >= 0 ? given.length !== arity : given.length < -arity)
    throw new RedisError("ERR Invalid number of arguments specified for command");
  const found = keyPlaces(given, facts).map((at) => textReply(textAt(given, at)));
  if (found.length === 0) throw new RedisError("ERR Invalid arguments specified for command");
  return arrayReply(found);
}
