/**
 * What one life of one replica owes whoever talks to it alone: a read never shows an older write of a key than was read or
 * acknowledged there before (monotonic reads, read your writes), and a write is stamped above all of them (R8). A replica
 * that begins anew serves nothing until it is confirmed: its reads owe nothing to what was shown before, its stamps do.
 */

import type { HistoryEntry } from "../workload/history.ts";
import { isWrite, partsOf } from "../workload/operation.ts";
import { beginningsOf, isOutlived } from "./doubt.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, mayBeGone, type WritesByKey } from "./writes-by-key.ts";

interface Moment {
  readonly at: number;
  readonly isAnswer: boolean;
  readonly entry: HistoryEntry;
}

interface Seen {
  readonly stamp: Stamp;
  readonly shard: number;
  readonly by: HistoryEntry;
}

export function checkLocalOrder(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const writes = indexWrites(evidence);
  /** By node, life and key: the greatest stamp that anybody was shown. */
  const shown = new Map<string, Seen>();
  const note = (slot: string, seen: Seen): void => {
    const before = shown.get(slot);
    if (before === undefined || compareStamps(seen.stamp, before.stamp) > 0) shown.set(slot, seen);
  };
  /** What had been shown when an operation was invoked. */
  const floors = new Map<HistoryEntry, ReadonlyMap<string, Seen | undefined>>();
  for (const { entry, isAnswer } of moments(evidence)) {
    if (!isAnswer) {
      const keys = partsOf(entry.operation).map((part) => part.key);
      const slots = keys.map((key) => [key, shown.get(slotOf(entry, key, evidence))] as const);
      floors.set(entry, new Map(slots));
      continue;
    }
    for (const { key, stamp, shard, isWritten } of stampsOf(entry)) {
      const floor = floors.get(entry)?.get(key);
      const order = floor === undefined ? 1 : compareStamps(stamp, floor.stamp);
      if (floor !== undefined && (order < 0 || (order === 0 && isWritten))) {
        messages.push(describe(entry, key, stamp, floor, isWritten));
      }
      note(slotForWrites(entry, key), { stamp, shard, by: entry });
      // What was asked for before the replica began anew is a fact of that time, whenever it is answered.
      note(slotForReads(entry, key, entry.invokedAt, evidence), { stamp, shard, by: entry });
    }
    messages.push(...checkAbsent(entry, floors.get(entry)?.get(entry.operation.key), writes, evidence));
  }
  return violations("local-order", messages);
}

function moments(evidence: Evidence): Moment[] {
  const all: Moment[] = [];
  for (const entry of evidence.history) {
    if (entry.answer === undefined || entry.answeredAt === undefined || entry.life === 0) continue;
    all.push({ at: entry.invokedAt, isAnswer: false, entry }, { at: entry.answeredAt, isAnswer: true, entry });
  }
  // Of one instant, answers count as later: what overlaps promises nothing.
  return all.sort((a, b) => a.at - b.at || Number(a.isAnswer) - Number(b.isAnswer));
}

/** Where an operation finds what it owes something to. */
function slotOf(entry: HistoryEntry, key: string, evidence: Evidence): string {
  if (isWrite(entry.operation.type)) return slotForWrites(entry, key);
  // One during which the replica began anew owes nothing to what was before that.
  return slotForReads(entry, key, entry.answeredAt ?? 0, evidence);
}

function slotForWrites(entry: HistoryEntry, key: string): string {
  return `${entry.node} ${entry.life} ${key}`;
}

function slotForReads(entry: HistoryEntry, key: string, at: number, evidence: Evidence): string {
  return `${slotForWrites(entry, key)} since ${beginningsOf(evidence.nodes[entry.node], at)}`;
}

interface Stamped {
  readonly key: string;
  readonly stamp: Stamp;
  readonly shard: number;
  readonly isWritten: boolean;
}

function stampsOf(entry: HistoryEntry): Stamped[] {
  const { answer } = entry;
  if (answer?.type === "written") {
    return answer.parts.map(({ key, version, isDelete, dot }) => ({
      key,
      stamp: stampOfVersion(version, isDelete),
      shard: dot.shard,
      isWritten: true,
    }));
  }
  if (answer?.type !== "read") return [];
  const { key, version, dot } = answer.read;
  if (version === undefined || dot === undefined) return [];
  return [{ key, stamp: stampOfVersion(version, false), shard: dot.shard, isWritten: false }];
}

/** Nothing is shown where a live value was: somebody must have been able to remove it. */
function checkAbsent(entry: HistoryEntry, floor: Seen | undefined, writes: WritesByKey, evidence: Evidence): string[] {
  const { answer, answeredAt = 0, answeredWallMs = 0 } = entry;
  if (answer?.type !== "read" || answer.read.version !== undefined) return [];
  const ofKey = writes.get(answer.read.key) ?? [];
  const look = { node: entry.node, at: answeredAt, writes: ofKey };
  if (floor === undefined || floor.stamp.isDead || isOutlived(floor.stamp, look, evidence)) return [];
  if (isInDoubt(entry, floor.shard, evidence)) return [];
  const moment = { at: answeredAt, wallMs: answeredWallMs };
  if (mayBeGone(ofKey, floor.stamp, moment, evidence.clockSpreadMs)) return [];
  return [
    `operation ${entry.operation.id} read nothing at ${showKey(answer.read.key)} of replica ${entry.node}, where operation ${floor.by.operation.id} had seen ${showStamp(floor.stamp)}, and nobody deletes the key`,
  ];
}

/** Whose disk had lost something when its process began serves nothing of a shard that nobody has confirmed yet. */
function isInDoubt(
  { node, life, invokedAt, answeredAt = 0 }: HistoryEntry,
  shard: number,
  evidence: Evidence,
): boolean {
  const { ends = [], diskLosses = [], judgements = [] } = evidence.nodes[node] ?? {};
  const begunAt = ends.find((end) => end.life === life - 1)?.at ?? 0;
  return diskLosses.some(({ to }) => {
    const isConfirmed = judgements.some(({ at, shard: judged }) => judged === shard && at >= to && at < invokedAt);
    return to >= begunAt && to <= answeredAt && !isConfirmed;
  });
}

function describe(entry: HistoryEntry, key: string, stamp: Stamp, floor: Seen, isWritten: boolean): string {
  const { node, operation } = entry;
  const { id, type } = operation;
  const verb = isWritten ? "was stamped" : "read";
  return `operation ${id} (${type}) ${verb} ${showStamp(stamp)} at ${showKey(key)} of replica ${node}, where operation ${floor.by.operation.id} had been shown ${showStamp(floor.stamp)} before`;
}
