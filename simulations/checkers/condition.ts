/**
 * What a condition is worth at the replica that is asked, in one life of it: a put on condition that nothing is there is
 * carried out only where nothing is, and refused only where something may be; a compare and set is carried out only where
 * nothing newer than its version had been shown, once for each version, and refused only where something newer may be, or
 * where its version may never have come.
 *
 * Of a keyspace that some keep it is the owner that decides: only what an owner was asked itself, and all else that was
 * carried out, can be held against it; of what was refused elsewhere nobody can tell who did. An owner that does not answer
 * leaves a condition `OUTCOME_UNKNOWN`, which may be either.
 *
 * Across replicas conditions promise nothing, nor does one during which the replica began anew or decided about a shard.
 */

import type { Key } from "../../src/base/ids.ts";
import type { HistoryEntry } from "../workload/history.ts";
import type { OperationType } from "../workload/operation.ts";
import { letGoIn } from "./copies.ts";
import { isOutlived } from "./doubt.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { mayStandBelow } from "./removal.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, mayBeGone, type PossibleWrite } from "./writes-by-key.ts";

/** The greatest stamp that a life of a replica showed of a key. */
interface Floor {
  readonly stamp: Stamp;
  readonly at: number;
  readonly by: HistoryEntry;
}

type Floors = ReadonlyMap<string, readonly Floor[]>;

export function isConditional(type: OperationType): boolean {
  return type === "put-absent" || type === "update";
}

export function checkCondition(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const writes = indexWrites(evidence);
  const floors = indexFloors(evidence);
  const swaps = new Map<string, HistoryEntry>();
  for (const entry of evidence.history) {
    const { type, key } = entry.operation;
    if (!isConditional(type) || entry.life === 0 || entry.answer === undefined) continue;
    const floor = entry.isAlone === false ? undefined : floorOf(entry, floors.get(slotOf(entry, key)) ?? []);
    if (floor !== undefined && mayHaveGoneBack(entry, floor, evidence)) continue;
    const others = () => (writes.get(key) ?? []).filter((write) => write.entry !== entry);
    const expected = expectedBy(entry);
    if (entry.answer.type === "written") {
      if (expected === undefined) messages.push(...checkCarriedOut(entry, floor, others(), evidence));
      else messages.push(...checkSwapped(entry, expected, floor, { swaps, evidence }));
    }
    if (entry.answer.type === "refused" && entry.answer.code === "PRECONDITION_FAILED") {
      if (expected === undefined) messages.push(...checkRefused(entry, floor, others(), evidence));
      else if (entry.isAlone !== false) messages.push(...checkNotSwapped(entry, expected, floor, others()));
    }
  }
  return violations("condition", messages);
}

/** What was live must have been able to go by then: by something stamped below what was put in its place. */
function* checkCarriedOut(
  entry: HistoryEntry,
  floor: Floor | undefined,
  others: readonly PossibleWrite[],
  evidence: Evidence,
): Iterable<string> {
  const { answer, answeredAt = 0, answeredWallMs = 0 } = entry;
  const part = answer?.type === "written" ? answer.parts[0] : undefined;
  if (part === undefined || floor === undefined || floor.stamp.isDead) return;
  const put = stampOfVersion(part.version, false);
  // What an invalidation made stale elsewhere dies just above its own stamp, however far above that the invalidation is.
  const earlier = others.filter(
    ({ entry: { operation }, stamp }) =>
      stamp === undefined || operation.type === "invalidate" || compareStamps(stamp, put) < 0,
  );
  const moment = { at: answeredAt, wallMs: answeredWallMs };
  if (mayBeGone(earlier, leastOf(floor), moment, evidence.clockSpreadMs)) return;
  yield `${describe(entry)} was carried out, ${yet(floor)}, and nothing removes that`;
}

function* checkRefused(
  entry: HistoryEntry,
  floor: Floor | undefined,
  others: readonly PossibleWrite[],
  evidence: Evidence,
): Iterable<string> {
  const { answeredAt = 0 } = entry;
  const values = others.filter((write) => !write.isDelete && write.entry.invokedAt <= answeredAt);
  const isAbove = ({ stamp }: PossibleWrite): boolean =>
    floor === undefined || stamp === undefined || compareStamps(stamp, leastOf(floor)) >= 0;
  const isBelow = ({ entry: { operation }, stamp }: PossibleWrite): boolean =>
    floor !== undefined &&
    stamp !== undefined &&
    mayStandBelow({ stamp, author: operation.id }, { stamp: floor.stamp }, others, evidence);
  // One above the floor explains most, and is told at little cost.
  if (values.some(isAbove) || values.some(isBelow)) return;
  yield `${describe(entry)} was refused for its condition, and nothing explains that${floor === undefined ? "" : `: ${yet(floor)}`}`;
}

/** The version that a compare and set names; undefined: nothing was to be there. */
function expectedBy({ expected }: HistoryEntry): Stamp | undefined {
  return expected?.version === undefined ? undefined : stampOfVersion(expected.version, false);
}

