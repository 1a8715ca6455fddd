/** `MULTI` and its kind. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { arrayReply, errorReply, NO_ARRAY, OK, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";
import { errorOf } from "./error-of.ts";
import type { ConnectionCommand } from "./extension.ts";
import { bytesOfKeys, type QueuedCommand } from "./transaction.ts";

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
  const remember = (): Reply =>
    transaction.watch(keyspace, keyspace.watch(keys)) ? OK : errorReply("ERR too many keys are watched");
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
  // Of another keyspace than the one that is selected now they are looked at right before.
  for (const { keyspace, keys } of watched) {
    if (keyspace !== connection.keyspace && hasChanged(connection, keyspace.watch(keys.map(({ key }) => key)), keys))
      return NO_ARRAY;
  }
  const own = watched.flatMap(({ keyspace, keys }) => (keyspace === connection.keyspace ? keys : []));
  return carryOut(connection, commands, own);
}

function hasChanged(
  _connection: Connection,
  now: readonly { readonly version: string }[],
  then: readonly { readonly version: string }[],
): boolean {
  return then.some(({ version }, i) => now[i]?.version !== version);
}

/**
 * Commands about the connection change nothing of the keys and are carried out in their places among the answers; what is
 * selected meanwhile counts for the next transaction.
 */
function carryOut(
  connection: Connection,
  commands: readonly QueuedCommand[],
  watched: Parameters<Connection["keyspace"]["runAll"]>[1],
): Reply | Promise<Reply> {
  const ofKeys = commands.filter(({ facts }) => !facts.isOfConnection);
  const replies = connection.keyspace.runAll(ofKeys, watched, connection);
  const put = (done: readonly Reply[] | undefined): Reply | Promise<Reply> => {
    if (done === undefined) return NO_ARRAY;
    let next = 0;
    const all = commands.map(({ words, facts }) =>
      facts.isOfConnection ? (connection.carryOutQueued(words, facts) ?? OK) : (done[next++] as Reply),
    );
    if (!all.some((reply) => reply instanceof Promise)) return arrayReply(all as Reply[]);
    return Promise.all(all.map((reply) => settled(reply))).then(arrayReply);
  };
  return replies instanceof Promise ? replies.then(put) : put(replies);
}

/** The others have been carried out, whatever became of this one. */
async function settled(reply: Reply | Promise<Reply | undefined>): Promise<Reply> {
  try {
    return (await reply) ?? OK;
  } catch (error) {
    return errorOf(error);
  }
}

export const transactionCommands: Readonly<Record<string, ConnectionCommand>> = {
  multi,
  exec,
  discard,
  watch,
  unwatch,
};
