/**
 * What may have become of an edit of a document, and what must have. A deletion removes every edit that did not know of it,
 * wherever and whenever it was made; one that knew stays, and so does one that knew a deletion that was stamped later. Who
 * knew what is told by dots: the version vector of the replica that took an edit covers the dot of a deletion when it had
 * seen it, and when it had not, an edit may have told of it. An edit that came after what was purged may also stay where a
 * deletion, unseen, was stamped below that; and so may that of a newcomer, for whom no purge waits (`removal.ts`).
 *
 * Leases promise less. Once one may have run out, whoever edits where that is so begins another document, which removes what
 * it has not seen. So what was there may be gone from then on, unless the lease was prolonged before, for good, and nobody
 * who had not heard of that edited the document since. And it must be gone once every lease that there may be has run out.
 */

import type { VersionVector } from "../../src/core/version-vector.ts";
import type { Dot } from "../../src/store.ts";
import { type DocumentEntry, dotOf, mayHaveBeenDone } from "../documents/document-history.ts";
import type { DocumentOperationType } from "../documents/document-operation.ts";
import type { Evidence, NodeEvidence } from "./evidence.ts";
import { isKept } from "./promise.ts";
import { isOfNewcomer } from "./removal.ts";
import { stampOfVersion } from "./stamp.ts";
import type { Moment } from "./writes-by-key.ts";

/** Of one key. */
export interface DocumentWrites {
  /** What may be part of the document. */
  readonly edits: readonly DocumentEntry[];
  /** What may have happened to the whole. */
  readonly deletions: readonly DocumentEntry[];
  readonly leases: readonly DocumentEntry[];
}

/** Housekeeping, the end of a sweep, and whole milliseconds. */
const LATE_MS = 50;

/** True when a vector covers what was written; false where nobody was told of its dot. */
export function knows(vector: VersionVector | undefined, dot: Dot | undefined): boolean {
  return dot !== undefined && vector?.covers(dot.origin, dot.sequence) === true;
}

/** True when something that may have happened by a moment explains that an edit is not in the document. */
export function mayBeRemoved(edit: DocumentEntry, writes: DocumentWrites, moment: Moment, evidence: Evidence): boolean {
  const isThere = (other: DocumentEntry): boolean => isSurelyThere(other, edit, evidence);
  const removes = (deletion: DocumentEntry): boolean =>
    deletion.invokedAt <= moment.at && !isBehind(deletion, edit, writes, isThere);
  return writes.deletions.some(removes) || writes.leases.some((lease) => mayHaveEnded(lease, writes, moment, evidence));
}

/** True when a deletion that stands for good must have removed an edit, or the last lease that there may be has run out. */
export function isRemoved(edit: DocumentEntry, writes: DocumentWrites, moment: Moment, evidence: Evidence): boolean {
  const removes = (deletion: DocumentEntry): boolean =>
    !mayBeBehind(deletion, edit, writes, evidence) && isForGood(deletion, evidence);
  return writes.deletions.some(removes) || hasRunOut(edit, writes, { ...moment, knew: undefined }, evidence);
}

/**
 * True when an edit knew of a deletion, or of one with a greater stamp that was there to be known: it is of a later document.
 */
function isBehind(
  deletion: DocumentEntry,
  edit: DocumentEntry,
  { deletions }: DocumentWrites,
  isThere: (other: DocumentEntry) => boolean,
): boolean {
  const stamp = stampOf(deletion);
  if (knows(edit.knew, dotOf(deletion)) || (stamp ?? Infinity) <= edit.generation) return true;
  const isLater = (other: DocumentEntry): boolean =>
    stamp !== undefined && (stampOf(other) ?? 0) > stamp && knows(edit.knew, dotOf(other)) && isThere(other);
  return deletions.some(isLater);
}

/** A life that is over counts as covered up to its end, with what its crash took, and nobody ever saw. */
function isSurelyThere(deletion: DocumentEntry, { knew }: DocumentEntry, evidence: Evidence): boolean {
  const dot = dotOf(deletion);
  return dot !== undefined && (knew?.isSealed(dot.origin) !== true || isForGood(deletion, evidence));
}

/** True unless an edit must fall to a deletion. What ends a lease is a deletion that nobody was told of. */
export function mayBeBehind(
  deletion: DocumentEntry,
  edit: DocumentEntry,
  writes: DocumentWrites,
  evidence: Evidence,
): boolean {
  const stamp = stampOf(deletion);
  if (stamp === undefined || stamp <= edit.purgedUpTo || isBehind(deletion, edit, writes, () => true)) return true;
  if (isOfNewcomer(edit, evidence) && deletion.invokedAt < edit.invokedAt) return true;
  const moment = { at: edit.invokedAt, wallMs: edit.invokedWallMs };
  return writes.leases.some((lease) => mayHaveEnded(lease, writes, moment, evidence));
}

