/** Commands about the server: what it is set to, and what there is to tell of it. */

import { arrayReply, integerReply, mapReply, OK, type Reply, statusReply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";
import { textAt } from "./connection-commands.ts";
import { type ConnectionCommand, RedisError, type Setting } from "./extension.ts";
import { type ClientFacts, infoText } from "./info.ts";

const SLEEP_MS_MAX = 60_000;

export interface ServerCommandsOptions {
  readonly version: string;
  readonly port: () => number;
  readonly clients: () => ClientFacts;
  readonly perSecond: () => number;
  readonly settings: ReadonlyMap<string, Setting>;
  /** Allows `DEBUG SLEEP`. */
  readonly enableFaults: boolean;
}

export function serverCommands(options: ServerCommandsOptions): Readonly<Record<string, ConnectionCommand>> {
  return {
    config: (_connection, words) => config(options.settings, words),
    info: (connection, words) => info(options, connection, words),
    latency,
    debug: (_connection, words) => debug(options, words),
  };
}

function config(settings: ReadonlyMap<string, Setting>, words: CommandWords): Reply {
  const subcommand = textAt(words, 1).toLowerCase();
  if (subcommand === "get" && words.length >= 3) return configGet(settings, words);
  if (subcommand === "set" && words.length >= 4 && words.length % 2 === 0) return configSet(settings, words);
  if (subcommand === "resetstat" && words.length === 2) return OK;
  if (subcommand === "rewrite" && words.length === 2)
    throw new RedisError("ERR The server is running without a config file");
  if (subcommand === "get" || subcommand === "set")
    throw new RedisError(`ERR wrong number of arguments for 'config|${subcommand}' command`);
  throw new RedisError(`ERR unknown subcommand '${textAt(words, 1).slice(0, 128)}'. Try CONFIG HELP.`);
}

function configGet(settings: ReadonlyMap<string, Setting>, words: CommandWords): Reply {
  const names = new Set<string>();
  for (let at = 2; at < words.length; at++) {
    const wanted = textAt(words, at).toLowerCase();
    for (const name of settings.keys()) if (isLike(wanted, name)) names.add(name);
  }
  return mapReply([...names].flatMap((name) => [textReply(name), textReply(settings.get(name)?.get() ?? "")]));
}

/** Stars alone are wild: there are few settings, and their names are words. */
function isLike(pattern: string, name: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return pattern === name;
  const last = others.pop() ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    at = name.indexOf(part, at);
    if (at < 0 || at + part.length > name.length - last.length) return false;
    at += part.length;
  }
  return true;
}

function configSet(settings: ReadonlyMap<string, Setting>, words: CommandWords): Reply {
  const changes: [Setting, string, string][] = [];
  for (let at = 2; at < words.length; at += 2) {
    const name = textAt(words, at).toLowerCase();
    const setting = settings.get(name);
    if (setting === undefined)
      throw new RedisError(`ERR Unknown option or number of arguments for CONFIG SET - '${textAt(words, at)}'`);
    if (setting.set === undefined) throw failed(name, "can't set immutable config");
    changes.push([setting, name, textAt(words, at + 1)]);
  }
  for (const [setting, name, value] of changes) {
    const wrong = setting.set?.(value);
    if (wrong !== undefined) throw failed(name, wrong);
  }
  return OK;
}

function failed(name: string, why: string): RedisError {
  return new RedisError(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`);
}

function info(options: ServerCommandsOptions, connection: Connection, words: CommandWords): Reply {
  const sections = words.slice(1).map((_, i) => textAt(words, i + 1).toLowerCase());
  const { around } = connection;
  const text = infoText(sections, {
    server: around.store.facts(),
    version: options.version,
    port: options.port(),
    clients: options.clients(),
    carriedOut: around.carriedOut,
    perSecond: options.perSecond(),
    rssBytes: process.memoryUsage.rss(),
    stats: Object.assign({}, ...around.extensions.map((extension) => extension.stats?.() ?? {})),
  });
  return { type: "verbatim", text: Buffer.from(text, "utf8") };
}

function latency(_connection: Connection, words: CommandWords): Reply {
  const subcommand = textAt(words, 1).toLowerCase();
  if (subcommand === "latest" || subcommand === "history") return arrayReply([]);
  if (subcommand === "reset") return integerReply(0);
  if (subcommand === "histogram") return mapReply([]);
  if (subcommand === "doctor")
    return textReply("I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this server.");
  if (subcommand === "help")
    return arrayReply([statusReply("LATENCY <subcommand>. LATEST, HISTORY, RESET, HISTOGRAM.")]);
  throw new RedisError(`ERR unknown subcommand '${textAt(words, 1).slice(0, 128)}'. Try LATENCY HELP.`);
}

async function debug({ enableFaults }: ServerCommandsOptions, words: CommandWords): Promise<Reply> {
  if (!enableFaults || textAt(words, 1).toLowerCase() !== "sleep")
    throw new RedisError(
      "ERR DEBUG command not allowed. Faults are enabled with --enable-faults, and SLEEP is the only one.",
    );
  const ms = Number(textAt(words, 2)) * 1000;
  if (!(ms >= 0 && ms <= SLEEP_MS_MAX)) throw new RedisError("ERR value is not a valid float");
  await new Promise((resolve) => setTimeout(resolve, ms));
  return OK;
}
