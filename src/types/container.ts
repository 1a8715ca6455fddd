/**
 * What all containers share (`core/containers/containers.ts`): whether there is one, what binds what is written to it now, its deletion
 * and its lease. Writes are told, not made: whoever calls hands them to the shard.
 */

import type { Key } from "../base/ids.ts";
import { timestampFromMs } from "../core/clock.ts";
import type { Container } from "../core/containers/container.ts";
import { LEASE_FIELD } from "../core/containers/container-part.ts";
import type { Bond } from "../core/record/bond.ts";
import { expiresAt, timestampAt } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";

/** True when there is something in a container. */
export function isThere(shard: Shard, kind: number, key: Key, nowMs: number): boolean {
  const container = shard.containers.find(kind, key);
  return container !== undefined && firstMember(shard, container, nowMs) !== 0;
}

/** The slot of the first of what may be shown of a container; 0: there is nothing. */
export function firstMember(shard: Shard, { kind, key, members }: Container, nowMs: number): number {
  if (members.size === 0 || isOver(shard, kind, key, nowMs)) return 0;
  const first = members.at(0);
  if (shard.isLive(first, nowMs)) return first;
  return liveMembers(shard, kind, key, nowMs).next().value ?? 0;
}

/** True when there was something, and its lease has run out. */
export function isOver(shard: Shard, kind: number, key: Key, nowMs: number): boolean {
  const lease = shard.containers.find(kind, key)?.lease ?? 0;
  return lease !== 0 && !shard.isLive(lease, nowMs) && leaseEnd(shard, kind, key) !== Infinity;
}

/** Slots of what may be shown of a container, from a rank on. */
export function* liveMembers(shard: Shard, kind: number, key: Key, nowMs: number, from = 0): Generator<number, void> {
  if (isOver(shard, kind, key, nowMs)) return;
  const members = shard.containers.find(kind, key)?.members.from(from) ?? [];
  for (const slot of members) if (shard.isLive(slot, nowMs)) yield slot;
}

/** Stamp of the last deletion that is known; 0: none is. */
export function generationOf(shard: Shard, kind: number, key: Key): number {
  return shard.containers.find(kind, key)?.generation ?? 0;
}

/** When a container expires, unix ms; `Infinity`: it does not. */
export function leaseEnd(shard: Shard, kind: number, key: Key): number {
  const lease = shard.containers.find(kind, key)?.lease ?? 0;
  return lease === 0 ? Infinity : expiresAt(shard.table.viewOf(lease), shard.table.offsetOf(lease));
}

/** What binds a member that is written now. */
export function bondOf(shard: Shard, kind: number, key: Key): Bond {
  const container = shard.containers.find(kind, key);
  if (container === undefined) return { generation: 0, after: shard.graves.markOf(kind, key) };
  const { generation, after } = container;
  // A lease by itself knows of no deletion.
  const isBare = container.base === 0 && container.members.size === 0;
  return { generation, after: isBare ? Math.max(after, shard.graves.markOf(kind, key)) : after };
}

/** The deletion of a container, which beats all that is known of it. */
export function deletion(shard: Shard, kind: number, key: Key): LocalWrite {
  const container = shard.containers.find(kind, key);
  const lease = container?.lease ?? 0;
  const leasedAt = lease === 0 ? 0 : timestampAt(shard.table.viewOf(lease), shard.table.offsetOf(lease));
  return { kind, key, above: Math.max(container?.after ?? 0, leasedAt) };
}

/**
 * The deletion of a container that has run out, stamped with the instant of that: it is the same whoever writes it, and
 * whenever, and kills nothing of what others put there since.
 */
export function ending(shard: Shard, kind: number, key: Key): LocalWrite {
  return { ...deletion(shard, kind, key), stamp: timestampFromMs(leaseEnd(shard, kind, key)) };
}

/** Says when a container expires, unix ms; undefined: it does not any more. */
export function leased(shard: Shard, kind: number, key: Key, due: number | undefined): LocalWrite {
  const above = shard.containers.find(kind, key)?.after ?? 0;
  return { kind, key, field: LEASE_FIELD, value: new Uint8Array(0), expiresAt: due, above };
}
