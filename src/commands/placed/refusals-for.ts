/** What a client of another replica may not have carried out here, by what that one tells of it. */

import type { Allowance, CommandClient } from "../../command-store.ts";

type Refusal = NonNullable<CommandClient["refusal"]>;
export type RefusalFor = (allowance: Allowance) => Refusal;

/** Absent `refusalFor`: anything but everything is refused. */
export function refusalOf(allowance: Allowance | undefined, refusalFor: RefusalFor | undefined): Refusal | undefined {
  if (allowance === undefined) return undefined;
  return refusalFor?.(allowance) ?? (() => "NOPERM this replica cannot tell what this user may do");
}
