/** What the token of a client allows, in the form in which other replicas are told, and held to again there. */

import type { Allowance, CommandFacts, CommandWords } from "../../command-store.ts";
import type { Principal, Scope } from "../auth.ts";
import { refusalOf } from "./permission.ts";

const SCOPES: readonly Scope[] = ["read", "write", "admin"];

/** Undefined: there is no key that it may not read and write. */
export function allowanceOf(who: Principal | undefined): Allowance | undefined {
  if (who === undefined) return { scopes: [], prefix: "" };
  const isAll = who.prefix === "" && who.scopes.has("read") && who.scopes.has("write");
  return isAll ? undefined : { scopes: [...who.scopes], prefix: who.prefix };
}

/** As `refusalOf`, of whoever may do so much. */
export function refusalUnder({
  scopes,
  prefix,
}: Allowance): (words: CommandWords, facts: CommandFacts) => string | undefined {
  const who = { scopes: new Set(SCOPES.filter((scope) => scopes.includes(scope))), prefix };
  return (words, facts) => refusalOf(who, words, facts);
}
