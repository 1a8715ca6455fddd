/**
 * Registers of collections out of a backup, against what an owner holds, as `restore-here.ts` tells. Members are held against
 * each other one by one, like values. *Merged*, what a deletion of the whole saw stays deleted: of this cluster that is told by
 * dots, of another by stamps. *As of a stamp*, what is there with lesser ones goes first; what bears the stamp was restored
 * before, so that it goes on where it was left off.
 */

import { isDeletion, isLease, isMemberIncrements } from "../core/containers/container-part.ts";
import { additionTo } from "../core/containers/counted-members.ts";
import {
  expiresAt,
  FLAG_SEEN,
  fieldAt,
  flagsAt,
  isDead,
  originAt,
  sequenceAt,
  timestampAt,
  valueLengthAt,
  valueStartAt,
} from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import { type CollectionId, deletionOfAll, leaseOf, memberName, removed } from "../types/collection.ts";
import { isOver } from "../types/container.ts";
import { partsOfMember } from "../types/counted-member.ts";
import type { RestoreFate, RestoreMode } from "./restore-here.ts";
import { restoredSight } from "./restored-sight.ts";

/** What it needs of whoever restores a record. */
export interface CollectionRestore extends CollectionId {
  readonly shard: Shard;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly mode: RestoreMode;
  readonly now: number;
  /** Throws what writes throw. */
  write(write: LocalWrite): void;
  /** Its dot is of this cluster, covered here, and something as new was purged from its bucket. */
  wasForgotten(): boolean;
  /** What is held in a slot has a stamp that is still to come, by a clock that was wrong, and is something else. */
  isWrongAhead(slot: number): boolean;
}

export function restorePart(restore: CollectionRestore): RestoreFate {
  const { view, at, mode } = restore;
  // It would take what came after it, too.
  if (isDeletion(view, at)) return "kept";
  // What was added to a member came to other records there, and is told in the member.
  if (isMemberIncrements(view, at) || hasNewerIncrements(restore, mode.stamp ?? timestampAt(view, at))) return "kept";
  if (isDead(flagsAt(view, at))) return mode.stamp === undefined ? mergeRemoval(restore) : "kept";
  return mode.stamp === undefined ? merge(restore) : writeAsOf(restore, mode.stamp);
}

/** Of what a quarantine put aside: a removal of what is older, and still there. */
function mergeRemoval({ shard, kind, key, view, bytes, at, now, write }: CollectionRestore): RestoreFate {
  const field = fieldAt(view, bytes, at);
  const held = shard.find(kind, key, field);
  const stamp = timestampAt(view, at);
  if (held === 0 || !shard.isLive(held, now) || stampOf(shard, held) >= stamp) return "kept";
  write({ kind, key, field, stamp });
  return "restored";
}

function merge(restore: CollectionRestore): RestoreFate {
  const { shard, kind, key, view, bytes, at, now } = restore;
  const stamp = timestampAt(view, at);
  const held = shard.find(kind, key, fieldAt(view, bytes, at));
  if (held !== 0 && (stampOf(shard, held) >= stamp || isWithin(restore, held))) return "kept";
  const container = shard.containers.find(kind, key);
  // What is there without a lease was not to expire.
  if (isLease(view, at) && held === 0 && container !== undefined && container.members.size > 0) return "kept";
  if (isOver(shard, kind, key, now) || wasDeleted(restore, stamp)) return "kept";
  if (held === 0 && restore.wasForgotten()) return "forgotten";
  return put(restore, stamp);
}

/** Something was added to the member that it does not have as of this stamp. */
function hasNewerIncrements({ shard, kind, key, view, bytes, at }: CollectionRestore, stamp: number): boolean {
  const container = shard.containers.find(kind, key);
  const counted = container?.counted.get(fieldAt(view, bytes, at) ?? "");
  if (container === undefined || counted === undefined) return false;
  return additionTo(shard.table, container, counted).from.some((slot) => stampOf(shard, slot) >= stamp);
}

/** A sum that was told by the stamp of its last addition, and has come into what is held, which bears a lesser one. */
function isWithin({ shard, view, at, mode }: CollectionRestore, held: number): boolean {
  const hasSeen = (flagsAt(shard.table.viewOf(held), shard.table.offsetOf(held)) & FLAG_SEEN) !== 0;
  return mode.isOurs && hasSeen && shard.vector.covers(originAt(view, at), sequenceAt(view, at));
}

/** By a deletion of the whole that is held. */
function wasDeleted({ shard, kind, key, view, at, mode }: CollectionRestore, stamp: number): boolean {
  if (mode.isOurs) return shard.containers.isSeen(view, at);
  for (const slot of shard.containers.find(kind, key)?.covers.keys() ?? []) {
    if (stampOf(shard, slot) >= stamp) return true;
  }
  return false;
}

function writeAsOf(restore: CollectionRestore, stamp: number): RestoreFate {
  const { shard, kind, key, view, bytes, at } = restore;
  begin(restore, stamp);
  const held = shard.find(kind, key, fieldAt(view, bytes, at));
  if (held !== 0 && stampOf(shard, held) >= stamp && !restore.isWrongAhead(held)) return "kept";
  return put(restore, stamp);
}

/** Removes what is older, once. The lease of what comes is told before the rest: where none is, there is to be none. */
function begin(restore: CollectionRestore, stamp: number): void {
  const { shard, kind, key, view, at, mode, write } = restore;
  const name = `${kind} ${key}`;
  if (mode.begun.name === name) return;
  mode.begun.name = name;
  const container = shard.containers.find(kind, key);
  if (container === undefined) return;
  if (container.newest < stamp) {
    if (container.members.size === 0 && container.lease === 0) return;
    for (const each of deletionOfAll(shard, { kind, key })) write(each.isRemoval === true ? each : { ...each, stamp });
    return;
  }
  const older = [...container.members.from(0)].filter((slot) =>
    partsOfMember(shard, slot).every((part) => stampOf(shard, part) < stamp),
  );
  for (const slot of older) write(removed(shard, { kind, key }, memberName(shard, slot)));
  const hasOldLease = container.lease !== 0 && stampOf(shard, container.lease) < stamp;
  if (hasOldLease && !isLease(view, at)) write({ ...leaseOf({ kind, key }, undefined), stamp });
}

function put({ kind, key, view, bytes, at, mode, write }: CollectionRestore, stamp: number): RestoreFate {
  const start = valueStartAt(view, at);
  const value = bytes.slice(start, start + valueLengthAt(view, at));
  const due = expiresAt(view, at);
  const field = fieldAt(view, bytes, at);
  write({
    kind,
    key,
    field,
    value,
    expiresAt: due === Infinity ? undefined : due,
    stamp,
    sight: restoredSight(view, at, mode),
  });
  return "restored";
}

function stampOf(shard: Shard, slot: number): number {
  return timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}
