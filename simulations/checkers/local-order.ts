/**
 * What one life of one replica owes whoever talks to it alone: a read never shows an older write of a key than was read or
 * acknowledged there before (monotonic reads, read your writes), and a write is stamped above all of them (R8).
 */

import type { HistoryEntry } from "../workload/history.ts";
import { partsOf } from "../workload/operation.ts";
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
  readonly by: HistoryEntry;
}

export function checkLocalOrder(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const writes = indexWrites(evidence);
  /** By node, life and key: the greatest stamp that anybody was shown. */
  const shown = new Map<string, Seen>();
  /** What had been shown when an operation was invoked. */
  const floors = new Map<HistoryEntry, ReadonlyMap<string, Seen | undefined>>();
  for (const { entry, isAnswer } of moments(evidence)) {
    if (!isAnswer) {
      const keys = partsOf(entry.operation).map((part) => part.key);
      floors.set(entry, new Map(keys.map((key) => [key, shown.get(slotOf(entry, key))])));
      continue;
    }
    for (const { key, stamp, isWrite } of stampsOf(entry)) {
      const floor = floors.get(entry)?.get(key);
      const order = floor === undefined ? 1 : compareStamps(stamp, floor.stamp);
      if (floor !== undefined && (order < 0 || (order === 0 && isWrite))) {
        messages.push(describe(entry, key, stamp, floor, isWrite));
      }
      const before = shown.get(slotOf(entry, key));
      if (before === undefined || compareStamps(stamp, before.stamp) > 0) {
        shown.set(slotOf(entry, key), { stamp, by: entry });
      }
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

function slotOf(entry: HistoryEntry, key: string): string {
  return `${entry.node} ${entry.life} ${key}`;
}

function stampsOf(entry: HistoryEntry): { key: string; stamp: Stamp; isWrite: boolean }[] {
  const { answer } = entry;
  if (answer?.type === "written") {
    return answer.parts.map(({ key, version, isDelete }) => ({
      key,
      stamp: stampOfVersion(version, isDelete),
      isWrite: true,
    }));
  }
  if (answer?.type !== "read" || answer.read.version === undefined) return [];
  return [{ key: answer.read.key, stamp: stampOfVersion(answer.read.version, false), isWrite: false }];
}

/** Nothing is shown where a live value was: somebody must have been able to remove it. */
function checkAbsent(entry: HistoryEntry, floor: Seen | undefined, writes: WritesByKey, evidence: Evidence): string[] {
  const { answer, answeredAt = 0, answeredWallMs = 0 } = entry;
  if (answer?.type !== "read" || answer.read.version !== undefined) return [];
  if (floor === undefined || floor.stamp.isDead) return [];
  const moment = { at: answeredAt, wallMs: answeredWallMs };
  if (mayBeGone(writes.get(answer.read.key) ?? [], floor.stamp, moment, evidence.clockSpreadMs)) return [];
  return [
    `operation ${entry.operation.id} read nothing at ${showKey(answer.read.key)} of replica ${entry.node}, where operation ${floor.by.operation.id} had seen ${showStamp(floor.stamp)}, and nobody deletes the key`,
  ];
}

function describe(entry: HistoryEntry, key: string, stamp: Stamp, floor: Seen, isWrite: boolean): string {
  const { node, operation } = entry;
  const { id, type } = operation;
  const verb = isWrite ? "was stamped" : "read";
  return `operation ${id} (${type}) ${verb} ${showStamp(stamp)} at ${showKey(key)} of replica ${node}, where operation ${floor.by.operation.id} had been shown ${showStamp(floor.stamp)} before`;
}
