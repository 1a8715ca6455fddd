/**
 * The audit: two replicas whose vectors are equal and whose fingerprints, as of the same instant, are not, have lost or
 * damaged something. They compare buckets by identity, then what stands in the buckets that differ, and exchange it.
 *
 * What a register that the other lacks becomes is decided by the one who lacks it:
 *  - it holds a greater one: the other is told;
 *  - it holds a smaller one, or none, and the register is newer than every tombstone ever purged from its bucket: it was
 *    lost, and is repaired, R5 notwithstanding;
 *  - it holds the same one, fallen with its collection: the other is told if the deletion is known here, and it stands again if not;
 *  - otherwise its tombstone may have been purged here: the owners vote (`votes.ts`).
 *
 * One audit tells so much at the most. What did not fit is told by the next ones: each begins where the last with that peer
 * stopped, so that registers that stay as they are, with no vote to decide them, keep no others waiting for ever.
 *
 * Between any two of these messages clients write, peers push and tombstones are purged: nothing is put back, and nothing
 * forgotten, but what is looked at again in the same step.
 */

import { ByteWriter } from "../base/bytes.ts";
import { isDue } from "../base/deadline.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { RecordLimits } from "../core/containers/record-check.ts";
import { isSameDigest } from "../core/digest.ts";
import { BUCKETS, bucketOf } from "../core/record/bucket.ts";
import { isFallen } from "../core/record/fallen.ts";
import { elementHigh, elementLow, Fingerprint } from "../core/record/fingerprint.ts";
import {
  checksumAt,
  expiresAt,
  flagsAt,
  isGone,
  originAt,
  recordLength,
  sequenceAt,
  timestampAt,
} from "../core/record/record.ts";
import { compareRecords } from "../core/record/record-order.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { AuditEntry, MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import { forEachRecord } from "./replication.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Question, type Verdict, Votes } from "./votes.ts";

/** What expires within this time after both clocks is left out: it does not fall before the audit is over. */
const LEAD_MS = 5000;
/** A shard is not audited again sooner than this. */
const PAUSE_MS = 2000;
const TWO_32 = 4294967296;
/** Elements a message. */
const ENTRIES_MAX = 16384;
/** Records of a message together, unless a single one is longer. */
const RECORDS_BYTES_MAX = 512 * 1024;

/** Where the audits of a shard with one peer have got to. */
interface Course {
  slice: number;
  slot: number;
}

/** What an audit looks at: what stands, expires after `asOf`, and lies in these buckets and this slice. */
interface Scope {
  readonly asOf: number;
  readonly buckets: ReadonlySet<number> | undefined;
  readonly slices: number;
  readonly slice: number;
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
  /** By shard and peer; of those only that ever differed. */
  readonly #courses = new Map<string, Course>();
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
    const shard = this.#around.shards.get(id);
    const dueAt = this.#pausedUntil.get(id) ?? 0;
    if (shard === undefined || !isDue({ dueAt, waitMaxMs: PAUSE_MS }, now)) return;
    this.#pausedUntil.set(id, now + PAUSE_MS);
    this.begun++;
    const asOf = Math.max(this.#options.sweptTo(), differedAsOf) + LEAD_MS;
    const buckets = bucketSums(shard, asOf).map(({ fingerprint }) => fingerprint);
    this.#around.send(peer, { type: "audit-buckets", shard: id, asOf, vector: shard.vector.digest(), buckets });
  }

  receiveBuckets(peer: ReplicaId, message: MessageOf<"audit-buckets">): void {
    const shard = this.#sameState(message);
    if (shard === undefined || message.buckets.length !== BUCKETS) return;
    const { asOf, vector } = message;
    const sums = bucketSums(shard, asOf);
    const differing = sums.filter(({ bucket, fingerprint }) => {
      const theirs = message.buckets[bucket];
      return theirs !== undefined && !isSameDigest(theirs, fingerprint);
    });
    if (differing.length === 0) return;
    const count = differing.reduce((sum, each) => sum + each.count, 0);
    // Half of what fits: slices are equal by chance only.
    const slices = count <= ENTRIES_MAX ? 1 : Math.ceil((2 * count) / ENTRIES_MAX);
    const slice = this.#courseOf(shard, peer).slice++ % slices;
    const buckets = differing.map(({ bucket }) => bucket);
    const entries: AuditEntry[] = [];
    forEachInScope(shard, { asOf, buckets: new Set(buckets), slices, slice }, (view, at) => {
      if (entries.length < ENTRIES_MAX) entries.push(entryOf(view, at));
    });
    this.#around.send(peer, { type: "audit-entries", shard: shard.id, asOf, vector, buckets, slices, slice, entries });
  }

  receiveEntries(peer: ReplicaId, message: MessageOf<"audit-entries">): void {
    const shard = this.#sameState(message);
    if (shard === undefined) return;
    const theirs = new Map(message.entries.map((entry) => [entryText(entry), entry]));
    const scope = { ...message, buckets: new Set(message.buckets) };
    this.#sendRecords(peer, shard, scope, (element) => !theirs.delete(element));
    if (theirs.size > 0) {
      const entries = [...theirs.values()];
      this.#around.send(peer, { type: "audit-fetch", shard: shard.id, buckets: message.buckets, entries });
    }
  }

  receiveFetch(peer: ReplicaId, message: MessageOf<"audit-fetch">): void {
    const shard = this.#around.shards.get(message.shard);
    if (shard === undefined) return;
    const wanted = new Set(message.entries.map(entryText));
    const scope = { asOf: 0, buckets: new Set(message.buckets), slices: 1, slice: 0 };
    this.#sendRecords(peer, shard, scope, (element) => wanted.has(element));
  }

