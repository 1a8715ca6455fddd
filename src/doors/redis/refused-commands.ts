/** Commands of a client that are not begun, and what it is told instead. */

import type { Reply } from "../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";
import { NOAUTH, refusalFor } from "./permission.ts";
import { shownName, unknownCommand } from "./unknown-command.ts";

/** Undefined: it may be begun. */
export function refusalTo(connection: Connection, words: CommandWords, facts: CommandFacts): Reply | undefined {
  const refusal = refusalFor(connection.principal, words, facts);
  if (refusal === undefined) return connection.gate?.(facts, words);
  if (refusal !== NOAUTH) connection.transaction.abort();
  return refusal;
}

/** What nobody knows, of a client that may be none of Redis at all. */
export function unknownTo(connection: Connection, words: CommandWords): Reply {
  // A web page that had a browser send this here must get no further (cross-protocol scripting).
  if (/^(?:post|host:)$/i.test(shownName(words))) connection.end();
  connection.transaction.abort();
  return connection.principal === undefined ? NOAUTH : unknownCommand(words);
}
