/**
 * No acknowledged write is lost, and nothing deleted comes back: the final register of a key is the greatest of what was
 * acknowledged with a promise that held, or something greater that may have happened. Which promises hold:
 *
 *   any level   while the life that acknowledged goes on to the end, or was stopped in order on a disk
 *   memory      also when the disk had taken a later batch before the crash
 *   disk        over any crash of its replica
 *   others      as long as fewer replicas lost their memory than had the write when it was acknowledged
 *
 * Of a keyspace that some keep, the replica is the one that wrote it, whoever was asked: an owner, or a guest that reached
 * none; and to have it is to have had it until others had it on disk. The last reads go through whoever keeps the key.
 *
 * Beyond all of them is what a replica that was away for longer than the retention may give up (`doubt.ts`), and what may
 * stand below a removal that was purged (`removal.ts`).
 */

import type { Key } from "../../src/base/ids.ts";
import { type Acknowledged, acknowledgedParts, type HistoryEntry, type ReadPart } from "../workload/history.ts";
import type { Operation } from "../workload/operation.ts";
import { mayHaveLetGo } from "./doubt.ts";
import { type Evidence, type NodeEvidence, showKey, type Violation, violations } from "./evidence.ts";
import { hasDotOfAnother, leastOf, writersOf } from "./placement.ts";
import { isKept } from "./promise.ts";
import { mayStandBelow } from "./removal.ts";
import { isSameWrite } from "./same-write.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, mayBeAbove, type PossibleWrite } from "./writes-by-key.ts";

interface KeyEvidence {
  readonly key: Key;
  readonly acknowledged: readonly Acknowledged[];
  /** Writes of the key that may have happened, acknowledged or not. */
  readonly possible: readonly PossibleWrite[];
}

export function checkAcknowledged(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const finals = evidence.nodes.map((node) => new Map(node.finals.map((read) => [read.key, read])));
  for (const key of collect(evidence)) {
    const floor = greatestPromised(key, evidence);
    for (const [i, node] of evidence.nodes.entries()) {
      const final = finals[i]?.get(key.key);
      if (node.dump === undefined || final === undefined) continue;
      messages.push(...checkFinal(key, floor, final, node, `replica ${i}`, evidence));
    }
  }
  return violations("acknowledged", messages);
}

function collect(evidence: Evidence): KeyEvidence[] {
  const writes = indexWrites(evidence);
  const acknowledgedByKey = new Map<Key, Acknowledged[]>(evidence.keys.map((key) => [key, []]));
  for (const acknowledged of acknowledgedParts(evidence.history)) {
    acknowledgedByKey.get(acknowledged.part.key)?.push(acknowledged);
  }
  return [...acknowledgedByKey].map(([key, acknowledged]) => ({ key, acknowledged, possible: writes.get(key) ?? [] }));
}

function greatestPromised(key: KeyEvidence, evidence: Evidence): Acknowledged | undefined {
  // Greatest first: what a promise depends on is dear to find out, and one that held is enough.
  return key.acknowledged
    .map((acknowledged) => ({ acknowledged, stamp: stampOf(acknowledged) }))
    .sort((a, b) => compareStamps(b.stamp, a.stamp))
    .find(({ acknowledged }) => isPromised(acknowledged, key.possible, evidence))?.acknowledged;
}

/** True when what was promised with the acknowledgement has to hold after everything that happened since. */
export function isPromised(acknowledged: Acknowledged, writes: readonly PossibleWrite[], evidence: Evidence): boolean {
  const { entry, part } = acknowledged;
  const { operation, answeredAt = 0 } = entry;
  const { invokedAt } = entry;
  const { isAckMet, reached, dot } = part;
  const asked = { key: part.key, shard: dot.shard, invokedAt, answeredAt, ack: operation.ack, isAckMet, reached };
  const hasLetGo = (other: NodeEvidence): boolean => mayHaveLetGo(other, acknowledged, writes, evidence);
  if (hasDotOfAnother(part, evidence)) return false;
  return writersOf(dot, entry, evidence).every((writer) => isKept({ ...asked, ...writer }, hasLetGo, evidence));
}

