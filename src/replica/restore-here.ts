/**
 * Registers out of a backup, against what an owner holds that is ready. Each becomes a local write, so that it gets a dot
 * of the present life, and is pushed, kept and told of like any.
 *
 * *Merged*, it keeps its stamp, and is written only where that is greater than what is held. What was deleted stays so also
 * where the deletion has been purged: its dot is covered here, and something as new was purged from its bucket. That can be told
 * of dots of this cluster only (`births.ts`). What is not above what was purged from its bucket, and is not known to have been
 * deleted, is stamped just above that, as any local write (R8). What a number came to is told with the stamp of what was added
 * last, which what it is part of now need not have: there its dot tells. Of this cluster it comes with what it saw of additions
 * (`restored-sight.ts`), so that none of them counts twice when it arrives.
 *
 * Written *as of a stamp*, every register bears that one, unless what is held is as new; so it may be told any number of
 * times. What is held with a stamp that is still to come, by a clock that was wrong, is overwritten all the same.
 *
 * A value keeps its tags. Merged, one that a tag made stale since does not come back; as of a stamp, it is stamped above what
 * is known to have been invalidated, as any local write.
 *
 * A member of a document covers nothing after it: what it covered where it came from has other dots here. It comes after what
 * is known here of the document. One that covered something, or that is written as of a stamp, gets a field of its own, made
 * of its old one, under which it is known when it comes again. Of collections `restore-collection.ts` tells.
 */

import type { RestoreCounts } from "../backup-store.ts";
import type { Key } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { ttlUnder } from "../cluster/placement/policy.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { isBase, isLease, LEASE_FIELD } from "../core/containers/container-part.ts";
import { afterAt, contentAt, coversAt, encodeMember } from "../core/record/bond.ts";
import { isCollectionKind, isContainerKind, isValueIncrementsKind } from "../core/record/kind.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  contentTypeAt,
  expiresAt,
  FLAG_SEEN,
  fieldAt,
  flagsAt,
  isDead,
  isGone,
  keyAt,
  kindAt,
  originAt,
  sequenceAt,
  tagsAt,
  timestampAt,
} from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import { bondOf, deletion, isOver } from "../types/container.ts";
import { sumOf } from "../types/counter.ts";
import type { Replica } from "./replica.ts";
import { restorePart } from "./restore-collection.ts";
import { restoredSight } from "./restored-sight.ts";

export type RestoreFate = keyof RestoreCounts;

export interface RestoreMode {
  /** What all are stamped with; undefined: merged. */
  readonly stamp: number | undefined;
  /** Their dots are of this cluster. */
  readonly isOurs: boolean;
  /** Of whoever hands over registers in the order of a backup: kind and key of what was begun last as of the stamp. */
  readonly begun: { name: string };
}

/** A record that has been checked, where it stands. */
interface Restored {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly kind: number;
  readonly key: Key;
}

/** Before the field that a member had. The fields of members that were written here are shorter than these. */
const MERGED = "~m";
const stampedPrefix = (stamp: number) => `~${stamp.toString(36)}.`;

/** What becomes of one record, in the shard of its key; `slot` is where it is held if it was written. Throws what writes throw. */
export function restoreRecord(
  replica: Replica,
  shard: Shard,
  record: { readonly view: DataView; readonly bytes: Uint8Array; readonly at: number },
  mode: RestoreMode,
  now: number,
): { readonly fate: RestoreFate; readonly slot: number } {
  const { view, bytes, at } = record;
  const restored: Restored = { view, bytes, at, kind: kindAt(view, at), key: keyAt(view, bytes, at) };
  if (isGone(flagsAt(view, at)) || expiresAt(view, at) <= now) return { fate: "expired", slot: 0 };
  const writing = new Writing(replica, shard, restored, mode, now);
  const fate = isContainerKind(restored.kind) ? writing.part() : writing.value();
  return { fate, slot: writing.slot };
}

class Writing {
  readonly #replica: Replica;
  readonly #shard: Shard;
  readonly #record: Restored;
  readonly #mode: RestoreMode;
  readonly #now: number;
  slot = 0;

  constructor(replica: Replica, shard: Shard, record: Restored, mode: RestoreMode, now: number) {
    this.#replica = replica;
    this.#shard = shard;
    this.#record = record;
    this.#mode = mode;
    this.#now = now;
  }

