/**
 * A document: a container whose members are updates of one Yjs document. Updates append; a *snapshot* holds the state
 * that many of them make and covers them. Nothing here looks into an update: they commute and may be applied twice, and
 * that is all that is needed of them.
 */

import type { Key, OriginId } from "../base/ids.ts";
import { replicaOf } from "../core/origin.ts";
import { contentAt, encodeMember } from "../core/record/bond.ts";
import { Fingerprint } from "../core/record/fingerprint.ts";
import { KIND_DOCUMENT } from "../core/record/kind.ts";
import { originAt, sequenceAt, timestampAt, valueLengthAt } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import { restricted, type VersionVector } from "../core/version-vector.ts";
import { bondOf, leaseEnd, liveMembers } from "./container.ts";

/** What a register costs beside its content, about: what a snapshot saves. */
const REGISTER_BYTES = 100;
/** A snapshot is due when what came since its predecessor is this share of it, but never below so many bytes. */
const GROWTH_MAX = 0.25;
const SLACK_BYTES = 8 * 1024;

export interface DocumentFacts {
  /** Names the state: equal where the same registers are held. */
  readonly version: string;
  /** Unix ms; `Infinity` when it does not expire. */
  readonly expiresAt: number;
  /** Of each origin the greatest sequence that is held. */
  readonly dots: ReadonlyMap<OriginId, number>;
}

export interface DocumentState extends DocumentFacts {
  /** Copies: snapshots, then the rest in the order of their stamps, so that few come before what they stand on. */
  readonly updates: readonly Uint8Array[];
}

/** What is there of a document; undefined where there is none, or where it was deleted or has expired. */
export function readDocument(shard: Shard, key: Key, nowMs: number): DocumentState | undefined {
  const facts = factsOfDocument(shard, key, nowMs);
  if (facts === undefined) return undefined;
  const covers = shard.containers.find(KIND_DOCUMENT, key)?.covers;
  const slots = [...liveMembers(shard, KIND_DOCUMENT, key, nowMs)];
  const stampOf = (slot: number) => timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  const rankOf = (slot: number) => (covers?.has(slot) === true ? 0 : 1);
  slots.sort((a, b) => rankOf(a) - rankOf(b) || stampOf(a) - stampOf(b));
  const updates = slots.map((slot) => contentAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)).slice());
  return { ...facts, updates };
}

/** What is known of a document beside its content; undefined as for `readDocument`. */
export function factsOfDocument(shard: Shard, key: Key, nowMs: number): DocumentFacts | undefined {
  const sum = new Fingerprint();
  const dots = new Map<OriginId, number>();
  for (const slot of liveMembers(shard, KIND_DOCUMENT, key, nowMs)) {
    const view = shard.table.viewOf(slot);
    const at = shard.table.offsetOf(slot);
    const origin = originAt(view, at);
    dots.set(origin, Math.max(dots.get(origin) ?? 0, sequenceAt(view, at)));
    sum.add(view, at);
  }
  if (dots.size === 0) return undefined;
  const version = `${hex32(sum.high)}${hex32(sum.low)}`;
  return { version, expiresAt: leaseEnd(shard, KIND_DOCUMENT, key), dots };
}

/** An update that is appended; `field` must never have been used for this document. */
export function appendedUpdate(shard: Shard, key: Key, field: string, update: Uint8Array): LocalWrite {
  return { kind: KIND_DOCUMENT, key, field, value: encodeMember(bondOf(shard, KIND_DOCUMENT, key), update) };
}

/** True when what came since the last snapshot has outgrown it. */
export function isSnapshotDue(shard: Shard, key: Key): boolean {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  if (container === undefined || container.members.size < 2) return false;
  let greatest = 0;
  for (const slot of container.covers.keys()) {
    greatest = Math.max(greatest, REGISTER_BYTES + valueLengthAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)));
  }
  const rest = container.bytes + REGISTER_BYTES * container.members.size - greatest;
  return rest > Math.max(SLACK_BYTES, GROWTH_MAX * greatest);
}

/** How many snapshots stand side by side: none of them covers another. */
export function snapshotsOf(shard: Shard, key: Key): number {
  return shard.containers.find(KIND_DOCUMENT, key)?.covers.size ?? 0;
}

/** Bytes of all that is held of a document. */
export function bytesOf(shard: Shard, key: Key): number {
  return shard.containers.find(KIND_DOCUMENT, key)?.bytes ?? 0;
}

/**
 * A snapshot of all that is held of a document, whose state `encode` tells. Undefined while something of what is held is not
 * covered here, or covers what is not: then it must wait, for what it covers must be in it.
 */
export function snapshot(shard: Shard, key: Key, field: string, encode: () => Uint8Array): LocalWrite | undefined {
  const container = shard.containers.find(KIND_DOCUMENT, key);
  if (container === undefined || container.members.size === 0 || !shard.isSettled) return undefined;
  for (const covers of container.covers.values()) if (!shard.vector.dominates(covers)) return undefined;
  const replicas = new Set<number>();
  for (const slot of container.members.from(0)) {
    const view = shard.table.viewOf(slot);
    const at = shard.table.offsetOf(slot);
    if (!shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return undefined;
    replicas.add(replicaOf(originAt(view, at)));
  }
  for (const covers of container.covers.values()) for (const replica of replicasIn(covers)) replicas.add(replica);
  const covers = restricted(shard.vector, replicas);
  return {
    kind: KIND_DOCUMENT,
    key,
    field,
    value: encodeMember({ ...bondOf(shard, KIND_DOCUMENT, key), covers }, encode()),
  };
}

function replicasIn(vector: VersionVector): Set<number> {
  const replicas = new Set<number>();
  for (const [origin] of vector.entries()) replicas.add(replicaOf(origin));
  for (const [replica] of vector.sealedEntries()) replicas.add(replica);
  return replicas;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