function stampOf({ answer }: DocumentEntry): number | undefined {
  return answer?.type === "written" ? stampOfVersion(answer.version, false).timestamp : undefined;
}

/**
 * True when what was answered has to hold whatever happened since. A replica that begins anew, or whose disk was damaged,
 * promises nothing here.
 */
export function isForGood(entry: DocumentEntry, evidence: Evidence): boolean {
  const { node, life, invokedAt, answeredAt, answer, operation } = entry;
  if (answer?.type !== "written" || answeredAt === undefined) return false;
  const { isAckMet, reached, dot } = answer;
  const { key, ack } = operation;
  const promised = { key, shard: dot.shard, node, life, invokedAt, answeredAt, ack, isAckMet, reached };
  const hasLetGo = ({ judgements, diskLosses }: NodeEvidence): boolean => judgements.length + diskLosses.length > 0;
  return isKept(promised, hasLetGo, evidence);
}

function mayHaveEnded(lease: DocumentEntry, writes: DocumentWrites, moment: Moment, evidence: Evidence): boolean {
  const endMs = earliestEndOf(lease, evidence);
  if (lease.invokedAt > moment.at || endMs > moment.wallMs) return false;
  return !writes.leases.some((other) => isProlonged(lease, { by: other, beforeMs: endMs }, writes, evidence));
}

function isProlonged(
  lease: DocumentEntry,
  { by, beforeMs }: { readonly by: DocumentEntry; readonly beforeMs: number },
  { edits }: DocumentWrites,
  evidence: Evidence,
): boolean {
  const isInTime = by.invokedWallMs + evidence.clockSpreadMs < beforeMs;
  if (!isInTime || !knows(by.knew, dotOf(lease)) || !isForGood(by, evidence)) return false;
  const begins = (edit: DocumentEntry): boolean =>
    edit.invokedWallMs + evidence.clockSpreadMs >= beforeMs && !knows(edit.knew, dotOf(by));
  return !edits.some(begins);
}

/** A moment, and what somebody who looks then knows; undefined: everything. */
interface Look extends Moment {
  readonly knew: VersionVector | undefined;
}

/** True when an edit was part of what a lease was for, and that lease, and all others, have run out by every clock. */
export function hasRunOut(edit: DocumentEntry, writes: DocumentWrites, look: Look, evidence: Evidence): boolean {
  const leases = writes.leases.filter(({ invokedAt }) => invokedAt <= look.at);
  // Of a life that has ended also what was lost with it is covered.
  const isKnown = (lease: DocumentEntry): boolean =>
    isForGood(lease, evidence) && (look.knew === undefined || knows(look.knew, dotOf(lease)));
  return (
    leases.every((lease) => latestEndOf(lease, evidence) < look.wallMs) &&
    leases.some((lease) => knows(lease.knew, dotOf(edit)) && isKnown(lease))
  );
}

/** True when a lease may have ended so lately that the next sweep is to tell the clients. */
export function mayJustHaveEnded(writes: DocumentWrites, wallMs: number, evidence: Evidence): boolean {
  return writes.leases.some((lease) => {
    const isOver = earliestEndOf(lease, evidence) <= wallMs;
    return isOver && latestEndOf(lease, evidence) + 2 * evidence.sweepMs >= wallMs;
  });
}

function earliestEndOf({ operation, invokedWallMs }: DocumentEntry, { clockSpreadMs }: Evidence): number {
  return invokedWallMs + (operation.ttlMs ?? Infinity) - clockSpreadMs;
}

/** A lease begins when it is asked for, since that is when a replica that runs writes it. */
function latestEndOf({ operation, invokedWallMs }: DocumentEntry, { clockSpreadMs }: Evidence): number {
  return invokedWallMs + (operation.ttlMs ?? Infinity) + clockSpreadMs + LATE_MS;
}

const indexed = new WeakMap<Evidence, ReadonlyMap<string, DocumentWrites>>();

/** Of each key. */
export function indexDocuments(evidence: Evidence): ReadonlyMap<string, DocumentWrites> {
  let index = indexed.get(evidence);
  if (index === undefined) {
    index = createIndex(evidence);
    indexed.set(evidence, index);
  }
  return index;
}

function createIndex({ documents }: Evidence): ReadonlyMap<string, DocumentWrites> {
  const keys = new Set(documents.map(({ operation }) => operation.key));
  const done = documents.filter((entry) => entry.life !== 0 && mayHaveBeenDone(entry));
  return new Map(
    [...keys].map((key) => {
      const entries = done.filter(({ operation }) => operation.key === key);
      const ofType = (type: DocumentOperationType): DocumentEntry[] =>
        entries.filter(({ operation }) => operation.type === type);
      const edits = entries.filter(({ sent }) => sent !== undefined);
      return [key, { edits, deletions: ofType("delete"), leases: ofType("lease") }];
    }),
  );
}
