/**
 * Lives that two processes of a replica lived: its disk had forgotten them. Until it hears of that its dots are those of
 * other writes, too, which everybody may cover who has never seen these.
 */

import type { OriginId } from "../../src/base/ids.ts";
import { acknowledgedParts } from "../workload/history.ts";
import type { Evidence } from "./evidence.ts";

/** Several checkers ask of the same evidence. */
const found = new WeakMap<Evidence, ReadonlySet<number>>();

/** Origins under which more than one process acknowledged something, a write or a command. */
export function livedTwice(evidence: Evidence): ReadonlySet<number> {
  const known = found.get(evidence);
  if (known !== undefined) return known;
  const livesByOrigin = new Map<OriginId, number>();
  const twice = new Set<number>();
  for (const { origin, life } of acknowledgedDots(evidence)) {
    if ((livesByOrigin.get(origin) ?? life) !== life) twice.add(origin);
    livesByOrigin.set(origin, life);
  }
  found.set(evidence, twice);
  return twice;
}

function* acknowledgedDots({ history, commands }: Evidence): Iterable<{ origin: OriginId; life: number }> {
  for (const { entry, part } of acknowledgedParts(history)) yield { origin: part.dot.origin, life: entry.life };
  for (const { answer, life } of commands) {
    if (answer?.type === "done" && answer.dot !== undefined) yield { origin: answer.dot.origin, life };
  }
}
