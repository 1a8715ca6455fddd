/**
 * The audit: two replicas whose vectors are equal and whose fingerprints, as of the same instant, are not, have lost or
 * damaged something. They compare buckets by identity, then what stands in the buckets that differ, and exchange it.
 *
 * What a register that the other lacks becomes is decided by the one who lacks it (DESIGN section 2):
 *  - it holds a greater one: the other is told;
 *  - it holds a smaller one, or none, and the register is newer than every tombstone ever purged from its bucket: it was
 *    lost, and is repaired, R5 notwithstanding;
 *  - otherwise its tombstone may have been purged here: the owners vote. A majority that has it, or a tie, keeps it.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import { isSameDigest } from "../core/digest.ts";
import { elementHigh, elementLow, Fingerprint } from "../core/fingerprint.ts";
import {
  checksumAt,
  compareRecords,
  expiresAt,
  originAt,
  type RecordLimits,
  recordLength,
  sequenceAt,
  timestampAt,
} from "../core/record.ts";
import { BUCKETS, bucketOf, type Shard } from "../core/shard.ts";
import type { AuditEntry, MessageOf, Records } from "../wire/message.ts";
import { forEachRecord } from "./replication.ts";
import type { Surroundings } from "./surroundings.ts";

/** A shard is not audited again sooner than this. */
const PAUSE_MS = 2000;
const VOTE_MS = 5000;
const VOTES_MAX = 1024;
const ENTRIES_MAX = 16384;
const RECORDS_BYTES_MAX = 512 * 1024;

interface Vote {
  readonly shard: Shard;
  readonly records: Records;
  readonly dueAt: number;
  readonly waitingFor: Set<ReplicaId>;
  readonly holders: Set<ReplicaId>;
  lackers: number;
}

export interface AuditOptions {
  readonly limits: RecordLimits;
  readonly sweptTo: () => number;
  /** A register was put back, or forgotten: for watchers and the log. */
  readonly repaired: (shard: Shard, view: DataView, at: number, how: "restored" | "forgotten") => void;
}

export class Audit {
  readonly #around: Surroundings;
  readonly #options: AuditOptions;
  readonly #pausedUntil = new Map<ShardId, number>();
  readonly #votes = new Map<number, Vote>();
  #nextVote = 1;
  /** Audits begun; registers restored or forgotten by one. */
  begun = 0;
  repaired = 0;

  constructor(around: Surroundings, options: AuditOptions) {
    this.#around = around;
    this.#options = options;
  }

  /** Begins an audit of a shard with a peer, unless there was one just now. */
  begin(id: ShardId, peer: ReplicaId, now: number): void {
    const shard = this.#around.shards[id];
    const dueAt = this.#pausedUntil.get(id) ?? 0;
    if (shard === undefined || !isDue({ dueAt, waitMaxMs: PAUSE_MS }, now)) return;
    this.#pausedUntil.set(id, now + PAUSE_MS);
    this.begun++;
    const buckets = bucketFingerprints(shard);
    const vector = shard.vector.digest();
    this.#around.send(peer, { type: "audit-buckets", shard: id, asOf: this.#options.sweptTo(), vector, buckets });
  }

