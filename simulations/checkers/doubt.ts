/**
 * What a replica that begins anew may give up. It was away for longer than the retention, so that the others may have
 * purged what tells its old values from deleted ones. A value that nobody else has and that is older than the retention
 * is put aside for an operator, never silently; a deletion as old, or a value that has expired, may be forgotten; what is
 * younger stays, under a new dot where others closed the life that wrote it.
 */

import type { Key, Timestamp } from "../../src/base/ids.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import type { Judgement } from "../simulator/node.ts";
import type { Acknowledged } from "../workload/history.ts";
import type { Evidence, NodeEvidence } from "./evidence.ts";
import { livedTwice } from "./lived-twice.ts";
import { compareStamps, type Stamp, stampOfVersion } from "./stamp.ts";
import type { PossibleWrite } from "./writes-by-key.ts";

/** How often a replica had begun anew by some time. */
export function beginningsOf(node: NodeEvidence | undefined, until: number): number {
  return node?.judgements.filter(({ at, shard }) => shard === undefined && at <= until).length ?? 0;
}

/**
 * True when a replica that had the write may hold neither it nor what superseded it there: one of the two was put aside,
 * here or by its writer, to which everybody else leaves that; or was forgotten as too old without a word, since nothing
 * was left in it; or was purged early, since it had the dot of another write, which everybody covered. `writes`: all of
 * the key.
 */
export function mayHaveLetGo(
  node: NodeEvidence,
  { entry, part }: Acknowledged,
  writes: readonly PossibleWrite[],
  evidence: Evidence,
): boolean {
  if (evidence.nodes.every(({ judgements }) => judgements.length === 0)) return false;
  const stamp = stampOfVersion(part.version, part.isDelete);
  const hasBegunAnew = node.judgements.some(({ at }) => at >= (entry.answeredAt ?? 0));
  if (hasBegunAnew && isPutAside(part.key, stamp, evidence)) return true;
  const isLater = (write: PossibleWrite): boolean =>
    write.stamp === undefined || compareStamps(write.stamp, stamp) >= 0;
  return writes.some(
    (write) => isLater(write) && (mayHaveOutlived(write, part.dot.shard, evidence) || hasOtherDot(write, evidence)),
  );
}

/** True for a deletion, or a value that expires, whose dot may be that of another write as well. */
function hasOtherDot({ entry, isDelete, stamp }: PossibleWrite, evidence: Evidence): boolean {
  if (!isDelete && entry.operation.ttlMs === undefined) return false;
  return stamp !== undefined && livedTwice(evidence).has(stamp.origin);
}

/** True when anybody put the write of that stamp aside, or a later one of the key, as older than the retention. */
function isPutAside(key: Key, stamp: Stamp, evidence: Evidence): boolean {
  return evidence.nodes.some(({ putAside }) =>
    putAside.some((register) => {
      const isMeant = register.key === key && register.timestamp >= stamp.timestamp;
      return isMeant && msOfTimestamp(register.timestamp as Timestamp) < register.wallMs - evidence.retentionMs;
    }),
  );
}

/**
 * True when a deletion, or a value that has expired, was older than the retention when somebody began anew: whoever holds
 * what it replaced may bring that back, through others as well, to those that have purged it by right.
 */
function mayHaveOutlived({ entry, isDelete, stamp }: PossibleWrite, shard: number, evidence: Evidence): boolean {
  if (!isDelete && entry.operation.ttlMs === undefined) return false;
  const writtenMs = stamp === undefined ? entry.invokedWallMs : msOfTimestamp(stamp.timestamp as Timestamp);
  const isTooOld = (judgement: Judgement): boolean =>
    judgement.at >= entry.invokedAt &&
    (judgement.shard === undefined || judgement.shard === shard) &&
    writtenMs < judgement.wallMs - evidence.retentionMs;
  return evidence.nodes.some((node) => judgementsByAge(node).some(isTooOld));
}

/** Those that let go of what is too old: a shard that was merely damaged forgets nothing by age. */
function judgementsByAge({ judgements }: NodeEvidence): readonly Judgement[] {
  const first = judgements.findIndex(({ shard }) => shard === undefined);
  return first === -1 ? [] : judgements.slice(first);
}

/** Who looks at a key, and what may have been written there. */
export interface Look {
  readonly node: number;
  readonly at: number;
  readonly writes: readonly PossibleWrite[];
}

/**
 * True when what bears the stamp was older than the retention when a replica decided about its shard: the one that is
 * looked at, which may have let go of it; or, of a deletion or of what expires, which others purge, any.
 */
export function isOutlived(stamp: Stamp, { node, at, writes }: Look, { nodes, retentionMs }: Evidence): boolean {
  if (nodes.every(({ judgements }) => judgements.length === 0)) return false;
  const writtenMs = msOfTimestamp(stamp.timestamp as Timestamp);
  const shard = writes.find((write) => write.dot !== undefined)?.dot?.shard;
  const isMeant = (judged: number | undefined): boolean =>
    judged === undefined || shard === undefined || judged === shard;
  const isTooOld = (judgement: Judgement): boolean =>
    judgement.at <= at && isMeant(judgement.shard) && writtenMs < judgement.wallMs - retentionMs;
  const mayBePurged = stamp.isDead || writes.some((write) => mayExpire(write, stamp));
  return nodes.some((each, i) => (mayBePurged || i === node) && judgementsByAge(each).some(isTooOld));
}

function mayExpire({ entry, stamp }: PossibleWrite, { timestamp }: Stamp): boolean {
  return entry.operation.ttlMs !== undefined && (stamp === undefined || stamp.timestamp === timestamp);
}
