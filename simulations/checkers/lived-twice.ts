/**
 * Lives that two processes of a replica lived: its disk had forgotten them. Until it hears of that its dots are those of
 * other writes, too, which everybody may cover who has never seen these.
 */

import type { OriginId } from "../../src/base/ids.ts";
import { acknowledgedParts } from "../workload/history.ts";
import type { Evidence } from "./evidence.ts";

/** Several checkers ask of the same evidence. */
const found = new WeakMap<Evidence, ReadonlySet<number>>();

/** Origins under which more than one process acknowledged something. */
export function livedTwice(evidence: Evidence): ReadonlySet<number> {
  const known = found.get(evidence);
  if (known !== undefined) return known;
  const livesByOrigin = new Map<OriginId, number>();
  const twice = new Set<number>();
  for (const { entry, part } of acknowledgedParts(evidence.history)) {
    const { origin } = part.dot;
    if ((livesByOrigin.get(origin) ?? entry.life) !== entry.life) twice.add(origin);
    livesByOrigin.set(origin, entry.life);
  }
  found.set(evidence, twice);
  return twice;
}