  receiveBuckets(peer: ReplicaId, message: MessageOf<"audit-buckets">): void {
    const shard = this.#sameState(message);
    if (shard === undefined || message.buckets.length !== BUCKETS) return;
    const own = bucketFingerprints(shard);
    const buckets: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const theirs = message.buckets[bucket];
      const ours = own[bucket];
      if (theirs !== undefined && ours !== undefined && !isSameDigest(theirs, ours)) buckets.push(bucket);
    }
    if (buckets.length === 0) return;
    const entries: AuditEntry[] = [];
    forEachStanding(shard, new Set(buckets), (view, at) => {
      if (entries.length < ENTRIES_MAX) entries.push(entryOf(view, at));
    });
    const { asOf, vector } = message;
    this.#around.send(peer, { type: "audit-entries", shard: shard.id, asOf, vector, buckets, entries });
  }

  receiveEntries(peer: ReplicaId, message: MessageOf<"audit-entries">): void {
    const shard = this.#sameState(message);
    if (shard === undefined) return;
    const theirs = new Map(message.entries.map((entry) => [entryText(entry), entry]));
    const wanted = new Set<string>();
    forEachStanding(shard, new Set(message.buckets), (view, at) => {
      const text = entryText(entryOf(view, at));
      if (!theirs.delete(text)) wanted.add(text);
    });
    this.#sendRecords(peer, shard, new Set(message.buckets), wanted);
    if (theirs.size > 0) {
      const entries = [...theirs.values()];
      this.#around.send(peer, { type: "audit-fetch", shard: shard.id, buckets: message.buckets, entries });
    }
  }

  receiveFetch(peer: ReplicaId, message: MessageOf<"audit-fetch">): void {
    const shard = this.#around.shards[message.shard];
    if (shard === undefined) return;
    this.#sendRecords(peer, shard, new Set(message.buckets), new Set(message.entries.map(entryText)));
  }

  receiveRecords(peer: ReplicaId, message: MessageOf<"audit-records">, now: number): void {
    forEachRecord(message.records, this.#around.shards, this.#options.limits, (shard, view, bytes, at, length) => {
      if (!shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return;
      this.#decide(peer, shard, { bytes, view, start: at, end: at + length }, now);
    });
  }

  receiveVote(peer: ReplicaId, message: MessageOf<"audit-vote">): void {
    forEachRecord(message.records, this.#around.shards, this.#options.limits, (shard, view, _bytes, at) => {
      // Who has not come so far yet, or doubts what it holds, cannot say that it was deleted: it does not vote.
      if (shard.unconfirmed > 0 || !shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return;
      const slot = shard.table.find(view, at);
      const holds = slot !== 0 && compareRecords(view, at, shard.table.viewOf(slot), shard.table.offsetOf(slot)) === 0;
      this.#around.send(peer, { type: "audit-ballot", vote: message.vote, holds });
    });
  }

  receiveBallot(peer: ReplicaId, message: MessageOf<"audit-ballot">): void {
    const vote = this.#votes.get(message.vote);
    if (!vote?.waitingFor.delete(peer)) return;
    if (message.holds) vote.holders.add(peer);
    else vote.lackers++;
    if (vote.waitingFor.size === 0) this.#conclude(message.vote, vote);
  }

  receiveForget(message: MessageOf<"audit-forget">): void {
    forEachRecord(message.records, this.#around.shards, this.#options.limits, (shard, view, _bytes, at) => {
      const slot = shard.table.find(view, at);
      if (slot === 0) return;
      if (compareRecords(view, at, shard.table.viewOf(slot), shard.table.offsetOf(slot)) !== 0) return;
      this.repaired++;
      this.#options.repaired(shard, view, at, "forgotten");
      shard.forget(slot);
    });
  }

  tick(now: number): void {
    for (const [id, vote] of this.#votes) if (now >= vote.dueAt) this.#conclude(id, vote);
  }

  linkDown(peer: ReplicaId): void {
    for (const vote of this.#votes.values()) vote.waitingFor.delete(peer);
  }

  /** What becomes of a register that the peer holds, our vector covers, and we do not hold like that. */
  #decide(peer: ReplicaId, shard: Shard, records: Records, now: number): void {
    const { view, start } = records;
    // It expired since it was asked for: here it may have fallen already.
    if (expiresAt(view, start) <= this.#options.sweptTo()) return;
    const slot = shard.table.find(view, start);
    if (slot === 0) {
      const mark = shard.purgeMarks?.[bucketOf(view, start)] ?? 0;
      if (timestampAt(view, start) > mark) this.#restore(shard, records);
      else this.#callVote(peer, shard, records, now);
      return;
    }
    const ownView = shard.table.viewOf(slot);
    const ownAt = shard.table.offsetOf(slot);
    const order = compareRecords(view, start, ownView, ownAt);
    // The same write with two contents: one is damaged. Both sides take the same one, and are equal again.
    const isRightful = order > 0 || (order === 0 && checksumAt(view, start) > checksumAt(ownView, ownAt));
    if (isRightful) this.#restore(shard, records);
    else if (order < 0) this.#sendSlot(peer, shard, slot);
  }

  #restore(shard: Shard, records: Records): void {
    const { view, bytes, start, end } = records;
    shard.repair(view, bytes, start, end - start);
    this.repaired++;
    this.#options.repaired(shard, view, start, "restored");
  }

  #callVote(peer: ReplicaId, shard: Shard, records: Records, now: number): void {
    if (this.#votes.size >= VOTES_MAX) return;
    const bytes = records.bytes.slice(records.start, records.end);
    const copy = { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
    const owners = this.#around.members.owners().map((member) => member.id);
    const waitingFor = new Set(owners.filter((id) => id !== peer && this.#around.isLinked(id)));
    const id = this.#nextVote++;
    const vote: Vote = {
      shard,
      records: copy,
      dueAt: now + VOTE_MS,
      waitingFor: new Set(waitingFor),
      holders: new Set([peer]),
      lackers: 1,
    };
    this.#votes.set(id, vote);
    for (const owner of waitingFor) {
      this.#around.send(owner, { type: "audit-vote", vote: id, shard: shard.id, records: copy });
    }
    if (waitingFor.size === 0) this.#conclude(id, vote);
  }

  #conclude(id: number, vote: Vote): void {
    this.#votes.delete(id);
    if (vote.holders.size >= vote.lackers) {
      this.#restore(vote.shard, vote.records);
      return;
    }
    for (const holder of vote.holders) {
      this.#around.send(holder, { type: "audit-forget", shard: vote.shard.id, records: vote.records });
    }
  }

  /** The shard, when its vector and sweep are what the message is about. */
  #sameState(message: MessageOf<"audit-buckets"> | MessageOf<"audit-entries">): Shard | undefined {
    const shard = this.#around.shards[message.shard];
    if (shard === undefined || message.asOf !== this.#options.sweptTo()) return undefined;
    const isComparable = shard.isWhole() && shard.unconfirmed === 0 && shard.isSweptTo(message.asOf);
    return isComparable && isSameDigest(shard.vector.digest(), message.vector) ? shard : undefined;
  }

  #sendRecords(peer: ReplicaId, shard: Shard, buckets: ReadonlySet<number>, wanted: ReadonlySet<string>): void {
    if (wanted.size === 0) return;
    const parts: Uint8Array[] = [];
    let size = 0;
    forEachStanding(shard, buckets, (view, at) => {
      if (size >= RECORDS_BYTES_MAX || !wanted.has(entryText(entryOf(view, at)))) return;
      const part = new Uint8Array(view.buffer, view.byteOffset + at, recordLength(view, at)).slice();
      parts.push(part);
      size += part.length;
    });
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const records = { bytes, view: new DataView(bytes.buffer), start: 0, end: size };
    this.#around.send(peer, { type: "audit-records", shard: shard.id, records });
  }

  #sendSlot(peer: ReplicaId, shard: Shard, slot: number): void {
    const view = shard.table.viewOf(slot);
    const start = shard.table.offsetOf(slot);
    const records = { bytes: shard.table.bytesOf(slot), view, start, end: start + recordLength(view, start) };
    this.#around.send(peer, { type: "audit-records", shard: shard.id, records });
  }
}

function bucketFingerprints(shard: Shard): Fingerprint[] {
  const buckets = Array.from({ length: BUCKETS }, () => new Fingerprint());
  forEachStanding(shard, undefined, (view, at) => buckets[bucketOf(view, at)]?.add(view, at));
  return buckets;
}

function forEachStanding(
  shard: Shard,
  buckets: ReadonlySet<number> | undefined,
  visit: (view: DataView, at: number) => void,
): void {
  shard.forEachStanding((view, at) => {
    if (buckets === undefined || buckets.has(bucketOf(view, at))) visit(view, at);
  });
}

function entryOf(view: DataView, at: number): AuditEntry {
  return { elementHigh: elementHigh(view, at), elementLow: elementLow(view, at) };
}

function entryText(entry: AuditEntry): string {
  return `${entry.elementHigh}.${entry.elementLow}`;
}
