/** Rows of the command table, as text that people can read: a line a command, and the function of the same name. */

import { assert } from "../../base/assert.ts";
import type { Reply } from "../../command-reply.ts";
import type { CommandFacts, CommandFlag, CommandWords } from "../../command-store.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { ScriptCommand } from "./scripting.ts";
import { inOneTurn, type LongFunction, type TurnsFunction } from "./turns.ts";
import { needsRoom } from "./values-put.ts";

/** `words` begin with the name. Throws `CommandError`, and whatever the workspace throws. */
export type CommandFunction = (workspace: Workspace, words: CommandWords) => Reply;

export interface CommandRow extends CommandFacts {
  readonly isReadonly: boolean;
  /** It puts values (`values-put.ts`). */
  readonly needsRoom: boolean;
  /** Absent: it is carried out by whoever has the connection. */
  readonly run?: CommandFunction;
  /** What it finds under the keys that it names, or does not find, is counted (`lookups.ts`). */
  readonly isCounted: boolean;
  /** Present: it takes several turns where nothing else is to run with it as one. */
  readonly turns?: TurnsFunction;
  /** Present: instead of `run`, wherever that has turns for it and nothing else is to run with it as one. */
  readonly long?: LongFunction;
  /** Of a command about scripts, instead. */
  readonly runScript?: ScriptCommand;
}

/** Writes that answer what was there before. */
const GIVES_BACK: ReadonlySet<string> = new Set(["getset", "getdel", "getex"]);

const ROW = /^(\S+) +(-?\d+) +(\S+) +(\d+) (-?\d+) (\d+)(?:@(\d+))?(?:>(\d+))? +(\S+) +(.+)$/;

/**
 * Of lines `name arity flags first last step since summary`; flags as of Redis, with commas, `-` for none; `step@n` where
 * the word at n says how many keys follow it, `step>n` where an option from the word at n on names one to store in. Each name that neither `run` nor `turns` has a function for is of the connection.
 */
export function rowsOf(
  group: string,
  table: string,
  run: Readonly<Record<string, CommandFunction>> = {},
  turns: Readonly<Record<string, TurnsFunction>> = {},
  long: Readonly<Record<string, LongFunction>> = {},
): readonly CommandRow[] {
  const rows = table
    .trim()
    .split("\n")
    .map((line) => rowOf(group, line, run, turns))
    .map((row) => ({ ...row, ...(long[row.name] !== undefined && { long: long[row.name] }) }));
  for (const name of [run, turns, long].flatMap(Object.keys))
    assert(
      rows.some((row) => row.name === name),
      `${name} has no row`,
    );
  return rows;
}

function rowOf(
  group: string,
  line: string,
  run: Readonly<Record<string, CommandFunction>>,
  turns: Readonly<Record<string, TurnsFunction>>,
): CommandRow {
  const [, name = "", arity, flags = "", first, last, step, counted = "0", stored, since = "", summary = ""] =
    ROW.exec(line.trim()) ?? [];
  assert(name !== "", `no row of the command table: ${line}`);
  const begin = turns[name];
  const carriedOut = begin === undefined ? run[name] : inOneTurn(begin);
  const flagsSet: ReadonlySet<CommandFlag> = new Set(flags === "-" ? [] : (flags.split(",") as CommandFlag[]));
  return {
    name,
    arity: Number(arity),
    flags: flagsSet,
    isReadonly: flagsSet.has("readonly"),
    needsRoom: needsRoom({ name, flags: flagsSet }),
    isCounted: GIVES_BACK.has(name) || (flagsSet.has("readonly") && Number(first) + Number(counted) > 0),
    keys: {
      first: Number(first),
      last: Number(last),
      step: Number(step),
      counted: Number(counted),
      ...(stored !== undefined && { stored: Number(stored) }),
    },
    group,
    since,
    summary,
    isOfConnection: carriedOut === undefined,
    ...(carriedOut !== undefined && { run: carriedOut }),
    ...(begin !== undefined && { turns: begin }),
  };
}
