/** Every command that there is. */

import { assert } from "../base/assert.ts";
import { latin1FromBytes } from "../base/bytes.ts";
import type { CommandWords, QueuedCommand } from "../command-store.ts";
import { awaitRows } from "./await-commands.ts";
import { bitFieldRows } from "./bit-fields.ts";
import { bitRows } from "./bits.ts";
import type { CommandRow } from "./command-row.ts";
import { doorRows } from "./door-commands.ts";
import { fieldEndRows } from "./field-ends.ts";
import { geoRows } from "./geo.ts";
import { hashRows } from "./hashes.ts";
import { keyRows } from "./keys.ts";
import { listRows } from "./lists.ts";
import { scriptingRows } from "./scripting.ts";
import { serverRows } from "./server.ts";
import { setRows } from "./sets.ts";
import { sortedSetRows } from "./sorted-sets.ts";
import { stringRows } from "./strings.ts";

const ROWS: readonly (readonly CommandRow[])[] = [
  stringRows,
  bitRows,
  bitFieldRows,
  keyRows,
  listRows,
  hashRows,
  fieldEndRows,
  setRows,
  sortedSetRows,
  geoRows,
  serverRows,
  scriptingRows,
];

/** By name, in lower case. */
export const commandTable: ReadonlyMap<string, CommandRow> = byName(ROWS.flat());

/** Those that doors ask for, and no client can. */
export const doorTable: ReadonlyMap<string, CommandRow> = byName(doorRows);

/** Those that other replicas ask for, and no client can. */
export const awaitTable: ReadonlyMap<string, CommandRow> = byName(awaitRows);

function byName(rows: readonly CommandRow[]): ReadonlyMap<string, CommandRow> {
  return new Map(rows.map((row) => [row.name, row]));
}

/** One that was found before, by its words. */
export function commandOf(words: CommandWords): QueuedCommand {
  const facts = commandTable.get(latin1FromBytes(words[0] as Uint8Array).toLowerCase());
  assert(facts !== undefined, "a command that was found before");
  return { words, facts };
}
