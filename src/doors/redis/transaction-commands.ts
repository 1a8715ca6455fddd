/** `MULTI` and its kind. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { arrayReply, bytesOfReply, errorReply, NO_ARRAY, OK, type Reply } from "../../command-reply.ts";
import type { CommandFacts, CommandKeyspace, CommandWords, QueuedCommand, WatchedKey } from "../../command-store.ts";
import type { Connection } from "./connection.ts";
import { errorOf } from "./error-of.ts";
import type { ConnectionCommand } from "./extension.ts";
import { flushOthers, isFlushAll } from "./flush-all.ts";
import { bytesOfKeys } from "./transaction.ts";
import { Messages } from "./transaction-messages.ts";

/** Of commands about the connection, unless one alone answers more. */
const ANSWERS_BYTES_MAX = 1024 * 1024;
const TOO_MUCH = errorReply("ERR what this transaction asks about the connection is too long an answer");
const EXEC_ABORTED = errorReply("EXECABORT Transaction discarded because of previous errors.");

function multi({ transaction }: Connection): Reply {
  if (transaction.isOpen) return errorReply("ERR MULTI calls can not be nested");
  transaction.begin();
  return OK;
}

function discard({ transaction }: Connection): Reply {
  if (!transaction.isOpen) return errorReply("ERR DISCARD without MULTI");
  transaction.reset();
  return OK;
}

function watch(connection: Connection, words: CommandWords): Reply | Promise<Reply> {
  const { transaction, keyspace } = connection;
  if (transaction.isOpen) return errorReply("ERR WATCH inside MULTI is not allowed");
  const keys = words.slice(1).map((word) => latin1FromBytes(word) as Key);
  const put = (watched: readonly WatchedKey[]): Reply =>
    transaction.watch(keyspace, watched) ? OK : errorReply("ERR too many keys are watched");
  const remember = (): Reply | Promise<Reply> => {
    const watched = keyspace.watch(keys, transaction.watchedIn(keyspace));
    return watched instanceof Promise ? watched.then(put) : put(watched);
  };
  return connection.hold(bytesOfKeys(keys.map((key) => ({ key }))))?.then(remember) ?? remember();
}

function unwatch({ transaction }: Connection): Reply {
  transaction.unwatch();
  return OK;
}

function exec(connection: Connection): Reply | Promise<Reply> {
  const { transaction } = connection;
  if (!transaction.isOpen) return errorReply("ERR EXEC without MULTI");
  const { isAborted } = transaction;
  const { commands, watched } = transaction.take();
  if (isAborted) return EXEC_ABORTED;
  const own = watched.flatMap(({ keyspace, keys }) => (keyspace === connection.keyspace ? keys : []));
  const others = watched.filter(({ keyspace }) => keyspace !== connection.keyspace);
  // Of another keyspace than the one that is selected now they are looked at right before.
  const changed = others.map(({ keyspace, keys }) => hasChanged(keyspace, keys));
  if (!changed.some((each) => each instanceof Promise))
    return changed.includes(true) ? NO_ARRAY : carryOut(connection, commands, own);
  return Promise.all(changed).then((all) => (all.includes(true) ? NO_ARRAY : carryOut(connection, commands, own)));
}

function hasChanged(keyspace: CommandKeyspace, then: readonly WatchedKey[]): boolean | Promise<boolean> {
  const now = keyspace.watch(
    then.map(({ key }) => key),
    then,
  );
  const differs = (all: readonly WatchedKey[]): boolean =>
    then.some(({ version, at }, i) => all[i]?.version !== version || all[i]?.at !== at);
  return now instanceof Promise ? now.then(differs) : differs(now);
}

/**
 * Commands about the connection change nothing of the keys and are carried out in their places among the answers; what is
 * selected meanwhile counts for the next transaction. Messages are sent in their places among the commands (`Messages`).
 */
function carryOut(
  connection: Connection,
  commands: readonly QueuedCommand[],
  watched: Parameters<Connection["keyspace"]["runAll"]>[1],
): Reply | Promise<Reply> {
  const ofKeys = commands.filter(({ facts }) => !facts.isOfConnection);
  const messages = new Messages(connection, commands);
  const replies = connection.keyspace.runAll(ofKeys, watched, connection, messages.amid);
  if (replies instanceof Promise) return replies.then((done) => withOthers(connection, commands, done, messages));
  const isAll = ofKeys.length === commands.length && !ofKeys.some(({ facts }) => isFlushAll(facts));
  return isAll ? replies : withOthers(connection, commands, replies, messages);
}

/** One after the other: what they answer together is bounded, since nothing of it is read in between. */
async function withOthers(
  connection: Connection,
  commands: readonly QueuedCommand[],
  done: Reply,
  messages: Messages,
): Promise<Reply> {
  if (done.type !== "array") return done;
  const all: Reply[] = [];
  let next = 0;
  let bytes = 0;
  for (const command of commands) {
    const { words, facts } = command;
    if (!facts.isOfConnection) {
      const reply = done.items[next++] as Reply;
      // Of the other keyspaces nothing is seen before the transaction has ended.
      const isMore = isFlushAll(facts) && reply.type !== "error";
      all.push(isMore ? await flushOthers(connection, words, facts, reply) : reply);
      continue;
    }
    const reply =
      bytes > ANSWERS_BYTES_MAX
        ? TOO_MUCH
        : ((await messages.replyTo(command)) ?? (await settled(connection, words, facts)));
    bytes += bytesOfReply(reply);
    all.push(reply);
  }
  return arrayReply(all);
}

/** The others have been carried out, whatever becomes of this one. */
async function settled(connection: Connection, words: CommandWords, facts: CommandFacts): Promise<Reply> {
  connection.mayBlock = false;
  try {
    return (await connection.carryOut(words, facts)) ?? OK;
  } catch (error) {
    return errorOf(error);
  } finally {
    connection.mayBlock = true;
  }
}

export const transactionCommands: Readonly<Record<string, ConnectionCommand>> = {
  multi,
  exec,
  discard,
  watch,
  unwatch,
};
