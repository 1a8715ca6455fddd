/**
 * Commands that another replica asks for, whose clients wait for keys that are kept here: they are answered once there is
 * something to take, and take nothing. Whoever asked then asks for that, so that nothing is lost with an answer that nobody
 * waits for any more.
 */

import { bytesFromLatin1 } from "../../base/bytes.ts";
import { NO_ARRAY, ONE, type Reply } from "../../command-reply.ts";
import type { CommandWords, QueuedCommand } from "../../command-store.ts";
import type { CollectionType } from "../../store.ts";
import { keyOf, keysOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { Blocking, timeoutOf } from "./blocking.ts";
import { type CommandFunction, rowsOf } from "./command-row.ts";

/** Nothing tells whoever holds one that nobody waits for it any more: so long at the most. */
export const HOLD_MS_MAX = 5000;

const LISTS = `
list.await      -3  readonly,blocking  1 -2 1   0.1.0 Waits until there is something in one of some lists
`;
const SORTED_SETS = `
zset.await      -3  readonly,blocking  1 -2 1   0.1.0 Waits until there is something in one of some sorted sets
`;
/** They wait for the first of their keys alone. */
const MOVES = new Set(["blmove", "brpoplpush"]);

function awaiting(type: CollectionType): CommandFunction {
  return (workspace, words) => {
    const keys = words.slice(1, -1).map((_, i) => keyOf(words, i + 1));
    const timeoutMs = Math.min(timeoutOf(wordOf(words, words.length - 1)), HOLD_MS_MAX);
    const find = (at: Workspace): Reply | undefined => (keys.some((key) => at.typeOf(key) === type) ? ONE : undefined);
    const found = find(workspace);
    if (found !== undefined) return found;
    throw new Blocking({ type, keys, timeoutMs, over: NO_ARRAY, instead: NO_ARRAY, take: find });
  };
}

export const awaitRows = [
  ...rowsOf("list", LISTS, { "list.await": awaiting("list") }),
  ...rowsOf("sorted-set", SORTED_SETS, { "zset.await": awaiting("zset") }),
];

const ROWS = new Set(awaitRows.map(({ name }) => name));

export function isAwaiting({ facts }: QueuedCommand): boolean {
  return ROWS.has(facts.name);
}

/** The name, and the keys, of what waits for the same as a command that finds nothing. */
export function awaitedBy({ words, facts }: QueuedCommand): CommandWords {
  const keys = keysOf(words, facts);
  const name = facts.group === "list" ? "list.await" : "zset.await";
  return [name, ...(MOVES.has(facts.name) ? keys.slice(0, 1) : keys)].map(bytesFromLatin1);
}

export function withHold(awaited: CommandWords, holdMs: number): CommandWords {
  return [...awaited, bytesFromLatin1(String(holdMs / 1000))];
}
