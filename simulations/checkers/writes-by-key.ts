/** The writes of each key that may have happened, and what they may have done to it by some moment. */

import type { Key, Timestamp } from "../../src/base/ids.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import type { Dot } from "../../src/store.ts";
import { type HistoryEntry, mayHaveHappened } from "../workload/history.ts";
import { isWrite, partsOf } from "../workload/operation.ts";
import type { Evidence } from "./evidence.ts";
import { restoredWrites } from "./restored-writes.ts";
import { compareStamps, type Stamp, stampOfVersion } from "./stamp.ts";

export interface PossibleWrite {
  readonly entry: HistoryEntry;
  readonly isDelete: boolean;
  /** Undefined: never answered, so nobody knows. */
  readonly stamp: Stamp | undefined;
  /** Undefined: nobody was told. */
  readonly dot: Dot | undefined;
}

export type WritesByKey = ReadonlyMap<Key, readonly PossibleWrite[]>;

/** Several checkers ask of the same evidence. */
const indexed = new WeakMap<Evidence, WritesByKey>();

export function indexWrites(evidence: Evidence): WritesByKey {
  const known = indexed.get(evidence);
  if (known !== undefined) return known;
  const index = createIndex(evidence);
  indexed.set(evidence, index);
  return index;
}

function createIndex(evidence: Evidence): WritesByKey {
  const byKey = new Map<Key, PossibleWrite[]>();
  for (const entry of evidence.history) {
    if (!isWrite(entry.operation.type) || !mayHaveHappened(entry)) continue;
    const written = entry.answer?.type === "written" ? entry.answer.parts : [];
    for (const [i, { key, isDelete }] of partsOf(entry.operation).entries()) {
      const version = written[i]?.version;
      const dot = written[i]?.dot;
      const stamp = version === undefined ? undefined : stampOfVersion(version, isDelete);
      const writes = byKey.get(key);
      if (writes === undefined) byKey.set(key, [{ entry, isDelete, stamp, dot }]);
      else writes.push({ entry, isDelete, stamp, dot });
    }
  }
  for (const entry of restoredWrites(evidence)) {
    byKey.get(entry.operation.key)?.push({ entry, isDelete: false, stamp: undefined, dot: undefined });
  }
  return byKey;
}

/** So long what was passed on may be on its way, or wait, when whoever passed it on has ended. */
const UNDER_WAY_MS = 10_000;

/**
 * True when a write whose stamp nobody was told may have one above the floor: it was stamped before its process ended, by a
 * clock that is no further ahead than clocks were apart.
 */
export function mayBeAbove(
  { node, life, invokedAt, invokedWallMs, answeredAt = Infinity }: HistoryEntry,
  floor: Stamp,
  { nodes, clockSpreadMs, placement }: Evidence,
): boolean {
  const endedAt = nodes[node]?.ends.find((end) => end.life === life)?.at ?? Infinity;
  const underWayMs = placement === undefined ? 0 : UNDER_WAY_MS;
  const latestMs = invokedWallMs + (Math.min(answeredAt, endedAt) + underWayMs - invokedAt) + clockSpreadMs;
  return latestMs >= msOfTimestamp(floor.timestamp as Timestamp);
}

/** A moment: virtual ms, and unix ms by a clock of the plan. */
export interface Moment {
  readonly at: number;
  readonly wallMs: number;
}

/** True when something that may have happened by then explains that a key at `floor` or above shows nothing. */
export function mayBeGone(
  writes: readonly PossibleWrite[],
  floor: Stamp,
  moment: Moment,
  clockSpreadMs: number,
): boolean {
  const explains = ({ entry, isDelete, stamp }: PossibleWrite): boolean => {
    if (entry.invokedAt > moment.at) return false;
    // Of one timestamp it may be the very write that was shown: who begins anew gives it the dot of a later life.
    if (stamp !== undefined && stamp.timestamp !== floor.timestamp && compareStamps(stamp, floor) < 0) return false;
    const { ttlMs } = entry.operation;
    return isDelete || (ttlMs !== undefined && entry.invokedWallMs + ttlMs - clockSpreadMs <= moment.wallMs);
  };
  // Most often it is the last of them: a long history is not gone through from its beginning.
  return writes.findLast(explains) !== undefined;
}
