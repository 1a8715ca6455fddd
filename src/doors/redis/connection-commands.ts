/** Commands about the connection: who the client is, what it speaks, which keyspace it means. */

import { latin1FromBytes } from "../../base/bytes.ts";
import {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  mapReply,
  OK,
  type Reply,
  statusReply,
  textReply,
} from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";
import { type ConnectionCommand, RedisError } from "./extension.ts";
import { REDIS_VERSION } from "./redis-version.ts";

const NAME_BYTES_MAX = 1024;
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
const WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled.";
const NO_PASSWORD =
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
const NOT_SET =
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";

export function textAt(words: CommandWords, at: number): string {
  const word = words[at];
  return word === undefined ? "" : latin1FromBytes(word);
}

/** Throws `RedisError`. */
export function integerAt(words: CommandWords, at: number, otherwise: string): number {
  const text = textAt(words, at);
  const value = INTEGER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new RedisError(otherwise);
  return value;
}

function auth(connection: Connection, words: CommandWords): Reply {
  if (words.length > 3) throw new RedisError("ERR syntax error");
  const { required } = connection.around.auth;
  if (!required) return words.length === 2 ? errorReply(NO_PASSWORD) : OK;
  return connection.recognise(textAt(words, words.length - 1)) ? OK : errorReply(WRONG_PASS);
}

/** A name of blanks and what is not printed would make lists unreadable. */
export function isName(name: string): boolean {
  return /^[\x21-\x7e]*$/.test(name);
}

/** Each connection keeps its name. Throws `RedisError`. */
export function checkName(name: string): void {
  if (!isName(name)) throw new RedisError(BAD_NAME);
  if (name.length > NAME_BYTES_MAX) throw new RedisError(`ERR Client names have at most ${NAME_BYTES_MAX} bytes.`);
}

function hello(connection: Connection, words: CommandWords): Reply {
  let version = connection.writer.version;
  if (words.length > 1) {
    const asked = integerAt(words, 1, "ERR Protocol version is not an integer or out of range");
    if (asked !== 2 && asked !== 3) throw new RedisError("NOPROTO unsupported protocol version");
    version = asked;
  }
  let name: string | undefined;
  for (let at = 2; at < words.length; at++) {
    const option = textAt(words, at).toLowerCase();
    if (option === "auth" && at + 2 < words.length) {
      if (connection.around.auth.required && !connection.recognise(textAt(words, at + 2)))
        return errorReply(WRONG_PASS);
      at += 2;
    } else if (option === "setname" && at + 1 < words.length) {
      name = textAt(words, ++at);
      checkName(name);
    } else throw new RedisError(`ERR Syntax error in HELLO option '${textAt(words, at)}'`);
  }
  if (connection.principal === undefined) return errorReply(NOT_SET);
  if (name !== undefined) connection.name = name;
  connection.writer.version = version;
  return mapReply([
    textReply("server"),
    textReply("redis"),
    textReply("version"),
    textReply(REDIS_VERSION),
    textReply("proto"),
    integerReply(version),
    textReply("id"),
    integerReply(connection.facts.id),
    textReply("mode"),
    textReply("standalone"),
    textReply("role"),
    textReply("master"),
    textReply("modules"),
    arrayReply([]),
  ]);
}

const BAD_NAME = "ERR Client names cannot contain spaces, newlines or special characters.";

function ping(connection: Connection, words: CommandWords): Reply {
  if (words.length > 2) throw new RedisError("ERR wrong number of arguments for 'ping' command");
  const word = words[1];
  // Who is subscribed gets it in the form of what it is sent anyway.
  if (connection.gate !== undefined && connection.writer.version === 2)
    return arrayReply([textReply("pong"), word === undefined ? textReply("") : bulkReply(word.slice())]);
  return word === undefined ? statusReply("PONG") : bulkReply(word.slice());
}

function echo(_connection: Connection, words: CommandWords): Reply {
  return bulkReply((words[1] as Uint8Array).slice());
}

/** As many as Redis has, unless keyspaces of greater numbers were created. */
const DATABASES = 16;
const NO_DATABASE = "ERR DB index is out of range";

/** A database of Redis is there as soon as it is selected, by whoever may create keyspaces. */
function select(connection: Connection, words: CommandWords): Reply | Promise<Reply> {
  const number = integerAt(words, 1, "ERR value is not an integer or out of range");
  if (number < 0) throw new RedisError(NO_DATABASE);
  if (connection.select(number)) return OK;
  if (number >= DATABASES) throw new RedisError(NO_DATABASE);
  const { principal } = connection;
  if (principal?.scopes.has("admin") !== true || principal.prefix !== "")
    throw new RedisError(`${NO_DATABASE}: there is no keyspace "${number}", which takes the scope "admin" to create`);
  return created(connection, number);
}

async function created(connection: Connection, number: number): Promise<Reply> {
  await connection.around.store.grantKeyspace(String(number));
  if (!connection.select(number)) throw new RedisError(NO_DATABASE);
  return OK;
}

function quit(connection: Connection): Reply {
  connection.end();
  return OK;
}

function reset(connection: Connection): Reply {
  connection.reset();
  return statusReply("RESET");
}

async function wait(connection: Connection, words: CommandWords): Promise<Reply> {
  const wanted = integerAt(words, 1, "ERR value is not an integer or out of range");
  const timeoutMs = integerAt(words, 2, "ERR timeout is not an integer or out of range");
  if (timeoutMs < 0) throw new RedisError("ERR timeout is negative");
  const enough = connection.mayBlock ? Math.max(0, wanted) : 0;
  return integerReply(await connection.keyspace.wait(connection, enough, timeoutMs));
}

export const connectionCommands: Readonly<Record<string, ConnectionCommand>> = {
  auth,
  hello,
  ping,
  echo,
  select,
  quit,
  reset,
  wait,
};
