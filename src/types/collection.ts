/**
 * A collection: a container whose members are registers with names of their own. Adding writes one register, removing one
 * tombstone just above what was seen, so that an addition that was not seen wins. Deleting the whole writes one register that
 * says what was seen (`core/containers/containers.ts`). Writes are told, not made: whoever calls hands them to the shard, in order.
 */

import { ByteWriter, latin1FromBytes } from "../base/bytes.ts";
import type { Key, OriginId } from "../base/ids.ts";
import { msOfTimestamp } from "../core/clock.ts";
import type { Container } from "../core/containers/container.ts";
import { DELETION_FIELD_BYTES, DELETION_MARK, LEASE_FIELD } from "../core/containers/container-part.ts";
import { slotsAddedTo } from "../core/containers/counted-members.ts";
import { replicaOf } from "../core/origin.ts";
import { fieldOfName, memberLengthAt, memberStartAt, nameAt, valueWithName } from "../core/record/member.ts";
import { originAt, sequenceAt, timestampAt } from "../core/record/record.ts";
import { writeUint56 } from "../core/record/wide-numbers.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import { restricted, type VersionVector } from "../core/version-vector.ts";
import { isOver, leaseEnd } from "./container.ts";
import { namesAddedToElsewhere, summedValue } from "./counted-member.ts";

/** Members that have expired and that a rank is counted past; where there are more, members are gone through. */
const DUE_MAX = 256;

/** Members that have gone and that tell who is shown none why: more than a session has room for. */
const REMAINS_MAX = 256;

/** The sum of a member may be written anew one tick after its register (U2 of `counter-upkeep.ts`): a removal is to be above that. */
const REMOVAL_TICKS = 2;

/** Names one collection: a hash and a set under one key are two. */
export interface CollectionId {
  readonly kind: number;
  readonly key: Key;
}

/** A name is bytes, as latin1 text. */
export interface MemberWrite {
  readonly name: string;
  readonly value: Uint8Array;
  /** Unix ms; undefined: not before the whole. */
  readonly expiresAt?: number | undefined;
}

/** The slot of a member that may be shown; 0: there is none. */
export function memberSlot(shard: Shard, { kind, key }: CollectionId, name: string, nowMs: number): number {
  const container = shard.containers.find(kind, key);
  if (container === undefined) return 0;
  const field = fieldOfName(name);
  const own = shard.find(kind, key, field);
  const standIn = container.counted.size === 0 ? 0 : (container.counted.get(field)?.standIn ?? 0);
  const slot = standIn === 0 ? own : standIn;
  if (slot === 0 || !shard.isLive(slot, nowMs) || isOver(shard, kind, key, nowMs)) return 0;
  return container.falling.length === 0 || container.placeIn(slot, true) === container.members ? slot : 0;
}

/** Slots of all that is held of a member: what it holds, or that there is none, is what these say together. */
export function memberRegisters(shard: Shard, { kind, key }: CollectionId, name: string): readonly number[] {
  const field = fieldOfName(name);
  const own = shard.find(kind, key, field);
  const added = shard.containers.find(kind, key)?.counted.get(field)?.slots ?? [];
  return own === 0 ? added : [own, ...added];
}

/**
 * Slots of what binds the whole, its deletions and its lease, and of what has gone where nothing is left, of as much as counts: by
 * these there is nothing of it, or not what there was.
 */
export function wholeRegisters(shard: Shard, { kind, key }: CollectionId): readonly number[] {
  const container = shard.containers.find(kind, key);
  if (container === undefined) return [];
  const { covers, lease, members, remains } = container;
  const gone = members.size === 0 ? remains.firstOf(REMAINS_MAX) : [];
  return lease === 0 ? [...covers.keys(), ...gone] : [...covers.keys(), lease, ...gone];
}

/** What a member holds, or comes to: a view, valid until something is written. */
export function memberValue(shard: Shard, slot: number): Uint8Array {
  return summedValue(shard, slot) ?? ownValue(shard, slot);
}

function ownValue(shard: Shard, slot: number): Uint8Array {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return new Uint8Array(view.buffer, view.byteOffset + memberStartAt(view, at), memberLengthAt(view, at));
}