  value(): RestoreFate {
    const { view, at, kind, key } = this.#record;
    const { stamp } = this.#mode;
    // What was added to a value came to other records there, and is told in the value.
    if (isValueIncrementsKind(kind)) return "kept";
    const held = this.#shard.find(kind, key);
    if (this.#hasNewerIncrements(stamp ?? timestampAt(view, at))) return "kept";
    if (isDead(flagsAt(view, at))) return this.#death(held);
    if (stamp !== undefined) return this.#valueAsOf(held, stamp);
    const timestamp = timestampAt(view, at);
    if (held !== 0 && (this.#stampOf(held) >= timestamp || this.#isWithin(held))) return "kept";
    // One of its tags was invalidated since: it would come back stale.
    if (this.#shard.invalidations.isStale(view, at)) return "forgotten";
    if (held !== 0) return this.#put(timestamp, expiresAt(view, at));
    return this.#wasForgotten() ? "forgotten" : this.#put(timestamp, expiresAt(view, at));
  }

  /** Something was added that a value as of this stamp does not have. */
  #hasNewerIncrements(stamp: number): boolean {
    const { increments } = this.#shard;
    if (increments.count === 0) return false;
    const slots = sumOf(this.#shard, this.#record.key, this.#now)?.from ?? [];
    return slots.some((slot) => this.#stampOf(slot) >= stamp);
  }

  /**
   * A sum that was told by the stamp of its last addition, and has come into what is held, which bears a lesser one (U2 of
   * `types/counter-upkeep.ts`): a value would stand there, as its dot is covered.
   */
  #isWithin(held: number): boolean {
    const { view, at } = this.#record;
    const { table, vector } = this.#shard;
    if (!this.#mode.isOurs || (flagsAt(table.viewOf(held), table.offsetOf(held)) & FLAG_SEEN) === 0) return false;
    return vector.covers(originAt(view, at), sequenceAt(view, at));
  }

  /** Of what a quarantine put aside: a deletion of what is older, and still there. */
  #death(held: number): RestoreFate {
    const { view, at, kind, key } = this.#record;
    const stamp = timestampAt(view, at);
    if (held === 0 || this.#mode.stamp !== undefined) return "kept";
    if (!this.#shard.isLive(held, this.#now) || this.#stampOf(held) >= stamp) return "kept";
    this.#write({ kind, key, stamp });
    return "restored";
  }

  #valueAsOf(held: number, stamp: number): RestoreFate {
    const { view, at } = this.#record;
    if (held !== 0 && this.#stampOf(held) >= stamp && !(this.#isAhead(held) && !this.#isSame(held))) return "kept";
    const due = expiresAt(view, at);
    // A new write, and as such under what the keyspace is set to now: at most the longest time to live that it allows.
    const { maxTtlMs = Infinity, ...policy } = this.#replica.keyspaces.policyOf(spaceOf(this.#shard.id));
    const askedMs = due === Infinity ? undefined : Math.min(maxTtlMs, due - this.#now);
    const ttlMs = ttlUnder({ ...policy, ...(maxTtlMs !== Infinity && { maxTtlMs }) }, askedMs);
    return this.#put(stamp, ttlMs === undefined ? Infinity : Math.ceil(this.#now + ttlMs));
  }

  #put(stamp: number, due: number): RestoreFate {
    const { view, bytes, at, kind, key } = this.#record;
    const sight = restoredSight(view, at, this.#mode);
    const start = bodyStartAt(view, at);
    const value = bytes.subarray(start, start + bodyLengthAt(view, at));
    const contentType = contentTypeAt(view, bytes, at);
    const tags = tagsAt(view, bytes, at);
    this.#write({ kind, key, value, contentType, tags, expiresAt: due === Infinity ? undefined : due, stamp, sight });
    return "restored";
  }

  /** A register of a container. A deletion of one is not carried out: it would take what came after it, too. */
  part(): RestoreFate {
    const { view, at } = this.#record;
    if (isCollectionKind(this.#record.kind)) return this.#partOfCollection();
    if (isBase(view, at)) return "kept";
    const { stamp } = this.#mode;
    if (stamp === undefined) return isLease(view, at) ? this.#mergeLease() : this.#mergeMember();
    if (!this.#beginsAnew(stamp)) return "kept";
    return isLease(view, at) ? this.#leaseAsOf(stamp) : this.#memberAsOf(stamp);
  }

  #partOfCollection(): RestoreFate {
    return restorePart({
      ...this.#record,
      shard: this.#shard,
      mode: this.#mode,
      now: this.#now,
      write: (write) => this.#write(write),
      wasForgotten: () => this.#wasForgotten(),
      isWrongAhead: (slot) => this.#isAhead(slot) && !this.#isSame(slot),
    });
  }

  /** A lease is for what is not there yet, or has an older one: what is there without one was not to expire. */
  #mergeLease(): RestoreFate {
    const { view, at, kind, key } = this.#record;
    const stamp = timestampAt(view, at);
    const container = this.#shard.containers.find(kind, key);
    if (container === undefined) return this.#wasForgotten() ? "forgotten" : this.#lease(stamp);
    if (container.lease === 0 ? container.members.size > 0 : this.#stampOf(container.lease) >= stamp) return "kept";
    return stamp < container.generation ? "kept" : this.#lease(stamp);
  }

  #mergeMember(): RestoreFate {
    const { view, bytes, at, kind, key } = this.#record;
    const field = fieldAt(view, bytes, at) ?? "";
    const hasCovered = coversAt(view, at) !== undefined;
    const own = hasCovered ? MERGED + field : field;
    if (this.#shard.find(kind, key, field) !== 0 || this.#shard.find(kind, key, own) !== 0) return "kept";
    const container = this.#shard.containers.find(kind, key);
    if (container !== undefined && afterAt(view, at) < container.generation) return "kept";
    if (isOver(this.#shard, kind, key, this.#now)) return "kept";
    if (this.#mode.isOurs && this.#shard.containers.killerOf(view, at) !== 0) return "kept";
    if (this.#wasForgotten()) return "forgotten";
    return this.#member(own, timestampAt(view, at));
  }

  /**
   * True where a document is to be written as of a stamp, with what was there before deleted; false where it was deleted or
   * given another time to live since. Where some of it is written already, it goes on.
   */
  #beginsAnew(stamp: number): boolean {
    const { kind, key } = this.#record;
    const container = this.#shard.containers.find(kind, key);
    const leasedAt = container === undefined || container.lease === 0 ? 0 : this.#stampOf(container.lease);
    const latest = Math.max(container?.after ?? 0, leasedAt);
    // Where something was purged meanwhile its deletion bears a greater stamp than it was to.
    if (this.#mode.begun.name === `${kind} ${key}` || latest === stamp) return true;
    if (container !== undefined && latest > stamp) return this.#hasBegun(container.members.from(0), stamp);
    this.#write({ ...deletion(this.#shard, kind, key), stamp });
    this.#mode.begun.name = `${kind} ${key}`;
    return true;
  }

  #hasBegun(members: Iterable<number>, stamp: number): boolean {
    const prefix = stampedPrefix(stamp);
    const { table } = this.#shard;
    for (const slot of members) {
      const field = fieldAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
      if (field?.startsWith(prefix) === true) return true;
    }
    return false;
  }

  #leaseAsOf(stamp: number): RestoreFate {
    const { kind, key } = this.#record;
    const held = this.#shard.find(kind, key, LEASE_FIELD);
    return held !== 0 && this.#stampOf(held) >= stamp ? "kept" : this.#lease(stamp);
  }

  #memberAsOf(stamp: number): RestoreFate {
    const { view, bytes, at, kind, key } = this.#record;
    const field = stampedPrefix(stamp) + withoutPrefix(fieldAt(view, bytes, at) ?? "");
    return this.#shard.find(kind, key, field) !== 0 ? "kept" : this.#member(field, stamp);
  }

  #member(field: string, stamp: number): RestoreFate {
    const { view, at, kind, key } = this.#record;
    const value = encodeMember(bondOf(this.#shard, kind, key), contentAt(view, at));
    this.#write({ kind, key, field, value, stamp });
    return "restored";
  }

  #lease(stamp: number): RestoreFate {
    const { view, at, kind, key } = this.#record;
    const above = this.#shard.containers.find(kind, key)?.after ?? 0;
    const due = expiresAt(view, at);
    const value = new Uint8Array(0);
    this.#write({ kind, key, field: LEASE_FIELD, value, expiresAt: due === Infinity ? undefined : due, stamp, above });
    return "restored";
  }

  #write(write: Parameters<Shard["write"]>[0]): void {
    this.slot = this.#replica.write(this.#shard, write, false, this.#now);
  }

  #wasForgotten(): boolean {
    const { view, at } = this.#record;
    return this.#mode.isOurs && this.#shard.quarantine.wasForgotten(view, at);
  }

  #stampOf(slot: number): number {
    return timestampAt(this.#shard.table.viewOf(slot), this.#shard.table.offsetOf(slot));
  }

  #isAhead(slot: number): boolean {
    return (
      msOfTimestamp(timestampAt(this.#shard.table.viewOf(slot), this.#shard.table.offsetOf(slot))) >
      this.#now + this.#replica.config.maxClockOffsetMs
    );
  }

  /** It holds the same value: it was restored before. */
  #isSame(slot: number): boolean {
    const { view, bytes, at } = this.#record;
    const { table } = this.#shard;
    const heldView = table.viewOf(slot);
    const heldAt = table.offsetOf(slot);
    const length = bodyLengthAt(view, at);
    if (isDead(flagsAt(heldView, heldAt)) || bodyLengthAt(heldView, heldAt) !== length) return false;
    const heldBytes = table.bytesOf(slot);
    const [start, heldStart] = [bodyStartAt(view, at), bodyStartAt(heldView, heldAt)];
    for (let i = 0; i < length; i++) if (bytes[start + i] !== heldBytes[heldStart + i]) return false;
    return true;
  }
}

/** What a field was before it was restored as of a stamp: it does not grow with every time. */
function withoutPrefix(field: string): string {
  return /^~[0-9a-z]+\.(.+)$/s.exec(field)?.[1] ?? field;
}
