/** `CLIENT`: who is connected. */

import {
  arrayReply,
  errorReply,
  integerReply,
  mapReply,
  NOTHING,
  OK,
  type Reply,
  statusReply,
  textReply,
} from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";
import { checkName, integerAt, isName, textAt } from "./connection-commands.ts";
import { RedisError } from "./extension.ts";

const HELP = [
  "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "GETNAME",
  "    Return the name of the current connection.",
  "ID",
  "    Return the ID of the current connection.",
  "INFO",
  "    Return information about the current client connection.",
  "KILL <ip:port>",
  "    Kill connection made from <ip:port>.",
  "LIST [options ...]",
  "    Return information about client connections.",
  "SETNAME <name>",
  "    Assign the name <name> to the current connection.",
  "SETINFO <option> <value>",
  "    Set client meta attr.",
  "NO-EVICT (ON|OFF)",
  "    Protect current client connection from eviction.",
  "HELP",
  "    Print this help.",
];

const INFO_BYTES_MAX = 128;
/** Of a list, a client, about. */
const LINE_BYTES = 512;
const UNBLOCKED = errorReply("UNBLOCKED client unblocked via CLIENT UNBLOCK");
/** Words, the name and the subcommand included; negative: at least so many. */
const ARITIES: Readonly<Record<string, number>> = {
  caching: 3,
  getname: 2,
  getredir: 2,
  help: 2,
  id: 2,
  info: 2,
  kill: -3,
  list: -2,
  "no-evict": 3,
  reply: 3,
  setinfo: 4,
  setname: 3,
  tracking: -3,
  trackinginfo: 2,
  unblock: -3,
  unpause: 2,
};

