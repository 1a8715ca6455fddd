/** Commands that put values, and so need room before they begin. */

import type { CommandFacts } from "../../command-store.ts";

/** They put elsewhere what they remove. Redis has them take room even where there is none, and does not say `denyoom` of them. */
const MOVING = new Set(["rename", "renamenx", "smove"]);

export function needsRoom({ name, flags }: Pick<CommandFacts, "name" | "flags">): boolean {
  return flags.has("denyoom") || MOVING.has(name);
}
