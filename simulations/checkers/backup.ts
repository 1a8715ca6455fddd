/**
 * What a backup holds, and what becomes of it when it comes back.
 *
 *   whole       What the replica that made it had acknowledged or shown before it was asked is in it, and what others had
 *               acknowledged with whom it had a link and nothing was between them; or something newer of the same key. Of what
 *               was removed by then nothing is.
 *   merged      What was removed since does not come back by its stamp, nor by a greater one, whether or not the removal has been
 *               purged meanwhile.
 *   overwritten What was written before the restore began gives way to what the file holds, at whichever replica, and what was
 *               written since does not.
 *
 * That what comes back is the same everywhere, others check; so they do that it goes below nothing that was promised.
 */

import type { Key } from "../../src/base/ids.ts";
import type { CopiedValue } from "../backups/backup-file.ts";
import type { BackupHistory, RestoreHistory, RestoreStep, Stamped, Whom } from "../backups/backup-history.ts";
import { type Acknowledged, acknowledgedParts, type HistoryEntry, type ReadPart } from "../workload/history.ts";
import { isPromised } from "./acknowledged.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";
import { compareStamps, type Stamp, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, mayBeGone } from "./writes-by-key.ts";

export function checkBackup(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const taken of evidence.backups?.all ?? []) {
    messages.push(...checkFile(taken, evidence));
    for (const restored of taken.restores) messages.push(...checkOverwritten(restored, evidence));
  }
  messages.push(...checkLeftAlone(evidence));
  return violations("backup", messages);
}

/** What a client was told of a key. */
interface Told {
  readonly key: Key;
  readonly stamp: Stamp;
  readonly by: HistoryEntry;
}

function* checkFile(taken: BackupHistory, evidence: Evidence): Iterable<string> {
  const { file, endedAt, endedWallMs } = taken;
  if (file === undefined || endedAt === undefined || endedWallMs === undefined) return;
  const name = `the backup of ${seconds(taken.askedAt)}`;
  const valuesByKey = new Map<Key, CopiedValue>();
  for (const value of file.values) {
    if (valuesByKey.has(value.key)) yield `${name} has ${showKey(value.key)} twice`;
    if (value.author === undefined) yield `${name} has bytes at ${showKey(value.key)} that nobody wrote`;
    valuesByKey.set(value.key, value);
  }
  const moment = { at: endedAt, wallMs: endedWallMs };
  for (const { key, stamp, by } of floorsOf(taken, evidence)) {
    const value = valuesByKey.get(key);
    const owed = `${showKey(key)} at ${showStamp(stamp)}, of which replica ${by.node} had told at ${seconds(by.answeredAt ?? 0)}`;
    if (value !== undefined && compareStamps(stampOfVersion(value.version, false), stamp) < 0)
      yield `${name} has ${value.version} in the place of ${owed}`;
    if (value !== undefined || stamp.isDead) continue;
    if (!mayBeGone(indexWrites(evidence).get(key) ?? [], stamp, moment, evidence.clockSpreadMs))
      yield `${name} lacks ${owed}`;
  }
}

/** Of each key the greatest that has to be in a backup. */
function floorsOf(taken: BackupHistory, evidence: Evidence): Iterable<Told> {
  const greatest = new Map<Key, Told>();
  for (const told of toldBefore(taken, evidence)) {
    const other = greatest.get(told.key);
    if (other === undefined || compareStamps(told.stamp, other.stamp) > 0) greatest.set(told.key, told);
  }
  return greatest.values();
}

function* toldBefore({ by, linked, askedAt, begunAt }: BackupHistory, evidence: Evidence): Iterable<Told> {
  const isHeard =
    evidence.backups?.peace.some(({ from, to }) => from <= askedAt && (begunAt ?? Infinity) < to) === true;
  const others = isHeard ? linked : [];
  for (const entry of evidence.history) {
    if ((entry.answeredAt ?? Infinity) >= askedAt) continue;
    if (isOf(entry, by)) yield* toldIn(entry);
    else if (entry.answer?.type === "written" && others.some((other) => isOf(entry, other))) yield* toldIn(entry);
  }
}

