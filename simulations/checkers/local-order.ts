/**
 * What one life of one replica owes whoever talks to it alone: a read never shows an older write of a key than was read or
 * acknowledged there before (monotonic reads, read your writes), and a write is stamped above all of them (R8). A replica
 * that begins anew serves nothing until it is confirmed: its reads owe nothing to what was shown before, its stamps do. And
 * what others write may stand below a removal that was purged (`removal.ts`).
 *
 * Of a keyspace that some keep, reads owe that only where the replica is an owner with all there is, and was when the other
 * was answered: who asks others may ask one that is behind. Stamps owe it everywhere, but those that an owner gives by
 * itself, to what another replica has it write on a condition.
 */

import type { Key } from "../../src/base/ids.ts";
import type { HistoryEntry } from "../workload/history.ts";
import { isWrite, partsOf } from "../workload/operation.ts";
import { isConditional } from "./condition.ts";
import { beginningsOf, isOutlived } from "./doubt.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { mayBeLostInMemory } from "./lost-in-memory.ts";
import { leastOf } from "./placement.ts";
import { mayStandBelow, type Sighted } from "./removal.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, mayBeGone, type WritesByKey } from "./writes-by-key.ts";

/** An operation that was answered, and what had been shown of its keys when it was invoked. */
interface Answered {
  readonly entry: HistoryEntry;
  readonly answeredAt: number;
  readonly floors: Map<string, Seen>;
}

interface Seen {
  readonly stamp: Stamp;
  readonly shard: number;
  readonly by: HistoryEntry;
}

/** By node, life and key: the greatest stamp that anybody was shown. */
type Shown = Map<string, Seen>;

export function checkLocalOrder(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const shown: Shown = new Map();
  const invoked = answeredEntries(evidence).sort((a, b) => a.entry.invokedAt - b.entry.invokedAt);
  const answered = [...invoked].sort((a, b) => a.answeredAt - b.answeredAt);
  let settled = 0;
  const settleBefore = (moment: number): void => {
    for (; settled < answered.length; settled++) {
      const next = answered[settled] as Answered;
      if (next.answeredAt >= moment) return;
      messages.push(...checkAnswer(next, shown, evidence));
    }
  };
  for (const { entry, floors } of invoked) {
    // Of one instant, answers count as later: what overlaps promises nothing.
    settleBefore(entry.invokedAt);
    for (const { key } of partsOf(entry.operation)) {
      const floor = shown.get(slotOf(entry, key, evidence));
      if (floor !== undefined) floors.set(key, floor);
    }
  }
  settleBefore(Infinity);
  return violations("local-order", messages);
}

function answeredEntries({ history }: Evidence): Answered[] {
  const answered: Answered[] = [];
  for (const entry of history) {
    const { answer, answeredAt, life } = entry;
    if (answer === undefined || answeredAt === undefined || life === 0) continue;
    answered.push({ entry, answeredAt, floors: new Map() });
  }
  return answered;
}

/** Holds what an operation was shown against what had been shown before, and notes it. */
function checkAnswer({ entry, floors }: Answered, shown: Shown, evidence: Evidence): string[] {
  const messages: string[] = [];
  for (const stamped of stampsOf(entry)) {
    const { key, stamp, shard, isWritten } = stamped;
    const floor = floors.get(key);
    if (floor !== undefined && isOwed(entry) && isBelow(stamped, floor, evidence)) {
      messages.push(describe(entry, key, stamp, floor, isWritten));
    }
    note(shown, slotForWrites(entry, key), { stamp: leastOf(stamp, evidence), shard, by: entry });
    if (entry.isAlone === false) continue;
    // What was asked for before the replica began anew is a fact of that time, whenever it is answered.
    note(shown, slotForReads(entry, key, entry.invokedAt, evidence), { stamp, shard, by: entry });
  }
  messages.push(...checkAbsent(entry, floors.get(entry.operation.key), indexWrites(evidence), evidence));
  return messages;
}

/** Who passes things on owes only what it stamps itself. */
function isOwed({ operation, isAlone = true }: HistoryEntry): boolean {
  return isAlone || (isWrite(operation.type) && !isConditional(operation.type));
}

function isBelow({ isWritten, key, ...sighted }: Stamped, floor: Seen, evidence: Evidence): boolean {
  const order = compareStamps(sighted.stamp, floor.stamp);
  if (isWritten) return order <= 0;
  return order < 0 && !mayStandBelow(sighted, { stamp: floor.stamp }, indexWrites(evidence).get(key) ?? [], evidence);
}

function note(shown: Shown, slot: string, seen: Seen): void {
  const before = shown.get(slot);
  if (before === undefined || compareStamps(seen.stamp, before.stamp) > 0) shown.set(slot, seen);
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

interface Stamped extends Sighted {
  readonly key: Key;
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
  const { key, version, dot, author } = answer.read;
  if (version === undefined || dot === undefined) return [];
  const stamp = stampOfVersion(version, false);
  return [{ key, stamp, author: author?.id, dot, shard: dot.shard, isWritten: false }];
}

/** Nothing is shown where a live value was: somebody must have been able to remove it. */
function checkAbsent(entry: HistoryEntry, floor: Seen | undefined, writes: WritesByKey, evidence: Evidence): string[] {
  const { answer, answeredAt = 0, answeredWallMs = 0 } = entry;
  if (answer?.type !== "read" || answer.read.version !== undefined || !isOwed(entry)) return [];
  const ofKey = writes.get(answer.read.key) ?? [];
  const look = { node: entry.node, at: answeredAt, writes: ofKey };
  if (floor === undefined || floor.stamp.isDead || isOutlived(floor.stamp, look, evidence)) return [];
  if (isInDoubt(entry, floor.shard, evidence)) return [];
  const sought = { node: entry.node, key: answer.read.key, at: answeredAt };
  if (mayBeLostInMemory(floor.stamp, sought, evidence.nodes)) return [];
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
