/**
 * Version vectors do not grow with restarts: once all is healed and sealed, a shard's vector has for each replica at most
 * its present life and the mark below which its lives are sealed. Who keeps nothing on disk is a new replica at each start,
 * with an entry of its own, which a mark takes the place of: two for each of its starts.
 */

import { type Evidence, type NodeEvidence, type Violation, violations } from "./evidence.ts";

export function checkVectors(evidence: Evidence): Violation[] {
  const most = entriesMax(evidence.nodes);
  const messages: string[] = [];
  for (const [node, { dump }] of evidence.nodes.entries()) {
    for (const { shard, entries, vector } of dump?.shards ?? []) {
      if (entries > most)
        messages.push(`replica ${node}, shard ${shard}: ${entries} entries where ${most} will do: ${vector}`);
    }
  }
  return violations("vectors", messages);
}

/**
 * Of a vector when everything is sealed that can be. Who kept nothing and has ended is an owner still, whom all wait for:
 * until it is given up no life that ended can be sealed.
 */
export function entriesMax(nodes: readonly Pick<NodeEvidence, "durable" | "ends" | "judgements">[]): number {
  const isWaitedFor = nodes.some(({ durable, ends }) => !durable && ends.length > 0);
  return nodes.reduce((sum, { durable, ends, judgements }) => {
    if (!durable) return sum + 2 * (ends.length + 1);
    return sum + 2 + (isWaitedFor ? ends.length + judgements.length : 0);
  }, 0);
}