function isOf({ node, life }: HistoryEntry, whom: Whom | undefined): boolean {
  return whom !== undefined && node === whom.node && life === whom.life;
}

/** Of what was not there nobody was told since when. */
function* toldIn(by: HistoryEntry): Iterable<Told> {
  if (by.answer?.type === "written") {
    for (const { key, version, isDelete } of by.answer.parts)
      yield { key, stamp: stampOfVersion(version, isDelete), by };
  } else if (by.answer?.type === "read" && by.answer.read.version !== undefined) {
    yield { key: by.answer.read.key, stamp: stampOfVersion(by.answer.read.version, false), by };
  }
}

function* checkOverwritten(restored: RestoreHistory, evidence: Evidence): Iterable<string> {
  const { stamped, file, endedAt } = restored;
  if (stamped === undefined) return;
  const name = `the restore of ${seconds(stamped.at)}`;
  yield* checkStamp(stamped, name, evidence);
  if (endedAt === undefined) return;
  const floor = { timestamp: stamped.stamp, isDead: false, origin: 0 };
  const copied = new Map(file.values.map((value) => [value.key, value]));
  for (const [i, { finals, finalWallMs }] of evidence.nodes.entries()) {
    for (const { key, version, author } of finals) {
      const value = copied.get(key);
      if (value === undefined || value.expiresAt - evidence.clockSpreadMs <= finalWallMs) continue;
      const told = `replica ${i} at the end, though ${name} wrote ${showKey(key)} at ${stamped.stamp}`;
      if (version === undefined) {
        const moment = { at: evidence.endedAt, wallMs: finalWallMs };
        if (!mayBeGone(indexWrites(evidence).get(key) ?? [], floor, moment, evidence.clockSpreadMs))
          yield `nothing is at ${told}`;
        continue;
      }
      const { timestamp } = stampOfVersion(version, false);
      if (timestamp < stamped.stamp) yield `${version} is at ${told}`;
      if (timestamp === stamped.stamp && author?.id !== value.author?.id)
        yield `the value of operation ${author?.id} is at ${told} as that of operation ${value.author?.id}`;
    }
  }
}

/** It is above all that whoever gave it out had told of. */
function* checkStamp(stamped: Stamped, name: string, { history }: Evidence): Iterable<string> {
  for (const entry of history) {
    if ((entry.answeredAt ?? Infinity) >= stamped.at || !isOf(entry, stamped)) continue;
    for (const { key, stamp } of toldIn(entry)) {
      if (stamp.timestamp >= stamped.stamp)
        yield `${name} is stamped ${stamped.stamp}, and ${showKey(key)} was told of before at ${showStamp(stamp)}`;
    }
  }
}

/** A value of a file as it was told to a replica. */
interface Retold {
  readonly value: CopiedValue;
  readonly step: RestoreStep;
  /** It stands for whatever came of it with a greater stamp than this one. */
  readonly above: Stamp;
  /** All was written as new. */
  readonly isOverwrite: boolean;
}

