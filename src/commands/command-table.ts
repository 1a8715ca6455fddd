/** Every command that there is. */

import { assert } from "../base/assert.ts";
import { latin1FromBytes } from "../base/bytes.ts";
import type { CommandWords, QueuedCommand } from "../command-store.ts";
import { doorRows } from "./door-commands.ts";
import { geoRows } from "./geo/geo.ts";
import { fieldEndRows } from "./hashes/field-ends.ts";
import { hashRows } from "./hashes/hashes.ts";
import { keyRows } from "./keys/keys.ts";
import { serverRows } from "./keys/server.ts";
import { listRows } from "./lists/lists.ts";
import { awaitRows } from "./rows/await-commands.ts";
import type { CommandRow } from "./rows/command-row.ts";
import { scriptingRows } from "./rows/scripting.ts";
import { setRows } from "./sets/sets.ts";
import { sortedSetRows } from "./sorted-sets/sorted-sets.ts";
import { bitFieldRows } from "./strings/bit-fields.ts";
import { bitRows } from "./strings/bits.ts";
import { stringRows } from "./strings/strings.ts";

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