  receiveRecords(peer: ReplicaId, message: MessageOf<"audit-records">, now: number): void {
    forEachRecord(
      message.records,
      this.#around.shards.in(spaceOf(message.shard)),
      this.#options.limits,
      (shard, view, bytes, at, length) => {
        this.#decide(peer, shard, { bytes, view, start: at, end: at + length }, now);
      },
    );
  }

  receiveForget(message: MessageOf<"audit-forget">): void {
    forEachRecord(
      message.records,
      this.#around.shards.in(spaceOf(message.shard)),
      this.#options.limits,
      (shard, view, _bytes, at) => {
        const slot = shard.table.find(view, at);
        if (slot === 0 || !this.#isDecidable(shard, view, at)) return;
        if (compareRecords(view, at, shard.table.viewOf(slot), shard.table.offsetOf(slot)) !== 0) return;
        this.repaired++;
        this.#options.repaired(shard, view, at, "forgotten");
        shard.graves.forget(slot);
      },
    );
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
    if (isFallen(view, start)) return this.#restore(shard, records);
    if (isFallen(ownView, ownAt)) {
      // A deletion of the whole saw it, which one of us has lost.
      if (isStillFallen(shard, ownView, ownAt)) this.#sendSlot(peer, shard, slot);
      else this.#restore(shard, records);
      return;
    }
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
    const shard = this.#around.shards.get(message.shard);
    if (shard === undefined || shard.expiries.fallenUntil > message.asOf) return undefined;
    const isComparable = shard.isWhole() && shard.isSettled;
    return isComparable && isSameDigest(shard.vector.digest(), message.vector) ? shard : undefined;
  }

  /** Sends what is wanted, of which every register in scope is asked once; from where the last message stopped. */
  #sendRecords(peer: ReplicaId, shard: Shard, scope: Scope, isWanted: (element: string) => boolean): void {
    const course = this.#courseOf(shard, peer);
    const [ahead, behind] = [new Load(), new Load()];
    forEachInScope(shard, scope, (view, at, slot) => {
      if (isWanted(entryText(entryOf(view, at))))
        (slot >= course.slot ? ahead : behind).add(slot, recordLength(view, at));
    });
    const writer = new ByteWriter();
    for (const slot of [...ahead.slots, ...behind.slots]) {
      if (this.#isRecalled(shard, slot)) continue;
      const at = shard.table.offsetOf(slot);
      const length = recordLength(shard.table.viewOf(slot), at);
      if (writer.length > 0 && writer.length + length > RECORDS_BYTES_MAX) break;
      writer.raw(shard.table.bytesOf(slot).subarray(at, at + length));
      course.slot = slot + 1;
    }
    if (writer.length === 0) return;
    const bytes = writer.view();
    const records = { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
    this.#around.send(peer, { type: "audit-records", shard: shard.id, records });
  }

  #courseOf(shard: Shard, peer: ReplicaId): Course {
    const key = `${shard.id} ${peer}`;
    let course = this.#courses.get(key);
    if (course === undefined) {
      course = { slice: 0, slot: 0 };
      this.#courses.set(key, course);
    }
    return course;
  }

  /** It is sent when it is asked for once more: by then its value is back. */
  #isRecalled(shard: Shard, slot: number): boolean {
    if (!shard.isAway(slot)) return false;
    this.#around.recall(shard, [slot]);
    return true;
  }

  #sendSlot(peer: ReplicaId, shard: Shard, slot: number): void {
    if (this.#isRecalled(shard, slot)) return;
    const view = shard.table.viewOf(slot);
    const start = shard.table.offsetOf(slot);
    const records = { bytes: shard.table.bytesOf(slot), view, start, end: start + recordLength(view, start) };
    this.#around.send(peer, { type: "audit-records", shard: shard.id, records });
  }
}

/** Slots of as many records as a message holds. */
class Load {
  readonly slots: number[] = [];
  #bytes = 0;

  add(slot: number, length: number): void {
    if (this.#bytes >= RECORDS_BYTES_MAX) return;
    this.slots.push(slot);
    this.#bytes += length;
  }
}

interface BucketSum {
  readonly bucket: number;
  readonly fingerprint: Fingerprint;
  count: number;
}

function bucketSums(shard: Shard, asOf: number): BucketSum[] {
  const sums = Array.from({ length: BUCKETS }, (_, bucket) => ({ bucket, fingerprint: new Fingerprint(), count: 0 }));
  forEachInScope(shard, { asOf, buckets: undefined, slices: 1, slice: 0 }, (view, at) => {
    const sum = sums[bucketOf(view, at)] as BucketSum;
    sum.fingerprint.add(view, at);
    sum.count++;
  });
  return sums;
}

function forEachInScope(shard: Shard, scope: Scope, visit: (view: DataView, at: number, slot: number) => void): void {
  const { asOf, buckets, slices, slice } = scope;
  shard.forEachStanding((view, at, slot) => {
    if (expiresAt(view, at) <= asOf) return;
    if (buckets !== undefined && !buckets.has(bucketOf(view, at))) return;
    if (Math.floor((elementHigh(view, at) * slices) / TWO_32) === slice) visit(view, at, slot);
  });
}

/** True of what a deletion saw that is held, or may have been purged. */
function isStillFallen(shard: Shard, view: DataView, at: number): boolean {
  const isCovered = shard.containers.of(view, at)?.isCovered(originAt(view, at), sequenceAt(view, at)) === true;
  return isCovered || timestampAt(view, at) <= markOf(shard, view, at);
}

/** The newest stamp purged from the bucket of a record. */
function markOf(shard: Shard, view: DataView, at: number): number {
  return shard.graves.marks?.of(bucketOf(view, at)) ?? 0;
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
