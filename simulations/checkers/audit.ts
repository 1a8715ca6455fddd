/**
 * The audit is a net under the protocol, not a part of it: it finds nothing to repair, not even after a disk lost what it
 * had, which shows at the start and is fetched. Without this check it would hide every hole that a broken rule tears. One
 * thing is excused: a register that expires. A replica whose clock is ahead passes it on without its value, and the audit brings the value back to one whose
 * clock is behind.
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
  const repaired = evidence.auditRepairs.map(({ shard, stampedAt }) => `${shard} ${stampedAt}`);
  const holes = repaired.filter((repair) => lasting.has(repair));
  if (holes.length === 0) return [];
  const message = `the audit repaired ${holes.length} registers (shard and stamp: ${holes.join(", ")}): a vector claimed what was not held`;
  return violations("audit", [message]);
}
