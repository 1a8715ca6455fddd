/**
 * The audit is a net under the protocol, not a part of it: it finds nothing to repair, not even after a disk lost what it
 * had, which shows at the start and is fetched. Without this check it would hide every hole that a broken rule tears. Four
 * things are excused. A register that expires: a replica whose clock is ahead passes it on without its value, and the audit
 * brings the value back to one whose clock is behind. One that was written before several replicas that had been away
 * sorted its shard out: where three or more gave each other up in turn, the first takes over what the second closed, and a
 * third, which had sorted things out with the first before, still holds what is covered now; the audit asks all of them.
 * And one that its writer had lost, and everybody else who ran, so that its life was closed without it: whoever comes back
 * with it then, on a disk that was set back or was down, has something that nobody else does and everybody covers. And what
 * a newcomer wrote unaware of a removal (`removal.ts`): it stands where that was purged, and lost where it was not, so that one
 * of the two is brought to whoever lacks it. Of what documents are made of all but the third are excused, whether anybody was
 * told of it or not.
 */

import type { OriginId, Timestamp } from "../../src/base/ids.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import { replicaOf } from "../../src/core/origin.ts";
import { type DocumentEntry, dotOf } from "../documents/document-history.ts";
import type { AuditRepair } from "../sampling/audit-repair.ts";
import { type Acknowledged, acknowledgedParts } from "../workload/history.ts";
import { indexDocuments, knows } from "./document-fate.ts";
import { type Evidence, type NodeEvidence, type Violation, violations } from "./evidence.ts";
import { isOfNewcomer, wroteUnaware } from "./removal.ts";
import { compareStamps, stampOfVersion } from "./stamp.ts";
import { mayHaveForgotten } from "./survival.ts";
import { indexWrites, type PossibleWrite } from "./writes-by-key.ts";

export function checkAudit(evidence: Evidence): Violation[] {
  if (evidence.auditRepairs.length === 0) return [];
  const lasting = new Set<string>();
  for (const acknowledged of acknowledgedParts(evidence.history)) {
    const { entry, part } = acknowledged;
    if (entry.operation.ttlMs !== undefined || wasLostByAll(acknowledged, evidence)) continue;
    if (isDisputed(acknowledged, evidence)) continue;
    lasting.add(nameOf({ shard: part.dot.shard, ...stampOfVersion(part.version, part.isDelete) }));
  }
  const unexcused = evidence.auditRepairs.filter(
    (repair) => !isOfSortedOut(repair, evidence) && !isOfUnawareEdit(repair, evidence),
  );
  const holes = unexcused.filter((repair) => repair.isOfDocument || lasting.has(nameOf(repair)));
  if (holes.length === 0) return [];
  const shown = holes.map(({ shard, timestamp, origin }) => `${timestamp} by ${origin} in shard ${shard}`);
  const message = `the audit repaired ${holes.length} registers (${shown.join(", ")}): a vector claimed what was not held`;
  return violations("audit", [message]);
}

/** A write may have been given a dot of a later life of its replica: it keeps its timestamp. */
function nameOf({ shard, timestamp, origin }: Omit<AuditRepair, "isOfDocument">): string {
  return `${shard} ${timestamp} ${replicaOf(origin as OriginId)}`;
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

/** True for what a newcomer wrote below a removal that it did not know of, and for the removal. */
function isDisputed({ entry, part }: Acknowledged, evidence: Evidence): boolean {
  const stamp = stampOfVersion(part.version, part.isDelete);
  const writes = indexWrites(evidence).get(part.key) ?? [];
  const stands = (write: PossibleWrite): boolean =>
    (write.stamp === undefined || compareStamps(write.stamp, stamp) < 0) &&
    wroteUnaware(write.entry, stamp, writes, evidence);
  return wroteUnaware(entry, stamp, writes, evidence) || (part.isDelete && writes.some(stands));
}

/** True for what a newcomer wrote into a document in whose shard it edited one without knowing what had removed that. */
function isOfUnawareEdit({ shard, origin }: AuditRepair, evidence: Evidence): boolean {
  const { documents } = evidence;
  const author = documents.find((entry) => dotOf(entry)?.origin === origin);
  if (author === undefined || !isOfNewcomer(author, evidence)) return false;
  const isUnaware = (edit: DocumentEntry): boolean => {
    const { deletions = [], leases = [] } = indexDocuments(evidence).get(edit.operation.key) ?? {};
    return [...deletions, ...leases.filter(({ operation }) => operation.ttlMs !== undefined)].some(
      (removal) => removal.invokedAt < edit.invokedAt && !knows(edit.knew, dotOf(removal)),
    );
  };
  return documents.some(
    (edit) => edit.node === author.node && edit.life === author.life && dotOf(edit)?.shard === shard && isUnaware(edit),
  );
}

/**
 * True when two have begun anew since, each by its own clock, and decided about the shard, of three that were given up, or
 * that a third gave up both: the first of them may have deferred to the second before that deferred to the third.
 */
function isOfSortedOut({ shard, timestamp }: AuditRepair, { nodes }: Evidence): boolean {
  const stampedAt = msOfTimestamp(timestamp as Timestamp);
  const hasSortedOut = ({ judgements }: NodeEvidence): boolean => {
    const begun = judgements.find(({ reason, wallMs }) => reason === "away" && wallMs > stampedAt);
    return begun !== undefined && judgements.some((each) => each.shard === shard && each.at >= begun.at);
  };
  const areTwo = (some: readonly NodeEvidence[]): boolean => some.filter(hasSortedOut).length >= 2;
  const givenUp = nodes.filter(({ givenUpAt }) => givenUpAt.length > 0);
  const givenUpBy = (by: number): NodeEvidence[] => givenUp.filter((node) => node.givenUpBy.includes(by));
  return (givenUp.length >= 3 && areTwo(nodes)) || nodes.some((_, by) => areTwo(givenUpBy(by)));
}
