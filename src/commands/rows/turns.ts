/**
 * Commands about all keys of a keyspace, or many members of a collection, in several turns of the loop: between two of them
 * others are carried out, and may change what has not been come to yet, or what has. Where commands run as one they take one turn, and are refused where there
 * is more than fits into that.
 */

import type { Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { CommandFunction } from "./command-row.ts";

/** What one turn does: all of that, or where it throws nothing. Undefined: another one follows. */
export type Turn = (workspace: Workspace) => Reply | undefined;

/** Begins a command that takes turns. Throws `CommandError`. */
export type TurnsFunction = (words: CommandWords) => Turn;

/** The turns of a command that takes several this time; undefined: it takes one. Throws as the command does, and writes nothing. */
export type LongFunction = (workspace: Workspace, words: CommandWords) => Turn | undefined;

/** All turns in one, or none. */
export function inOneTurn(begin: TurnsFunction): CommandFunction {
  return (workspace, words) => {
    const turn = begin(words);
    workspace.expectWhole();
    for (;;) {
      const reply = turn(workspace);
      if (reply !== undefined) return reply;
    }
  };
}