/** Looks for values that a restore wrote above what it was to leave alone. */
function* checkLeftAlone(evidence: Evidence): Iterable<string> {
  const retoldByKey = indexRetold(evidence);
  if (retoldByKey.size === 0) return;
  const promised = indexPromised(evidence);
  for (const { read, at, by } of sightings(evidence)) {
    const { key, version = "", author } = read;
    const { timestamp } = stampOfVersion(version, false);
    const since = (retoldByKey.get(key) ?? []).filter(
      ({ value, step, above }) => step.at < at && value.author?.id === author?.id && above.timestamp < timestamp,
    );
    // Where several may have written it nobody can tell which did.
    const restores = new Set(since.map(({ above, isOverwrite }) => `${above.timestamp} ${isOverwrite}`));
    const [retold] = since;
    if (retold === undefined || restores.size > 1 || wasOverwritten(retold, evidence)) continue;
    const greatest = (promised.get(key) ?? []).find((each) => isToStand(each, retold, timestamp, evidence));
    if (greatest === undefined) continue;
    const { operation, answeredAt = 0 } = greatest.entry;
    yield `${by} reads ${showKey(key)} at ${version}: a restore brought back the value of operation ${author?.id} at ${seconds(retold.step.at)}, over what operation ${operation.id} had done at ${seconds(answeredAt)}`;
  }
}

/** What has to stand, whatever a restore tells after it: of one that writes all as new, what was written since it began. */
function isToStand({ part, entry }: Acknowledged, retold: Retold, timestamp: number, evidence: Evidence): boolean {
  const { above, step, isOverwrite } = retold;
  const stamp = stampOfVersion(part.version, part.isDelete);
  if (compareStamps(stamp, above) <= 0 || stamp.timestamp >= timestamp || (entry.answeredAt ?? Infinity) >= step.at)
    return false;
  if (!isOverwrite) return part.isDelete;
  // A deletion may have been purged, and is not known then to have come after the beginning.
  const writes = indexWrites(evidence).get(part.key) ?? [];
  return !part.isDelete && !mayBeGone(writes, stamp, { at: step.at, wallMs: step.wallMs }, evidence.clockSpreadMs);
}

function indexRetold({ backups }: Evidence): ReadonlyMap<Key, readonly Retold[]> {
  const byKey = new Map<Key, Retold[]>();
  for (const { plan, file, steps, stamped } of backups?.all.flatMap(({ restores }) => restores) ?? []) {
    for (const step of steps) {
      for (const value of file.chunks[step.chunk]?.values ?? []) {
        const own = stampOfVersion(value.version, false);
        const above = stamped === undefined ? own : { ...own, timestamp: stamped.stamp };
        const retold = { value, step, above, isOverwrite: plan.isOverwrite };
        const all = byKey.get(value.key);
        if (all === undefined) byKey.set(value.key, [retold]);
        else all.push(retold);
      }
    }
  }
  return byKey;
}

/** By another restore than that. */
function wasOverwritten({ value: { key, author }, above }: Retold, { backups }: Evidence): boolean {
  const restores = backups?.all.flatMap((taken) => taken.restores) ?? [];
  return restores.some(
    ({ stamped, file }) =>
      stamped !== undefined &&
      stamped.stamp !== above.timestamp &&
      file.values.some((value) => value.key === key && value.author?.id === author?.id),
  );
}

function indexPromised(evidence: Evidence): ReadonlyMap<Key, readonly Acknowledged[]> {
  const byKey = new Map<Key, Acknowledged[]>();
  for (const each of acknowledgedParts(evidence.history)) {
    const { key } = each.part;
    if (!isPromised(each, indexWrites(evidence).get(key) ?? [], evidence)) continue;
    const all = byKey.get(key);
    if (all === undefined) byKey.set(key, [each]);
    else all.push(each);
  }
  return byKey;
}

interface Sighting {
  readonly read: ReadPart;
  readonly at: number;
  readonly by: string;
}

function* sightings({ history, nodes, endedAt }: Evidence): Iterable<Sighting> {
  for (const { answer, answeredAt = 0, operation } of history) {
    if (answer?.type !== "read" || answer.read.version === undefined) continue;
    yield { read: answer.read, at: answeredAt, by: `operation ${operation.id}` };
  }
  for (const [i, { finals }] of nodes.entries()) {
    for (const read of finals)
      if (read.version !== undefined) yield { read, at: endedAt, by: `replica ${i} at the end` };
  }
}

function seconds(at: number): string {
  return `${(at / 1000).toFixed(3)}s`;
}
