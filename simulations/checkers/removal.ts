/**
 * What a removal (a deletion, or a value that expires) does not remove, though it has the greater stamp. Once every owner has
 * it and it is purged, nothing but a mark tells of it, and only whoever knows that mark stamps its writes above it.
 *
 *   a newcomer    A replica without a disk begins each life with nothing, and nobody waits with a purge for one that he has
 *                 not met. What it writes before it has heard of the removal, or has been met by those who remove, stands where
 *                 that was purged, and loses where it was not; the audit settles which. What it removes itself it purges with
 *                 those that it has met; what others wrote before, and it never heard of, stands once they meet.
 *   forgotten     Where all who ran had lost their disks, and with them that the value was ever there, they purge among
 *                 themselves what had replaced it, and take it from whoever comes back with it.
 */

import type { Dot } from "../../src/store.ts";
import type { HistoryEntry } from "../workload/history.ts";
import type { Evidence } from "./evidence.ts";
import { compareStamps, type Stamp } from "./stamp.ts";
import { wasForgottenByAll } from "./survival.ts";
import { mayBeAbove, type PossibleWrite } from "./writes-by-key.ts";

/** A write as somebody came across it. */
export interface Sighted {
  readonly stamp: Stamp;
  /** The operation that wrote it, where what was seen tells. */
  readonly author?: number | undefined;
  readonly dot?: Dot | undefined;
}

/** What had been there before. */
export interface Floor {
  readonly stamp: Stamp;
  /** Virtual ms since when; unless told, since it was acknowledged. */
  readonly since?: number;
}

/** True when a write may be shown by right where something greater was. `writes`: all of the key. */
export function mayStandBelow(
  sighted: Sighted,
  floor: Floor,
  writes: readonly PossibleWrite[],
  evidence: Evidence,
): boolean {
  const authors = authorsOf(sighted, writes);
  if (authors.some((author) => wroteUnaware(author.entry, floor.stamp, writes, evidence))) return true;
  const above = withStamp(writes, floor.stamp);
  const dot = authors.find((author) => author.dot !== undefined)?.dot ?? sighted.dot;
  if (dot !== undefined && wasRemovedUnaware(dot, floor.stamp, writes, evidence)) return true;
  if (above?.dot === undefined || dot === undefined || removalsOf(floor.stamp, writes, evidence).length === 0)
    return false;
  return wasForgottenByAll(dot, above.dot, floor.since ?? above.entry.answeredAt ?? 0, evidence);
}

/** True for the write of a newcomer that was asked for after what stood at the floor was removed, and knew nothing of it. */
export function wroteUnaware(
  write: HistoryEntry,
  floor: Stamp,
  writes: readonly PossibleWrite[],
  evidence: Evidence,
): boolean {
  if (!isOfNewcomer(write, evidence)) return false;
  const isUnknown = ({ dot }: PossibleWrite): boolean => dot === undefined || !hadHeardOf(dot, write, evidence);
  // Whoever had heard of what was removed, and not of its removal, holds it, and writes above it.
  const removed = withStamp(writes, floor);
  if (removed !== undefined && removed.entry !== write && !isUnknown(removed)) return false;
  return removalsOf(floor, writes, evidence).some(
    (removal) =>
      isUnknown(removal) && (removal.entry.invokedAt < write.invokedAt || isUnmet(write, removal.entry, evidence)),
  );
}

/** True when newcomers alone removed what stands at a floor, before they had heard of a write below it. */
function wasRemovedUnaware(below: Dot, floor: Stamp, writes: readonly PossibleWrite[], evidence: Evidence): boolean {
  const all = removalsOf(floor, writes, evidence);
  // Of one that nobody answered it is not known whether it is above the floor at all.
  const sure = all.filter(({ stamp }) => stamp !== undefined);
  const removals = sure.length > 0 ? sure : all;
  return (
    removals.length > 0 &&
    removals.every(({ entry }) => isOfNewcomer(entry, evidence) && !hadHeardOf(below, entry, evidence))
  );
}

/** True when nobody who ran had met who wrote, in that life, when a removal had been carried out: its purge waits for others. */
function isUnmet({ node, life }: HistoryEntry, removal: HistoryEntry, { samples }: Evidence): boolean {
  const until = removal.answeredAt ?? removal.invokedAt;
  const those = samples.filter(({ nodes }) => nodes[node]?.life === life);
  // Where it had not been looked at by then: whom nobody has met later nobody had met before.
  const last = those.findLast(({ at }) => at <= until) ?? those[0];
  const id = last?.nodes[node]?.company.id;
  const others = last?.nodes.filter((other, index) => index !== node && other !== undefined) ?? [];
  return id !== undefined && others.length > 0 && others.every((other) => other?.company.others.has(id) !== true);
}

/** True for what a replica without a disk did in a life that began with nothing. */
export function isOfNewcomer({ node, life }: Pick<HistoryEntry, "node" | "life">, { nodes }: Evidence): boolean {
  return nodes[node]?.durable === false && life > 1;
}

/** Which writes it may be: the one that is named, or acknowledged with the stamp, or else any that was never answered. */
function authorsOf({ stamp, author }: Sighted, writes: readonly PossibleWrite[]): readonly PossibleWrite[] {
  const known = writes.find(({ entry }) => entry.operation.id === author) ?? withStamp(writes, stamp);
  return known === undefined ? writes.filter((write) => write.stamp === undefined) : [known];
}

function withStamp(writes: readonly PossibleWrite[], sought: Stamp): PossibleWrite | undefined {
  return writes.find(({ stamp }) => stamp !== undefined && compareStamps(stamp, sought) === 0);
}

/** What removes whatever stands at a floor, be it itself a removal. */
function removalsOf(floor: Stamp, writes: readonly PossibleWrite[], evidence: Evidence): readonly PossibleWrite[] {
  return writes.filter(({ entry, isDelete, stamp }) => {
    if (!isDelete && entry.operation.ttlMs === undefined) return false;
    return stamp === undefined ? mayBeAbove(entry, floor, evidence) : compareStamps(stamp, floor) >= 0;
  });
}

/** True when a life of a replica covered a write before it was asked for another. */
function hadHeardOf(dot: Dot, asked: HistoryEntry, { samples }: Evidence): boolean {
  return samples.some(({ at, nodes }) => {
    const sample = nodes[asked.node];
    if (at >= asked.invokedAt || sample?.life !== asked.life) return false;
    return sample.vectors.get(dot.shard)?.covers(dot.origin, dot.sequence) === true;
  });
}
