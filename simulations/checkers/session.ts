/**
 * What a session is owed at whichever replica it goes to (Terry et al. 1994; Jepsen's causal registers): it reads its own
 * writes, never reads an older value than it has read, and what it writes is stamped above all of that, so that it comes
 * later everywhere (monotonic writes, writes follow reads). All of it for each key: stamps order the writes of one key.
 *
 * It is owed what its token still named when it asked, or had to name, as there was room for all; and what somebody is
 * left to tell of: a write that was lost with the memory of everybody who is known to have had it binds nobody, and its
 * session waits for it no longer once that life is sealed, nor for one that was away for longer than the retention.
 * Of a keyspace that some keep, a write is known to be had by whoever wrote it, whoever was asked; and of what was read,
 * all have to know still who may have had it.
 *
 * `SESSION_BEHIND` is always an answer: it says nothing wrong. And what somebody writes who knew nothing of a removal may be
 * read after it, below it (`removal.ts`).
 */

import type { Key } from "../../src/base/ids.ts";
import type { Dot } from "../../src/store.ts";
import { dotsOfAnswer } from "../workload/carry-out.ts";
import { acknowledgedParts, type HistoryEntry } from "../workload/history.ts";
import { beginningsOf } from "./doubt.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { hasDotOfAnother, isKnownToAll, leastOf, writersOf } from "./placement.ts";
import { mayStandBelow, type Sighted } from "./removal.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { type Holding, remembers } from "./survival.ts";
import { indexWrites, mayBeAbove, mayBeGone, type PossibleWrite } from "./writes-by-key.ts";

/** Dots of so many pairs of shard and origin fit into every token: of fewer none may be dropped. */
const DOTS_KEPT_MIN = 40;

/** An owner is waited for so long at least, before another one is asked. */
const ASKED_TWICE_MS = 250;

/** The greatest that a session was shown of a key. */
interface Floor {
  readonly stamp: Stamp;
  readonly dot: Dot;
  readonly by: HistoryEntry;
  /** Replicas that showed it. */
  readonly holdings: Holding[];
}

interface Shown extends Sighted {
  readonly key: Key;
  readonly dot: Dot;
  readonly isWrite: boolean;
}

export function checkSession(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const writes = indexWrites(evidence);
  const tombstones = indexTombstones(evidence);
  const floors = new Map<string, Floor>();
  /** Pairs of shard and origin that each session has seen dots of. */
  const places = new Map<number, Set<string>>();
  for (const entry of evidence.history) {
    const { session } = entry.operation;
    if (session === undefined || entry.answer === undefined) continue;
    const shown = shownBy(entry, tombstones);
    const seen = places.get(session) ?? new Set();
    places.set(session, seen);
    for (const { shard, origin } of dotsOfAnswer(entry.answer)) seen.add(`${shard}/${origin}`);
    const isOwed = (floor: Floor): boolean => {
      const isNamed = seen.size <= DOTS_KEPT_MIN || isCarried(floor, entry);
      return isNamed && isRemembered(floor, entry, evidence);
    };
    for (const each of shown) {
      const slot = `${session} ${each.key}`;
      const floor = floors.get(slot);
      const isBelow =
        floor !== undefined &&
        !isByClock(entry, evidence) &&
        isBehind(each, floor, writes.get(each.key) ?? [], evidence);
      if (isBelow && isOwed(floor)) messages.push(describeBehind(entry, each, floor));
      floors.set(slot, raise(floor, each, entry, evidence));
    }
    const absent = absentKey(entry);
    const floor = absent === undefined ? undefined : floors.get(`${session} ${absent}`);
    if (absent === undefined || floor === undefined || floor.stamp.isDead || !isOwed(floor)) continue;
    const moment = { at: entry.answeredAt ?? 0, wallMs: entry.answeredWallMs ?? 0 };
    if (mayBeGone(writes.get(absent) ?? [], floor.stamp, moment, evidence.clockSpreadMs)) continue;
    messages.push(`${describe(entry)} read nothing at ${showKey(absent)}, ${yet(floor)}, and nobody deletes the key`);
  }
  return violations("session", messages);
}

interface Tombstone {
  readonly invokedAt: number;
  readonly stamp: Stamp;
}

type Tombstones = ReadonlyMap<string, readonly Tombstone[]>;

/**
 * The deletions that were acknowledged, by key and dot: a read that finds a tombstone shows its dot only. A replica whose
 * disk forgot its lives may give a dot a second time before it hears of that.
 */
function indexTombstones(evidence: Evidence): Tombstones {
  const tombstones = new Map<string, Tombstone[]>();
  for (const { entry, part } of acknowledgedParts(evidence.history)) {
    if (!part.isDelete || hasDotOfAnother(part, evidence)) continue;
    const name = dotName(part.key, part.dot);
    const tombstone = { invokedAt: entry.invokedAt, stamp: stampOfVersion(part.version, true) };
    tombstones.set(name, [...(tombstones.get(name) ?? []), tombstone]);
  }
  return tombstones;
}

function dotName(key: Key, { shard, origin, sequence }: Dot): string {
  return `${shard}/${origin}/${sequence} ${key}`;
}

/** What a dot that was read stands for; undefined where that is not clear. */
function stampOfDot(key: Key, dot: Dot, readAt: number, tombstones: Tombstones): Stamp | undefined {
  const possible = (tombstones.get(dotName(key, dot)) ?? []).filter(({ invokedAt }) => invokedAt <= readAt);
  return possible.length === 1 ? possible[0]?.stamp : undefined;
}

