/**
 * A document: a container whose members are updates of one Yjs document. Updates append; a *snapshot* holds the state
 * that many of them make and covers them. Nothing here looks into an update: they commute and may be applied twice, and
 * that is all that is needed of them.
 */

import type { Key } from "../base/ids.ts";
import { type Bond, contentAt, encodeMember } from "../core/bond.ts";
import { type Container, LEASE_FIELD } from "../core/containers.ts";
import { Fingerprint } from "../core/fingerprint.ts";
import { replicaOf } from "../core/origin.ts";
import { expiresAt, flagsAt, isGone, KIND_DOCUMENT, originAt, sequenceAt, timestampAt } from "../core/record.ts";
import type { LocalWrite, Shard } from "../core/shard.ts";
import { VersionVector } from "../core/version-vector.ts";

/** What a register costs beside its content, about: what a snapshot saves. */
const REGISTER_BYTES = 100;
/** A snapshot is due when what came since its predecessor is this share of it, but never below so many bytes. */
const GROWTH_MAX = 0.25;
const SLACK_BYTES = 8 * 1024;

export interface DocumentState {
  /** Copies, in no order of meaning. */
  readonly updates: readonly Uint8Array[];
  /** Names the state: equal where the same registers are held. */
  readonly version: string;
  /** Stamp of the deletion that it came after; 0: none is known. */
  readonly generation: number;
  /** Unix ms; `Infinity` when it does not expire. */
  readonly expiresAt: number;
  /** Bytes of all updates. */
  readonly bytes: number;
}

/** What is there of a document; undefined where there is none, or where it was deleted or has expired. */
export function readDocument(shard: Shard, key: Key, nowMs: number): DocumentState | undefined {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  if (container === undefined || isOver(shard, container, nowMs)) return undefined;
  const updates: Uint8Array[] = [];
  const sum = new Fingerprint();
  let bytes = 0;
  for (const slot of container.members) {
    if (!shard.isLive(slot, nowMs)) continue;
    const view = shard.table.viewOf(slot);
    const at = shard.table.offsetOf(slot);
    const content = contentAt(view, at);
    updates.push(content.slice());
    bytes += content.length;
    sum.add(view, at);
  }
  if (updates.length === 0) return undefined;
  const { generation } = container;
  const version = `${hex32(sum.high)}${hex32(sum.low)}`;
  return { updates, version, generation, expiresAt: leaseEnd(shard, container), bytes };
}

/** True when a document's lease has run out. */
export function isOver(shard: Shard, { lease }: Container, nowMs: number): boolean {
  return lease !== 0 && !shard.isLive(lease, nowMs);
}

function leaseEnd(shard: Shard, { lease }: Container): number {
  return lease === 0 ? Infinity : expiresAt(shard.table.viewOf(lease), shard.table.offsetOf(lease));
}

/** An update that is appended; `field` must never have been used for this document. */
export function appendedUpdate(shard: Shard, key: Key, field: string, update: Uint8Array): LocalWrite {
  return { kind: KIND_DOCUMENT, key, field, value: encodeMember(bondOf(shard, key), update) };
}

/** The deletion of a document, which is to beat all that is known of it. */
export function deletion(shard: Shard, key: Key): LocalWrite {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  const lease = container?.lease ?? 0;
  const leasedAt = lease === 0 ? 0 : timestampAt(shard.table.viewOf(lease), shard.table.offsetOf(lease));
  return { kind: KIND_DOCUMENT, key, above: Math.max(container?.after ?? 0, leasedAt) };
}

/** Says when a document expires, unix ms; undefined: it does not any more. */
export function leased(shard: Shard, key: Key, due: number | undefined): LocalWrite {
  const above = shard.containers.find(KIND_DOCUMENT, key)?.after ?? 0;
  return { kind: KIND_DOCUMENT, key, field: LEASE_FIELD, value: new Uint8Array(0), expiresAt: due, above };
}

/** True when what came since the last snapshot has outgrown it. */
export function isSnapshotDue(shard: Shard, key: Key): boolean {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  if (container === undefined) return false;
  let greatest = 0;
  let total = 0;
  for (const slot of container.members) {
    const bytes = contentAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)).length + REGISTER_BYTES;
    greatest = Math.max(greatest, bytes);
    total += bytes;
  }
  return container.members.size > 1 && total - greatest > Math.max(SLACK_BYTES, GROWTH_MAX * greatest);
}

/**
 * A snapshot of all that is held of a document, whose state `content` is. Undefined while something of what is held is not
 * covered here, or covers what is not: then it must wait, for what it covers must be in it.
 */
export function snapshot(shard: Shard, key: Key, field: string, content: Uint8Array): LocalWrite | undefined {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  if (container === undefined || container.members.size === 0 || !shard.isSettled) return undefined;
  for (const covers of container.covers.values()) if (!shard.vector.dominates(covers)) return undefined;
  const replicas = new Set<number>();
  for (const slot of container.members) {
    const view = shard.table.viewOf(slot);
    const at = shard.table.offsetOf(slot);
    if (!shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return undefined;
    replicas.add(replicaOf(originAt(view, at)));
  }
  for (const covers of container.covers.values()) for (const replica of replicasIn(covers)) replicas.add(replica);
  const covers = restricted(shard.vector, replicas);
  return { kind: KIND_DOCUMENT, key, field, value: encodeMember({ ...bondOf(shard, key), covers }, content) };
}

/** What binds a member that is written now. */
function bondOf(shard: Shard, key: Key): Bond {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  if (container === undefined) return { generation: 0, after: shard.purgeMarkOf(KIND_DOCUMENT, key) };
  const { generation, after } = container;
  // A lease by itself knows of no deletion.
  const isBare = container.base === 0 && container.members.size === 0;
  return { generation, after: isBare ? Math.max(after, shard.purgeMarkOf(KIND_DOCUMENT, key)) : after };
}

function replicasIn(vector: VersionVector): Set<number> {
  const replicas = new Set<number>();
  for (const [origin] of vector.entries()) replicas.add(replicaOf(origin));
  for (const [replica] of vector.sealedEntries()) replicas.add(replica);
  return replicas;
}

/** What a vector says of some replicas. */
function restricted(vector: VersionVector, replicas: ReadonlySet<number>): VersionVector {
  const part = new VersionVector();
  for (const [replica, life] of vector.sealedEntries()) if (replicas.has(replica)) part.seal(replica, life);
  for (const [origin, sequence] of vector.entries())
    if (replicas.has(replicaOf(origin))) part.advance(origin, sequence);
  return part;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** True for a lease whose end has been seen to pass here. */
export function hasFallen(shard: Shard, { lease }: Container): boolean {
  return lease !== 0 && isGone(flagsAt(shard.table.viewOf(lease), shard.table.offsetOf(lease)));
}
