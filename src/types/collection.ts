/**
 * A collection: a container whose members are registers with names of their own. Adding writes one register, removing one
 * tombstone just above what was seen, so that an addition that was not seen wins. Deleting the whole writes one register that
 * says what was seen (`core/containers.ts`). Writes are told, not made: whoever calls hands them to the shard, in order.
 */

import { ByteWriter, latin1FromBytes } from "../base/bytes.ts";
import type { Key, OriginId } from "../base/ids.ts";
import type { Container } from "../core/containers.ts";
import { DELETION_FIELD_BYTES, DELETION_MARK, LEASE_FIELD, MEMBER_MARK } from "../core/containers.ts";
import { replicaOf } from "../core/origin.ts";
import { fieldAt, originAt, sequenceAt, valueLengthAt, valueStartAt, writeUint56 } from "../core/record.ts";
import type { LocalWrite, Shard } from "../core/shard.ts";
import { restricted, type VersionVector } from "../core/version-vector.ts";
import { isOver, leaseEnd } from "./container.ts";

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
  const slot = shard.find(kind, key, MEMBER_MARK + name);
  return slot !== 0 && shard.isLive(slot, nowMs) && !isOver(shard, kind, key, nowMs) ? slot : 0;
}

/** A copy. */
export function memberValue(shard: Shard, slot: number): Uint8Array {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const start = view.byteOffset + valueStartAt(view, at);
  return new Uint8Array(view.buffer, start, valueLengthAt(view, at)).slice();
}

export function memberName(shard: Shard, slot: number): string {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return (fieldAt(view, bytes, at) ?? "").slice(MEMBER_MARK.length);
}

/** How many members there are; those that have expired count until they are swept. */
export function memberCount(shard: Shard, { kind, key }: CollectionId, nowMs: number): number {
  return isOver(shard, kind, key, nowMs) ? 0 : (shard.containers.find(kind, key)?.standing ?? 0);
}

/**
 * What has to be written before something new is: where nothing is left of a collection but when it was to expire, that does
 * not hold for the next one.
 */
export function beginning(shard: Shard, id: CollectionId, nowMs: number): readonly LocalWrite[] {
  const container = shard.containers.find(id.kind, id.key);
  if (container === undefined || leaseEnd(shard, id.kind, id.key) === Infinity) return [];
  const isEmpty = container.standing === 0 || isOver(shard, id.kind, id.key, nowMs);
  return isEmpty ? deletionOfAll(shard, id) : [];
}

export function added(id: CollectionId, { name, value, expiresAt }: MemberWrite): LocalWrite {
  return { kind: id.kind, key: id.key, field: MEMBER_MARK + name, value, expiresAt };
}

/** Of a member that is held. */
export function removed(id: CollectionId, name: string): LocalWrite {
  return { kind: id.kind, key: id.key, field: MEMBER_MARK + name, isRemoval: true };
}

/**
 * The deletion of all that is held. What is held and not covered by the shard's vector, which alone can be told in few bytes,
 * is removed one by one.
 */
export function deletionOfAll(shard: Shard, id: CollectionId): readonly LocalWrite[] {
  const container = shard.containers.find(id.kind, id.key);
  if (container === undefined) return [];
  const writes: LocalWrite[] = [];
  for (const slot of container.members.from(0)) {
    if (!isCovered(shard, slot) && shard.isStanding(slot)) writes.push(removed(id, memberName(shard, slot)));
  }
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
  const replicas = new Set<number>();
  const note = (slot: number) =>
    replicas.add(replicaOf(originAt(shard.table.viewOf(slot), shard.table.offsetOf(slot))));
  for (const slot of container.members.from(0)) note(slot);
  if (container.lease !== 0) note(container.lease);
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
