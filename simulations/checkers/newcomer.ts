/**
 * A replica without a disk begins each life with nothing, and knows no mark of what was purged. What it writes before it
 * has heard of a deletion, for which nobody waits with it, may be stamped below one that all the others have purged by
 * then, and stands.
 */

import type { Dot } from "../../src/store.ts";
import type { HistoryEntry } from "../workload/history.ts";
import type { Evidence } from "./evidence.ts";

/** True when the replica wrote without knowing the removal that has this dot (undefined: of an answer that never came). */
export function wroteUnaware(write: HistoryEntry, removal: Dot | undefined, evidence: Evidence): boolean {
  const hasBegunWithNothing = evidence.nodes[write.node]?.durable === false && write.life > 1;
  return hasBegunWithNothing && (removal === undefined || !hadHeardOf(removal, write, evidence));
}

/** True when a life of a replica covered a write before it was asked for another. */
function hadHeardOf(dot: Dot, asked: HistoryEntry, { samples }: Evidence): boolean {
  return samples.some(({ at, nodes }) => {
    const sample = nodes[asked.node];
    if (at >= asked.invokedAt || sample?.life !== asked.life) return false;
    return sample.vectors.get(dot.shard)?.covers(dot.origin, dot.sequence) === true;
  });
}