export function memberName(shard: Shard, slot: number): string {
  return nameAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** How many members may be shown. */
export function memberCount(shard: Shard, { kind, key }: CollectionId, nowMs: number): number {
  const container = shard.containers.find(kind, key);
  if (container === undefined || isOver(shard, kind, key, nowMs)) return 0;
  if (!shard.quarantined) return container.members.size - shard.containers.places.ends.dueBy(container.byEnd, nowMs);
  let count = 0;
  for (const slot of container.members.from(0)) if (shard.isLive(slot, nowMs)) count++;
  return count;
}

/** The slot of the member at a rank, from 0 on, among those that may be shown; 0: there is none. */
export function rankedMember(shard: Shard, { kind, key }: CollectionId, rank: number, nowMs: number): number {
  const container = shard.containers.find(kind, key);
  if (container === undefined || isOver(shard, kind, key, nowMs)) return 0;
  const due = shard.containers.places.ends.dueBy(container.byEnd, nowMs);
  if (due <= DUE_MAX && !shard.quarantined) {
    let at = rank;
    for (const gap of ranksOfDue(container, due)) if (gap <= at) at++;
    return container.members.at(at);
  }
  let left = rank;
  for (const slot of container.members.from(0)) if (shard.isLive(slot, nowMs) && left-- === 0) return slot;
  return 0;
}

/** Of members that have expired, ascending. */
function ranksOfDue({ members, byEnd }: Container, due: number): number[] {
  const slots = due === 0 ? [] : (byEnd?.firstOf(due) ?? []);
  return slots.map((slot) => members.rankOf(slot)).sort((a, b) => a - b);
}

/** Slots of members that may be shown, from a place in their order on. */
export function* membersFrom(shard: Shard, { kind, key }: CollectionId, place: number, nowMs: number) {
  const container = shard.containers.find(kind, key);
  if (container === undefined || isOver(shard, kind, key, nowMs)) return;
  const rank = container.members.rank((slot) => container.placeOf(slot) < place);
  for (const slot of container.members.from(rank)) if (shard.isLive(slot, nowMs)) yield slot;
}

/** The place of a member in that order: those of one place have no order among each other that a cursor could tell. */
export function memberPlace(shard: Shard, { kind, key }: CollectionId, slot: number): number {
  return shard.containers.find(kind, key)?.placeOf(slot) ?? 0;
}

/**
 * What has to be written before something new is: where nothing is left of a collection but when it was to expire, that does
 * not hold for the next one.
 */
export function beginning(shard: Shard, id: CollectionId, nowMs: number): readonly LocalWrite[] {
  const container = shard.containers.find(id.kind, id.key);
  if (container === undefined || leaseEnd(shard, id.kind, id.key) === Infinity) return [];
  if (isOver(shard, id.kind, id.key, nowMs)) return deletionOfEnded(shard, id);
  return container.members.size === 0 ? deletionOfAll(shard, id) : [];
}

export function added(id: CollectionId, { name, value, expiresAt }: MemberWrite): LocalWrite {
  return { kind: id.kind, key: id.key, field: fieldOfName(name), value: valueWithName(name, value), expiresAt };
}

function stampsOf({ table }: Shard, slots: readonly number[]): number[] {
  return slots.map((slot) => (slot === 0 ? 0 : timestampAt(table.viewOf(slot), table.offsetOf(slot))));
}

/** Of a member that is there (M3 of `core/containers/counted-members.ts`). */
export function removed(shard: Shard, id: CollectionId, name: string): LocalWrite {
  const slots = slotsAddedTo(shard, id.kind, id.key, fieldOfName(name));
  if (slots.length === 0) return { kind: id.kind, key: id.key, field: fieldOfName(name), isRemoval: true };
  const write = { kind: id.kind, key: id.key, field: fieldOfName(name) };
  const [own = 0, ...increments] = stampsOf(shard, [shard.find(id.kind, id.key, write.field), ...slots]);
  const stamp = Math.max(...increments.map((each) => each + 1), own + REMOVAL_TICKS);
  return own === 0 ? { ...write, stamp } : { ...write, stamp, isRemoval: true };
}

/**
 * The deletion of all that is held. What is held and not covered by the shard's vector, which alone can be told in few bytes,
 * is removed one by one; and so is each member that somebody else may go on adding to (M2 of `core/containers/counted-members.ts`).
 */
export function deletionOfAll(shard: Shard, id: CollectionId): readonly LocalWrite[] {
  return deletionBefore(shard, id, Infinity);
}

/**
 * The deletion of a collection whose lease has run out. What was added since then, by somebody who knew so, is of the next one,
 * whose beginning may not have come here yet: nobody is shown it, and it stays.
 */
export function deletionOfEnded(shard: Shard, id: CollectionId): readonly LocalWrite[] {
  return deletionBefore(shard, id, leaseEnd(shard, id.kind, id.key));
}

/** `end`: of what is held and not covered, what is stamped from then on, unix ms, stays. */
function deletionBefore(shard: Shard, id: CollectionId, end: number): readonly LocalWrite[] {
  const container = shard.containers.find(id.kind, id.key);
  if (container === undefined) return [];
  const writes: LocalWrite[] = [];
  const beyond = shard.falling
    .partsBeyond(container, shard.vector)
    .filter((slot) => msOfTimestamp(timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot))) < end)
    .map((slot) => memberName(shard, slot));
  for (const name of new Set([...beyond, ...namesAddedToElsewhere(shard, container)]))
    writes.push(removed(shard, id, name));
  if (leaseEnd(shard, id.kind, id.key) !== Infinity && !isCovered(shard, container.lease))
    writes.push(leaseOf(id, undefined));
  writes.push({
    ...id,
    field: DELETION_MARK + originText(shard.ownOrigin),
    saw: encoded(sightOf(shard, container)),
    above: container.newest,
  });
  return writes;
}

/** Says when the whole expires, unix ms; undefined: it does not any more. */
export function leaseOf({ kind, key }: CollectionId, due: number | undefined): LocalWrite {
  return { kind, key, field: LEASE_FIELD, value: new Uint8Array(0), expiresAt: due };
}

function isCovered(shard: Shard, slot: number): boolean {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return shard.vector.covers(originAt(view, at), sequenceAt(view, at));
}

/** What the vector says of those who wrote here, and what they saw who deleted it before. */
function sightOf(shard: Shard, container: Container): VersionVector {
  const replicas = new Set<number>(container.writers.map(replicaOf));
  if (container.lease !== 0) {
    const [view, at] = [shard.table.viewOf(container.lease), shard.table.offsetOf(container.lease)];
    replicas.add(replicaOf(originAt(view, at)));
  }
  const sight = restricted(shard.vector, replicas);
  for (const earlier of container.covers.values()) sight.merge(earlier);
  return sight;
}

function encoded(vector: VersionVector): Uint8Array {
  const writer = new ByteWriter(64);
  vector.encode(writer);
  return writer.copy();
}

function originText(origin: OriginId): string {
  const bytes = new Uint8Array(DELETION_FIELD_BYTES - DELETION_MARK.length);
  writeUint56(new DataView(bytes.buffer), 0, origin);
  return latin1FromBytes(bytes);
}