export function clientCommand(connections: ReadonlyMap<number, Connection>) {
  return (connection: Connection, words: CommandWords): Reply | Promise<Reply> => {
    const subcommand = textAt(words, 1).toLowerCase();
    const arity = Object.hasOwn(ARITIES, subcommand) ? ARITIES[subcommand] : undefined;
    if (arity === undefined)
      throw new RedisError(`ERR unknown subcommand '${textAt(words, 1).slice(0, 128)}'. Try CLIENT HELP.`);
    if (arity >= 0 ? words.length !== arity : words.length < -arity)
      throw new RedisError(`ERR wrong number of arguments for 'client|${subcommand}' command`);
    switch (subcommand) {
      case "id":
        return integerReply(connection.facts.id);
      case "getname":
        return connection.name === "" ? NOTHING : textReply(connection.name);
      case "setname":
        return setName(connection, textAt(words, 2));
      case "setinfo":
        return setInfo(connection, textAt(words, 2).toLowerCase(), textAt(words, 3));
      case "info":
        return verbatim(`${lineOf(connection)}\n`);
      case "list":
        return list(connection, connections, words);
      case "kill":
        return kill(connection, connections, words);
      case "no-evict":
        return onOff(words);
      case "tracking":
        if (textAt(words, 2).toLowerCase() === "off") return OK;
        throw new RedisError("ERR client tracking is not supported");
      case "trackinginfo":
        return mapReply([
          textReply("flags"),
          { type: "set", items: [textReply("off")] },
          textReply("redirect"),
          integerReply(-1),
          textReply("prefixes"),
          arrayReply([]),
        ]);
      case "getredir":
        return integerReply(-1);
      case "caching":
        throw new RedisError(
          "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        );
      case "reply":
        if (textAt(words, 2).toLowerCase() === "on") return OK;
        throw new RedisError("ERR syntax error");
      case "unblock":
        return unblock(connection, connections, words);
      case "help":
        return arrayReply(HELP.map(statusReply));
      default:
        return OK;
    }
  };
}

function unblock(connection: Connection, connections: ReadonlyMap<number, Connection>, words: CommandWords): Reply {
  const how = words.length === 3 ? "timeout" : textAt(words, 3).toLowerCase();
  if (words.length > 4 || (how !== "timeout" && how !== "error"))
    throw new RedisError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  const id = integerAt(words, 2, "ERR value is not an integer or out of range");
  const found = visible(connection, connections).find(({ facts }) => facts.id === id);
  return integerReply(found?.waits.end(how === "error" ? UNBLOCKED : undefined) === true ? 1 : 0);
}

function verbatim(text: string): Reply {
  return { type: "verbatim", text: Buffer.from(text, "latin1") };
}

function setName(connection: Connection, name: string): Reply {
  checkName(name);
  connection.name = name;
  return OK;
}

function setInfo(connection: Connection, attribute: string, value: string): Reply {
  if (attribute !== "lib-name" && attribute !== "lib-ver")
    throw new RedisError(`ERR Unrecognized option '${attribute}'`);
  if (!isName(value) || value.length > INFO_BYTES_MAX)
    throw new RedisError(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  if (attribute === "lib-name") connection.libraryName = value;
  else connection.libraryVersion = value;
  return OK;
}

function onOff(words: CommandWords): Reply {
  const word = textAt(words, 2).toLowerCase();
  if (word !== "on" && word !== "off") throw new RedisError("ERR syntax error");
  return OK;
}

/** Who may do less than everything sees only itself. */
function visible(connection: Connection, connections: ReadonlyMap<number, Connection>): readonly Connection[] {
  return connection.principal?.scopes.has("admin") === true ? [...connections.values()] : [connection];
}

function list(
  connection: Connection,
  connections: ReadonlyMap<number, Connection>,
  words: CommandWords,
): Reply | Promise<Reply> {
  const all = visible(connection, connections);
  const option = textAt(words, 2).toLowerCase();
  if (words.length === 2) return lines(connection, all);
  if (option === "type" && words.length === 4) {
    const type = textAt(words, 3).toLowerCase();
    if (!["normal", "master", "replica", "slave", "pubsub"].includes(type))
      throw new RedisError(`ERR Unknown client type '${textAt(words, 3)}'`);
    const isOfType = ({ gate }: Connection) => (gate === undefined ? type === "normal" : type === "pubsub");
    return lines(connection, all.filter(isOfType));
  }
  if (option === "id" && words.length > 3) {
    const ids = new Set(words.slice(3).map((_, i) => integerAt(words, i + 3, "ERR Invalid client ID")));
    return lines(
      connection,
      all.filter(({ facts }) => ids.has(facts.id)),
    );
  }
  throw new RedisError("ERR syntax error");
}

/** Once there is room for so many. */
function lines(asking: Connection, all: readonly Connection[]): Reply | Promise<Reply> {
  const write = (): Reply => verbatim(all.map((each) => `${lineOf(each)}\n`).join(""));
  return asking.roomForAnswer(all.length * LINE_BYTES)?.then(write) ?? write();
}

function lineOf(connection: Connection): string {
  const { facts, around, name, createdAt, activeAt, selected, transaction, lastCommand, writer, listensTo } =
    connection;
  const { asked, answered } = connection.underWayBytes;
  const seconds = (since: number) => Math.max(0, Math.floor((around.now() - since) / 1000));
  return [
    `id=${facts.id}`,
    `addr=${facts.address}`,
    `laddr=${facts.localAddress}`,
    "fd=0",
    `name=${name}`,
    `age=${seconds(createdAt)}`,
    `idle=${seconds(activeAt)}`,
    `flags=${flagsOf(connection)}`,
    `db=${selected}`,
    `sub=${listensTo.channels}`,
    `psub=${listensTo.patterns}`,
    `ssub=${listensTo.sharded}`,
    `multi=${transaction.isOpen ? transaction.size : -1}`,
    `qbuf=${asked}`,
    "qbuf-free=0",
    "argv-mem=0",
    `multi-mem=${transaction.bytes}`,
    "rbs=0",
    "rbp=0",
    `obl=${answered}`,
    "oll=0",
    `omem=${answered}`,
    `tot-mem=${asked + transaction.bytes + answered}`,
    `events=${answered > 0 ? "rw" : "r"}`,
    `cmd=${lastCommand}`,
    `user=default`,
    "redir=-1",
    `resp=${writer.version}`,
    `lib-name=${connection.libraryName}`,
    `lib-ver=${connection.libraryVersion}`,
  ].join(" ");
}

function flagsOf({ gate, transaction, waits }: Connection): string {
  return `${gate === undefined ? "" : "P"}${transaction.isOpen ? "x" : ""}${waits.isBlocked ? "b" : ""}` || "N";
}

/** Of itself, or for whoever may do everything of anybody. */
function kill(connection: Connection, connections: ReadonlyMap<number, Connection>, words: CommandWords): Reply {
  const all = visible(connection, connections);
  if (words.length === 3) {
    const found = all.find(({ facts }) => facts.address === textAt(words, 2));
    if (found === undefined) throw new RedisError("ERR No such client");
    found.end();
    if (found !== connection) found.cutOff();
    return OK;
  }
  const tests: ((each: Connection) => boolean)[] = [];
  let sparesItself = true;
  for (let at = 2; at + 1 < words.length; at += 2) {
    const value = textAt(words, at + 1);
    switch (textAt(words, at).toLowerCase()) {
      case "id": {
        const id = integerAt(words, at + 1, "ERR client-id should be greater than 0");
        tests.push(({ facts }) => facts.id === id);
        break;
      }
      case "addr":
        tests.push(({ facts }) => facts.address === value);
        break;
      case "laddr":
        tests.push(({ facts }) => facts.localAddress === value);
        break;
      case "skipme":
        sparesItself = value.toLowerCase() !== "no";
        break;
      default:
        throw new RedisError("ERR syntax error");
    }
  }
  if (words.length % 2 === 1) throw new RedisError("ERR syntax error");
  const killed = all.filter((each) => !(sparesItself && each === connection) && tests.every((test) => test(each)));
  for (const each of killed) {
    each.end();
    if (each !== connection) each.cutOff();
  }
  return integerReply(killed.length);
}
