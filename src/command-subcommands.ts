/** Commands that are several, told apart by their second word: which there are, and how many words each of them has. */

import { latin1FromBytes } from "./base/bytes.ts";
import { shownText } from "./base/shown-text.ts";
import type { CommandFacts, CommandWords } from "./command-store.ts";

type Arities = Readonly<Record<string, number>>;

/** As `CommandFacts.arity`. Of commands about the connection, whoever carries them out says so. */
const SUBCOMMANDS: ReadonlyMap<string, Arities> = new Map<string, Arities>([
  ["memory", { help: 2, usage: -3 }],
  ["object", { encoding: 3, freq: 3, help: 2, idletime: 3, refcount: 3 }],
  ["script", { debug: 3, exists: -3, flush: -2, help: 2, kill: 2, load: 3 }],
]);
const NAME_MAX = 128;

export type SubcommandFault = "unknown" | "wrong arity";

/** What is wrong with the second word, or with how many there are for it. */
export function subcommandFault(words: CommandWords, { name }: CommandFacts): SubcommandFault | undefined {
  const arities = SUBCOMMANDS.get(name);
  if (arities === undefined) return undefined;
  const subcommand = subcommandIn(words);
  const arity = Object.hasOwn(arities, subcommand) ? arities[subcommand] : undefined;
  if (arity === undefined) return "unknown";
  return (arity >= 0 ? words.length === arity : words.length >= -arity) ? undefined : "wrong arity";
}

/** As clients are told. */
export function textOfFault(fault: SubcommandFault, words: CommandWords, { name }: CommandFacts): string {
  if (fault === "wrong arity") return `ERR wrong number of arguments for '${name}|${subcommandIn(words)}' command`;
  return `ERR unknown subcommand '${shownText(words[1])}'. Try ${name.toUpperCase()} HELP.`;
}

function subcommandIn(words: CommandWords): string {
  return latin1FromBytes((words[1] ?? new Uint8Array(0)).subarray(0, NAME_MAX)).toLowerCase();
}