function* checkFinal(
  key: KeyEvidence,
  floor: Acknowledged | undefined,
  final: ReadPart,
  node: NodeEvidence,
  name: string,
  evidence: Evidence,
): Iterable<string> {
  const shown = showKey(key.key);
  if (final.version !== undefined) {
    const stamp = stampOfVersion(final.version, false);
    const author = authorOf(key, final);
    const told = typeof author === "string" ? undefined : author.told;
    const isTold = told !== undefined && isOneWrite(told, stamp, evidence);
    if (typeof author === "string") yield `${name} reads ${shown} as ${author}`;
    else if (told !== undefined && !isTold) {
      yield `${name} reads ${shown} as the value of operation ${author.operation.id}, acknowledged as ${told.part.version}, but under the version ${final.version}: it came back with another stamp`;
    }
    // Its origin may be a lower one by now: what it replaced before that does not come back.
    const stood = isTold ? greaterOf(stamp, stampOf(told)) : stamp;
    const isLower = floor !== undefined && compareStamps(stood, leastOf(stampOf(floor), evidence)) < 0;
    const sighted = { stamp, author: final.author?.id, dot: final.dot };
    if (isLower && !mayStandBelow(sighted, { stamp: stampOf(floor) }, key.possible, evidence)) {
      yield `${name} reads ${shown} at ${showStamp(stamp)}, yet ${describe(floor)} was acknowledged with the greater stamp ${showStamp(stampOf(floor))}${floor.part.isDelete ? ": a deleted value is back" : ""}`;
    }
    return;
  }
  if (floor === undefined || floor.part.isDelete || mayHaveGone(key, floor, node, evidence)) return;
  yield `${name} has nothing at ${shown}, yet ${describe(floor)} was acknowledged at ${showStamp(stampOf(floor))} and nothing that may have happened removes it`;
}

/** The timestamp tells, where an owner may have carried out what another had carried out already. */
function isOneWrite(told: Acknowledged, read: Stamp, evidence: Evidence): boolean {
  const { entry, part } = told;
  const stamp = stampOf(told);
  if (evidence.placement !== undefined && stamp.timestamp === read.timestamp) return true;
  return isSameWrite({ stamp, shard: part.dot.shard, node: entry.node, invokedAt: entry.invokedAt }, read, evidence);
}

function greaterOf(a: Stamp, b: Stamp): Stamp {
  return compareStamps(a, b) > 0 ? a : b;
}

/** Which operation wrote a value, and as what it was acknowledged; undefined where it was not. */
interface Author {
  readonly operation: Operation;
  readonly told: Acknowledged | undefined;
}

/** What a final value is worth: the operation that wrote it, or what is wrong with it. */
function authorOf(key: KeyEvidence, final: ReadPart): Author | string {
  const { author } = final;
  if (author === undefined) return "bytes that nobody wrote";
  const candidate = key.possible.find(({ entry }) => entry.operation.id === author.id);
  if (candidate === undefined) return `the value of operation ${author.id}, which was refused or wrote another key`;
  // What a backup brought back may bear a stamp that nobody was told.
  const isRestored = key.possible.some(({ entry }) => entry !== candidate.entry && entry.operation.id === author.id);
  const told = key.acknowledged.find(({ entry }) => entry.operation.id === author.id);
  return { operation: candidate.entry.operation, told: isRestored ? undefined : told };
}

/** True when something that may have happened explains that the key is gone: expiry, or a removal that was not answered. */
function mayHaveGone(key: KeyEvidence, floor: Acknowledged, node: NodeEvidence, evidence: Evidence): boolean {
  const floorStamp = stampOf(floor);
  if (mayHaveExpired(floor.entry, node, evidence)) return true;
  return key.possible.some(({ entry, isDelete }) => {
    if (!isDelete && !mayHaveExpired(entry, node, evidence)) return false;
    const known = key.acknowledged.find((acknowledged) => acknowledged.entry === entry);
    return known === undefined
      ? mayBeAbove(entry, floorStamp, evidence)
      : compareStamps(stampOf(known), floorStamp) > 0;
  });
}

function mayHaveExpired(entry: HistoryEntry, node: NodeEvidence, evidence: Evidence): boolean {
  const { ttlMs } = entry.operation;
  return ttlMs !== undefined && entry.invokedWallMs + ttlMs - evidence.clockSpreadMs <= node.finalWallMs;
}

function stampOf({ part }: Acknowledged): Stamp {
  return stampOfVersion(part.version, part.isDelete);
}

function describe({ entry, part }: Acknowledged): string {
  const { operation } = entry;
  const what = part.isDelete ? "the deletion" : "the write";
  return `${what} of operation ${operation.id} (${operation.type} at replica ${entry.node}, ${((entry.answeredAt ?? 0) / 1000).toFixed(3)}s, ack ${operation.ack})`;
}
