/** What an acknowledgement promises, and whether that has to hold after all that happened since (`acknowledged.ts`). */

import type { AckLevel } from "../../src/store.ts";
import type { Evidence, NodeEvidence } from "./evidence.ts";
import { hasLost, mayHaveForgotten, type Place, remembers } from "./survival.ts";

/** A write that was answered. */
export interface Promised extends Place {
  readonly node: number;
  readonly life: number;
  readonly invokedAt: number;
  readonly answeredAt: number;
  readonly ack: AckLevel;
  readonly isAckMet: boolean;
  /** Replicas that had it when it was answered, its own included. */
  readonly reached: number;
}

/** `hasLetGo`: a replica that had it may have given it up by right. */
export function isKept(
  { key, shard, node: index, life, invokedAt, answeredAt, ack, isAckMet, reached }: Promised,
  hasLetGo: (node: NodeEvidence) => boolean,
  evidence: Evidence,
): boolean {
  const node = evidence.nodes[index];
  if (node === undefined) return false;
  const place = { key, shard };
  if (ack !== "memory" && ack !== "disk" && isAckMet) {
    // Who has it by then may end before the news of that is here.
    const hasForgotten = (other: NodeEvidence): boolean =>
      mayHaveForgotten(other, { ...place, from: invokedAt, by: answeredAt }) ||
      hasLost(other, place, answeredAt) ||
      hasLetGo(other);
    if (evidence.nodes.filter(hasForgotten).length < reached) return true;
  }
  if (hasLetGo(node)) return false;
  if (remembers({ ...place, node: index, life, since: answeredAt }, Infinity, evidence)) return true;
  return ack === "disk" && isAckMet && node.durable && !hasLost(node, place, answeredAt);
}