/** Nothing newer had been shown there, and nobody else had put something in the place of the same version. */
function* checkSwapped(
  entry: HistoryEntry,
  expected: Stamp,
  floor: Floor | undefined,
  { swaps, evidence }: { readonly swaps: Map<string, HistoryEntry>; readonly evidence: Evidence },
): Iterable<string> {
  const swap = `${deciderOf(entry)} ${entry.operation.key} ${entry.expected?.version}`;
  const other = swaps.get(swap);
  swaps.set(swap, entry);
  const what = `${describe(entry)} was carried out on condition that ${showStamp(expected)} is there`;
  const writes = indexWrites(evidence).get(entry.operation.key) ?? [];
  const isBelow = floor !== undefined && compareStamps(floor.stamp, expected) > 0;
  if (isBelow && !mayStandBelow({ stamp: expected }, { stamp: floor.stamp }, writes, evidence))
    yield `${what}, ${yet(floor)}`;
  else if (other !== undefined) yield `${what}, and so was operation ${other.operation.id}`;
}

/** The version had been there, as far as anybody knows, and nothing explains that it was not any more. */
function* checkNotSwapped(
  entry: HistoryEntry,
  expected: Stamp,
  floor: Floor | undefined,
  others: readonly PossibleWrite[],
): Iterable<string> {
  const wasThere =
    entry.expected?.isFresh === true || (floor !== undefined && compareStamps(floor.stamp, expected) === 0);
  if (!wasThere) return;
  const { answeredAt = 0 } = entry;
  if (others.some((write) => write.entry.invokedAt <= answeredAt && mayHaveChanged(write, expected))) return;
  yield `${describe(entry)} was refused for its condition that ${showStamp(expected)} is there, which had been shown there, and nothing explains that`;
}

/** The write, or its expiry, may be news where the version had been shown. */
function mayHaveChanged({ entry, stamp }: PossibleWrite, shown: Stamp): boolean {
  if (stamp === undefined || compareStamps(stamp, shown) > 0) return true;
  return entry.operation.ttlMs !== undefined && compareStamps(stamp, { ...shown, origin: 0 }) >= 0;
}

/** A write that was given a dot of a later life keeps its time, and is shown above what it was acknowledged as. */
function leastOf({ stamp }: Floor): Stamp {
  return { ...stamp, origin: 0 };
}

/**
 * What was shown may be gone by right: the replica began anew since, it handed the key's shard over and came to keep it once
 * more while whoever had it meanwhile was cut off, or a deletion was outlived by what it deleted.
 */
function mayHaveGoneBack({ operation, node, answeredAt = 0 }: HistoryEntry, floor: Floor, evidence: Evidence): boolean {
  const judgements = evidence.nodes[node]?.judgements ?? [];
  const isJudged = judgements.some(({ at }) => at >= floor.by.invokedAt && at <= answeredAt);
  const writes = indexWrites(evidence).get(operation.key) ?? [];
  if (isJudged || hasHandedOver(node, floor, answeredAt, evidence)) return true;
  return isOutlived(floor.stamp, { node, at: answeredAt, writes }, evidence);
}

function hasHandedOver(node: number, { at, by: { answer } }: Floor, until: number, evidence: Evidence): boolean {
  const dot = answer?.type === "written" ? answer.parts[0]?.dot : answer?.type === "read" ? answer.read.dot : undefined;
  return letGoIn(evidence).some(
    ({ node: each, shard, before, after }) =>
      each === node && shard === dot?.shard && after.at >= at && before.at <= until,
  );
}

/** A life of the replica that was asked, or of the owner that it asked. */
function deciderOf({ node, life, answer, isAlone }: HistoryEntry): string {
  if (isAlone === undefined || answer?.type !== "written") return `${node} ${life}`;
  return `origin ${answer.parts[0]?.dot.origin}`;
}

function slotOf({ node, life }: HistoryEntry, key: Key): string {
  return `${node} ${life} ${key}`;
}

/** By node, life and key. */
function indexFloors(evidence: Evidence): Floors {
  const floors = new Map<string, Floor[]>();
  for (const entry of evidence.history) {
    if (entry.isAlone === false) continue;
    for (const [key, stamp] of shownBy(entry)) {
      const slot = slotOf(entry, key);
      const floor = { stamp, at: entry.answeredAt ?? 0, by: entry };
      const known = floors.get(slot);
      if (known === undefined) floors.set(slot, [floor]);
      else known.push(floor);
    }
  }
  return floors;
}

function shownBy({ answer }: HistoryEntry): (readonly [Key, Stamp])[] {
  if (answer?.type === "written")
    return answer.parts.map(({ key, version, isDelete }) => [key, stampOfVersion(version, isDelete)]);
  if (answer?.type !== "read" || answer.read.version === undefined) return [];
  return [[answer.read.key, stampOfVersion(answer.read.version, false)]];
}

/** The greatest that had been shown when the operation was invoked. */
function floorOf({ invokedAt }: HistoryEntry, floors: readonly Floor[]): Floor | undefined {
  let greatest: Floor | undefined;
  for (const floor of floors) {
    if (floor.at >= invokedAt) continue;
    if (greatest === undefined || compareStamps(floor.stamp, greatest.stamp) > 0) greatest = floor;
  }
  return greatest;
}

function describe({ operation, node, invokedAt }: HistoryEntry): string {
  return `operation ${operation.id} (${operation.type} of ${showKey(operation.key)} at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s)`;
}

function yet({ stamp, by }: Floor): string {
  return `where operation ${by.operation.id} had been shown ${showStamp(stamp)}`;
}
