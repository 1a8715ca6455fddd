/** What whoever gave a command knew of what others had written, as far as dots tell. */

import type { CommandEntry } from "../commands/command-history.ts";
import { beginningsOf } from "./doubt.ts";
import type { Evidence } from "./evidence.ts";
import { livedTwice } from "./lived-twice.ts";

/**
 * True when whoever gave a command had what another one wrote, by the dot of that. A dot tells nothing of it where it is of
 * another write as well, nor where its writer began anew since: others may have closed its life without having seen that.
 */
export function isSurelyKnown({ answer, ...written }: CommandEntry, by: CommandEntry, evidence: Evidence): boolean {
  const dot = answer?.type === "done" ? answer.dot : undefined;
  if (dot === undefined || by.knew?.covers(dot.origin, dot.sequence) !== true) return false;
  if (by.node === written.node && by.life === written.life) return true;
  const writer = evidence.nodes[written.node];
  if (beginningsOf(writer, Infinity) > beginningsOf(writer, written.invokedAt)) return false;
  return !livedTwice(evidence).has(dot.origin);
}
