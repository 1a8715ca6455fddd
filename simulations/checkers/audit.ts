/**
 * The audit is a net under the protocol, not a part of it: it finds nothing to repair, not even after a disk lost what it
 * had, which shows at the start and is fetched. Without this check it would hide every hole that a broken rule tears. Three
 * things are excused. A register that expires: a replica whose clock is ahead passes it on without its value, and the audit
 * brings the value back to one whose clock is behind. One that was written before several replicas that had been away
 * sorted its shard out: where three or more gave each other up in turn, the first takes over what the second closed, and a
 * third, which had sorted things out with the first before, still holds what is covered now; the audit asks all of them.
 * And one that its writer had lost, and everybody else who ran, so that its life was closed without it: whoever comes back
 * with it then, on a disk that was set back or was down, has something that nobody else does and everybody covers. Of what
 * documents are made of only what expires and the second are excused, whether anybody was told of it or not.
 */

import type { Timestamp } from "../../src/base/ids.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import type { AuditRepair } from "../sampling/audit-repair.ts";
import { type Acknowledged, acknowledgedParts } from "../workload/history.ts";
import { type Evidence, type NodeEvidence, type Violation, violations } from "./evidence.ts";
import { stampOfVersion } from "./stamp.ts";
import { mayHaveForgotten } from "./survival.ts";

export function checkAudit(evidence: Evidence): Violation[] {
  if (evidence.auditRepairs.length === 0) return [];
  const lasting = new Set<string>();
  for (const acknowledged of acknowledgedParts(evidence.history)) {
    const { entry, part } = acknowledged;
    if (entry.operation.ttlMs !== undefined || wasLostByAll(acknowledged, evidence)) continue;
    const { timestamp } = stampOfVersion(part.version, part.isDelete);
    lasting.add(`${part.dot.shard} ${msOfTimestamp(timestamp as Timestamp)}`);
  }
  const unexcused = evidence.auditRepairs.filter((repair) => !isOfSortedOut(repair, evidence));
  const isHole = ({ shard, stampedAt, isOfDocument }: AuditRepair): boolean =>
    isOfDocument === true || lasting.has(`${shard} ${stampedAt}`);
  const holes = unexcused.filter(isHole).map(({ shard, stampedAt }) => `${shard} ${stampedAt}`);
  if (holes.length === 0) return [];
  const message = `the audit repaired ${holes.length} registers (shard and stamp: ${holes.join(", ")}): a vector claimed what was not held`;
  return violations("audit", [message]);
}

/** True when its writer may have lost it, and nobody held it any more, nor anything later of its key, when some of them ran. */
function wasLostByAll({ entry, part }: Acknowledged, { nodes, samples }: Evidence): boolean {
  const answeredAt = entry.answeredAt ?? Infinity;
  const writer = nodes[entry.node];
  const receipt = { key: part.key, shard: part.dot.shard, from: entry.invokedAt, by: answeredAt };
  if (writer === undefined || !mayHaveForgotten(writer, receipt)) return false;
  const { timestamp } = stampOfVersion(part.version, part.isDelete);
  return samples.some(({ at, nodes: looks }) => {
    if (at < answeredAt || looks.every((look) => look === undefined)) return false;
    return looks.every((look) => (look?.registers.get(`0:${part.key}`)?.stamp.timestamp ?? 0) < timestamp);
  });
}

/** True when of three that were given up two have begun anew since, each by its own clock, and decided about the shard. */
function isOfSortedOut({ shard, stampedAt }: Evidence["auditRepairs"][number], { nodes }: Evidence): boolean {
  const hasSortedOut = ({ judgements }: NodeEvidence): boolean => {
    const begun = judgements.find(({ reason, wallMs }) => reason === "away" && wallMs > stampedAt);
    return begun !== undefined && judgements.some((each) => each.shard === shard && each.at >= begun.at);
  };
  const givenUp = nodes.filter(({ givenUpAt }) => givenUpAt.length > 0);
  return givenUp.length >= 3 && nodes.filter(hasSortedOut).length >= 2;
}
