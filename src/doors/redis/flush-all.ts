/** `FLUSHALL`: every keyspace that `SELECT` knows, the selected one first. Others are none of what Redis calls a database. */

import type { Reply } from "../../command-reply.ts";
import type { CommandFacts, CommandKeyspace, CommandStore, CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";

const NUMBERED = /^(?:0|[1-9]\d*)$/;

export function isFlushAll({ name }: CommandFacts): boolean {
  return name === "flushall";
}

export async function flushAll(connection: Connection, words: CommandWords, facts: CommandFacts): Promise<Reply> {
  const reply = await connection.keyspace.run(words, facts, connection);
  return reply.type === "error" ? reply : flushOthers(connection, words, facts, reply);
}

/** One after the other; the first error is what is answered, otherwise what the selected one answered. */
export async function flushOthers(
  connection: Connection,
  words: CommandWords,
  facts: CommandFacts,
  reply: Reply,
): Promise<Reply> {
  for (const keyspace of selectable(connection.around.store)) {
    if (keyspace === connection.keyspace) continue;
    const flushed = await keyspace.run(words, facts, connection);
    if (flushed.type === "error") return flushed;
  }
  return reply;
}

function selectable(store: CommandStore): readonly CommandKeyspace[] {
  const names = store.facts().keyspaces.map(({ name }) => name);
  return names
    .filter((name) => name === "default" || NUMBERED.test(name))
    .flatMap((name) => store.keyspace(name) ?? []);
}
