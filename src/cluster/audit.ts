/**
 * The audit: two replicas whose vectors are equal and whose fingerprints, as of the same instant, are not, have lost or
 * damaged something. They compare buckets by identity, then what stands in the buckets that differ, and exchange it.
 *
 * What a register that the other lacks becomes is decided by the one who lacks it (DESIGN section 2):
 *  - it holds a greater one: the other is told;
 *  - it holds a smaller one, or none, and the register is newer than every tombstone ever purged from its bucket: it was
 *    lost, and is repaired, R5 notwithstanding;
 *  - otherwise its tombstone may have been purged here: the owners vote (`votes.ts`).
 *
 * Between any two of these messages clients write, peers push and tombstones are purged: nothing is put back, and nothing
 * forgotten, but what is looked at again in the same step.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import { isSameDigest } from "../core/digest.ts";
import { elementHigh, elementLow, Fingerprint } from "../core/fingerprint.ts";
import {
  checksumAt,
  compareRecords,
  expiresAt,
  flagsAt,
  isGone,
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
import { type Question, type Verdict, Votes } from "./votes.ts";

/** What expires within this time after both clocks is left out: it does not fall before the audit is over. */
const LEAD_MS = 5000;
/** A shard is not audited again sooner than this. */
const PAUSE_MS = 2000;
const ENTRIES_MAX = 16384;
const RECORDS_BYTES_MAX = 512 * 1024;

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
  readonly votes: Votes;
  /** Audits begun; registers restored or forgotten by one. */
  begun = 0;
  repaired = 0;

  constructor(around: Surroundings, options: AuditOptions) {
    this.#around = around;
    this.#options = options;
    this.votes = new Votes(around, {
      limits: options.limits,
      decided: (question, verdict, now) => this.#decided(question, verdict, now),
    });
  }

  /** Begins an audit of a shard that differed from a peer's as of an instant, unless there was one just now. */
  begin(id: ShardId, peer: ReplicaId, differedAsOf: number, now: number): void {
    const shard = this.#around.shards[id];
    const dueAt = this.#pausedUntil.get(id) ?? 0;
    if (shard === undefined || !isDue({ dueAt, waitMaxMs: PAUSE_MS }, now)) return;
    this.#pausedUntil.set(id, now + PAUSE_MS);
    this.begun++;
    const asOf = Math.max(this.#options.sweptTo(), differedAsOf) + LEAD_MS;
    const buckets = bucketFingerprints(shard, asOf);
    this.#around.send(peer, { type: "audit-buckets", shard: id, asOf, vector: shard.vector.digest(), buckets });
  }

  receiveBuckets(peer: ReplicaId, message: MessageOf<"audit-buckets">): void {
    const shard = this.#sameState(message);
    if (shard === undefined || message.buckets.length !== BUCKETS) return;
    const { asOf, vector } = message;
    const own = bucketFingerprints(shard, asOf);
    const buckets: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const theirs = message.buckets[bucket];
      const ours = own[bucket];
      if (theirs !== undefined && ours !== undefined && !isSameDigest(theirs, ours)) buckets.push(bucket);
    }
    if (buckets.length === 0) return;
    const entries: AuditEntry[] = [];
    forEachStanding(shard, asOf, new Set(buckets), (view, at) => {
      if (entries.length < ENTRIES_MAX) entries.push(entryOf(view, at));
    });
    this.#around.send(peer, { type: "audit-entries", shard: shard.id, asOf, vector, buckets, entries });
  }

  receiveEntries(peer: ReplicaId, message: MessageOf<"audit-entries">): void {
    const shard = this.#sameState(message);
    if (shard === undefined) return;
    const theirs = new Map(message.entries.map((entry) => [entryText(entry), entry]));
    const wanted = new Set<string>();
    forEachStanding(shard, message.asOf, new Set(message.buckets), (view, at) => {
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
      this.#decide(peer, shard, { bytes, view, start: at, end: at + length }, now);
    });
  }

  receiveForget(message: MessageOf<"audit-forget">): void {
    forEachRecord(message.records, this.#around.shards, this.#options.limits, (shard, view, _bytes, at) => {
      const slot = shard.table.find(view, at);
      if (slot === 0 || !this.#isDecidable(shard, view, at)) return;
      if (compareRecords(view, at, shard.table.viewOf(slot), shard.table.offsetOf(slot)) !== 0) return;
      this.repaired++;
      this.#options.repaired(shard, view, at, "forgotten");
      shard.forget(slot);
    });
  }

  /** False where not to hold a register says nothing of it, or where it has expired, and may have fallen already. */
  #isDecidable(shard: Shard, view: DataView, at: number): boolean {
    const isCovered = shard.vector.covers(originAt(view, at), sequenceAt(view, at));
    return isCovered && shard.isSettled && expiresAt(view, at) > this.#options.sweptTo();
  }

  /** What becomes of a register that the peer holds and we, as it seemed, do not hold like that. */
  #decide(peer: ReplicaId, shard: Shard, records: Records, now: number): void {
    const { view, start } = records;
    if (!this.#isDecidable(shard, view, start)) return;
    const slot = shard.table.find(view, start);
    if (slot === 0) {
      const mark = markOf(shard, view, start);
      if (timestampAt(view, start) > mark) this.#restore(shard, records);
      else this.votes.call({ peer, shard, records: copyOf(records), mark }, now);
      return;
    }
    const ownView = shard.table.viewOf(slot);
    const ownAt = shard.table.offsetOf(slot);
    const order = compareRecords(view, start, ownView, ownAt);
    if (order > 0) return this.#restore(shard, records);
    if (order < 0) return this.#sendSlot(peer, shard, slot);
    // The same write with two contents: where its value was not just dropped early, by a faster clock, one is damaged. Both
    // sides take the same one, and are equal again.
    const hasFallen = isGone(flagsAt(view, start)) || isGone(flagsAt(ownView, ownAt));
    if (!hasFallen && checksumAt(view, start) > checksumAt(ownView, ownAt)) this.#restore(shard, records);
  }

  /** What was voted about is as it was when the vote was called, or else it is looked at afresh. */
  #decided({ peer, shard, records, mark }: Question, { isKept, holders }: Verdict, now: number): void {
    const { view, start } = records;
    const isAsThen = shard.table.find(view, start) === 0 && markOf(shard, view, start) === mark;
    if (!isAsThen || !this.#isDecidable(shard, view, start)) return this.#decide(peer, shard, records, now);
    if (isKept) return this.#restore(shard, records);
    for (const holder of holders) {
      this.#around.send(holder, { type: "audit-forget", shard: shard.id, records });
    }
  }

  #restore(shard: Shard, records: Records): void {
    const { view, bytes, start, end } = records;
    shard.repair(view, bytes, start, end - start);
    this.repaired++;
    this.#options.repaired(shard, view, start, "restored");
  }

  /** The shard, when its vector is what the message is about, and nothing has fallen that counts as of its instant. */
  #sameState(message: MessageOf<"audit-buckets"> | MessageOf<"audit-entries">): Shard | undefined {
    const shard = this.#around.shards[message.shard];
    if (shard === undefined || shard.fallenUntil > message.asOf) return undefined;
    const isComparable = shard.isWhole() && shard.isSettled;
    return isComparable && isSameDigest(shard.vector.digest(), message.vector) ? shard : undefined;
  }

  #sendRecords(peer: ReplicaId, shard: Shard, buckets: ReadonlySet<number>, wanted: ReadonlySet<string>): void {
    if (wanted.size === 0) return;
    const parts: Uint8Array[] = [];
    let size = 0;
    forEachStanding(shard, 0, buckets, (view, at) => {
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

function bucketFingerprints(shard: Shard, asOf: number): Fingerprint[] {
  const buckets = Array.from({ length: BUCKETS }, () => new Fingerprint());
  forEachStanding(shard, asOf, undefined, (view, at) => buckets[bucketOf(view, at)]?.add(view, at));
  return buckets;
}

/** Visits what stands and expires after `asOf`. */
function forEachStanding(
  shard: Shard,
  asOf: number,
  buckets: ReadonlySet<number> | undefined,
  visit: (view: DataView, at: number) => void,
): void {
  shard.forEachStanding((view, at) => {
    if (expiresAt(view, at) > asOf && (buckets === undefined || buckets.has(bucketOf(view, at)))) visit(view, at);
  });
}

/** The newest stamp purged from the bucket of a record. */
function markOf(shard: Shard, view: DataView, at: number): number {
  return shard.purgeMarks?.[bucketOf(view, at)] ?? 0;
}

/** The record by itself: it stays when the frame that it came in is gone. */
function copyOf({ bytes, start, end }: Records): Records {
  const copy = bytes.slice(start, end);
  return { bytes: copy, view: new DataView(copy.buffer), start: 0, end: copy.length };
}

function entryOf(view: DataView, at: number): AuditEntry {
  return { elementHigh: elementHigh(view, at), elementLow: elementLow(view, at) };
}

function entryText(entry: AuditEntry): string {
  return `${entry.elementHigh}.${entry.elementLow}`;
}