function shownBy({ answer, answeredAt = 0 }: HistoryEntry, tombstones: Tombstones): Shown[] {
  if (answer?.type === "written") {
    return answer.parts.map(({ key, version, isDelete, dot }) => ({
      key,
      stamp: stampOfVersion(version, isDelete),
      dot,
      isWrite: true,
    }));
  }
  if (answer?.type !== "read" || answer.read.dot === undefined) return [];
  const { key, version, author } = answer.read;
  // Of what was stale, the invalidation was shown.
  const dot = answer.read.staleBy ?? answer.read.dot;
  const stamp = version === undefined ? stampOfDot(key, dot, answeredAt, tombstones) : stampOfVersion(version, false);
  return stamp === undefined ? [] : [{ key, stamp, dot, author: author?.id, isWrite: false }];
}

function absentKey({ answer }: HistoryEntry): Key | undefined {
  return answer?.type === "read" && answer.read.version === undefined ? answer.read.key : undefined;
}

function isCarried({ dot }: Floor, { carried = [] }: HistoryEntry): boolean {
  return carried.some(
    ({ shard, origin, sequence }) => shard === dot.shard && origin === dot.origin && sequence >= dot.sequence,
  );
}

/** Somebody who had it must still know of it. */
function isRemembered({ holdings, dot, by }: Floor, entry: HistoryEntry, evidence: Evidence): boolean {
  const until = entry.answeredAt ?? Infinity;
  if (holdings.some((holding) => isWaitedFor(holding, until, evidence))) return true;
  const had = { from: by.invokedAt, to: by.answeredAt ?? Infinity };
  const place = { key: by.operation.key, shard: dot.shard };
  return evidence.placement !== undefined && isKnownToAll(place, had, until, evidence);
}

/** Nobody waits for what is held only by one that was given up, or that begins anew. */
function isWaitedFor(holding: Holding, until: number, evidence: Evidence): boolean {
  if (!remembers(holding, until, evidence)) return false;
  const node = evidence.nodes[holding.node];
  const isBack = (since: number): boolean => beginningsOf(node, holding.since) > beginningsOf(node, since);
  const isGivenUp = node?.givenUpAt.some((at) => at <= until && !isBack(at)) === true;
  return !isGivenUp && beginningsOf(node, until) === beginningsOf(node, holding.since);
}

/** Who does not keep the keys invalidates what it has not seen by its clock, whatever the session saw elsewhere. */
function isByClock({ operation }: HistoryEntry, { placement }: Evidence): boolean {
  return operation.type === "invalidate" && placement !== undefined;
}

function isBehind(shown: Shown, floor: Floor, writes: readonly PossibleWrite[], evidence: Evidence): boolean {
  const stamp = leastOf(floor.stamp, evidence);
  const order = compareStamps(shown.stamp, stamp);
  if (shown.isWrite) return order <= 0 && !mayHaveGivenWay(shown, floor, writes, evidence);
  return order < 0 && !mayStandBelow(shown, { stamp }, writes, evidence);
}

/**
 * Of a keyspace that some keep, a write that was asked for twice and overwritten meanwhile is told with the stamp that it was
 * asked for with, and with the dot of what is held: of one that was answered, or never was, or was asked for twice itself and
 * answered with another dot.
 */
function mayHaveGivenWay(shown: Shown, floor: Floor, writes: readonly PossibleWrite[], evidence: Evidence): boolean {
  if (evidence.placement === undefined) return false;
  if (hasDotOfAnother(shown, evidence)) return true;
  return writes.some(({ entry, stamp }) => {
    if (stamp === undefined) return mayBeAbove(entry, floor.stamp, evidence);
    const { invokedAt, answeredAt = Infinity } = entry;
    return compareStamps(stamp, floor.stamp) > 0 && answeredAt - invokedAt > ASKED_TWICE_MS;
  });
}

function describeBehind(entry: HistoryEntry, { key, stamp, isWrite }: Shown, floor: Floor): string {
  const verb = isWrite ? "was stamped" : "read";
  return `${describe(entry)} ${verb} ${showStamp(stamp)} at ${showKey(key)}, ${yet(floor)}`;
}

function raise(floor: Floor | undefined, shown: Shown, entry: HistoryEntry, evidence: Evidence): Floor {
  const { stamp, dot } = shown;
  const holdings = holdingsOf(shown, entry, evidence);
  const order = floor === undefined ? 1 : compareStamps(stamp, floor.stamp);
  if (floor === undefined || order > 0) return { stamp, dot, by: entry, holdings };
  if (order === 0) floor.holdings.push(...holdings);
  return floor;
}

/** Who certainly had what was shown. */
function holdingsOf({ key, dot, isWrite }: Shown, entry: HistoryEntry, evidence: Evidence): Holding[] {
  if (!isWrite && evidence.placement !== undefined) return [];
  const writers = writersOf(dot, entry, evidence);
  if (writers.length > 1) return [];
  return writers.map((writer) => ({ key, shard: dot.shard, ...writer, since: entry.answeredAt ?? 0 }));
}

function describe({ operation, node, answeredAt = 0 }: HistoryEntry): string {
  return `operation ${operation.id} of session ${operation.session} (${operation.type} at replica ${node}, ${(answeredAt / 1000).toFixed(3)}s)`;
}

function yet({ stamp, by }: Floor): string {
  return `yet the session had ${showStamp(stamp)} from operation ${by.operation.id} (${by.operation.type} at replica ${by.node})`;
}
