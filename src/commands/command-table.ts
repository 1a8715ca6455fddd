/** Every command that there is. */

import { bitRows } from "./bits.ts";
import type { CommandRow } from "./command-row.ts";
import { hashRows } from "./hashes.ts";
import { keyRows } from "./keys.ts";
import { listRows } from "./lists.ts";
import { serverRows } from "./server.ts";
import { setRows } from "./sets.ts";
import { stringRows } from "./strings.ts";

/** By name, in lower case. */
export const commandTable: ReadonlyMap<string, CommandRow> = new Map(
  [...stringRows, ...bitRows, ...keyRows, ...listRows, ...hashRows, ...setRows, ...serverRows].map((row) => [
    row.name,
    row,
  ]),
);
