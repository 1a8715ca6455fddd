/**
 * The audit is a net under the protocol, not a part of it: it finds nothing to repair, not even after a disk lost what it
 * had, which shows at the start and is fetched. Without this check it would hide every hole that a broken rule tears. Two
 * things are excused. A register that expires: a replica whose clock is ahead passes it on without its value, and the audit
 * brings the value back to one whose clock is behind. And one that was written before several replicas began anew: where
 * three or more gave each other up in turn, the first takes over what the second closed, and a third, which had sorted
 * things out with the first before, still holds what is covered now; the audit asks all of them.
 */

import type { Timestamp } from "../../src/base/ids.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import { acknowledgedParts } from "../workload/history.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";
import { stampOfVersion } from "./stamp.ts";

export function checkAudit(evidence: Evidence): Violation[] {
  if (evidence.auditRepairs.length === 0) return [];
  const lasting = new Set<string>();
  for (const { entry, part } of acknowledgedParts(evidence.history)) {
    const { timestamp } = stampOfVersion(part.version, part.isDelete);
    if (entry.operation.ttlMs === undefined) lasting.add(`${part.dot.shard} ${msOfTimestamp(timestamp as Timestamp)}`);
  }
  const unexcused = evidence.auditRepairs.filter(({ stampedAt }) => !isBeforeBeginnings(stampedAt, evidence));
  const repaired = unexcused.map(({ shard, stampedAt }) => `${shard} ${stampedAt}`);
  const holes = repaired.filter((repair) => lasting.has(repair));
  if (holes.length === 0) return [];
  const message = `the audit repaired ${holes.length} registers (shard and stamp: ${holes.join(", ")}): a vector claimed what was not held`;
  return violations("audit", [message]);
}

/** True when two replicas or more have begun anew since, each by its own clock. */
function isBeforeBeginnings(stampedAt: number, { nodes }: Evidence): boolean {
  const begun = nodes.filter(({ judgements }) =>
    judgements.some(({ shard, wallMs }) => shard === undefined && wallMs > stampedAt),
  );
  return begun.length >= 2;
}
