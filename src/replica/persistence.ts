/**
 * The replica's state on its way to disk; `loader.ts` brings it back.
 *
 *  D1. A batch holds all that the disk lacks of a shard, and the head that claims it: the disk is always a shard as it
 *      was at one instant.
 *  D2. What is on disk of a vector (R7) moves when the batch has been synced, not before.
 *  D3. A batch that failed is handed out again, the same, before any other.
 *  D4. A shard whose head does not add up to its registers is damaged: it claims nothing (`Shard.distrust`).
 *  D5. What was found damaged on disk goes from there before anything is written in its place.
 *  D6. That shards are distrusted all at once reaches the disk in one batch: of some it would never know.
 */

import { ByteWriter } from "../base/bytes.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import type { Members } from "../cluster/members.ts";
import { recordLength } from "../core/record/record.ts";
import type { Agenda } from "../core/shard/agenda.ts";
import type { Shard } from "../core/shard/shard.ts";
import { encodeHead } from "../core/shard/shard-head.ts";
import type { Shards } from "../core/shard/shards.ts";
import { VersionVector } from "../core/version-vector.ts";
import type { Birth } from "../wire/message.ts";
import { BatchWriter } from "./batch-writer.ts";
import type { FolderMeasure } from "./disk-budget.ts";
import {
  encodeMeta,
  encodeShardHead,
  headChecksum,
  type Meta,
  metaKey,
  shardHeadKey,
  writeRecordKey,
} from "./disk-layout.ts";
import { encodeExtra } from "./meta-extra.ts";
import type { StorageOperation } from "./ports.ts";

/** Shards are added to a batch until it holds this much: building and handing it over must not hold up the rest. */
const BATCH_BYTES = 1024 * 1024;
const BATCH_OPERATIONS = 2048;

const NOTHING = new VersionVector();

interface PersistedShard {
  readonly shard: Shard;
  readonly vector: VersionVector;
  readonly isReady: boolean;
  /** Of its records. */
  readonly recordBytes: number;
  /** The disk has nothing of it any more. */
  readonly isBlank: boolean;
}

export interface Batch {
  readonly operations: readonly StorageOperation[];
  readonly shards: readonly PersistedShard[];
  /** Counts the batches of this process, as they were made up. */
  readonly number: number;
  /** Of the owners, by the members that the batch holds. */
  readonly view: number;
  readonly epoch: number;
  readonly life: number;
}

export interface SelfMeta {
  readonly id: ReplicaId;
  readonly cluster: string;
  readonly region: string;
}

export interface PersistenceOptions {
  /** Of the shards. */
  readonly agenda: Agenda;
  readonly epoch: number;
  readonly lineage: () => readonly Birth[];
  /** Digest of who owns what, by the members that there are now. */
  readonly view: () => number;
}

export class Persistence {
  readonly #shards: Shards;
  readonly #agenda: Agenda;
  readonly #members: Members;
  readonly #self: SelfMeta;
  readonly #lineage: () => readonly Birth[];
  readonly #durable = new Map<ShardId, VersionVector>();
  /** Of shards of which the disk has something: whether it says that this replica is ready in them. */
  readonly #readyOnDisk = new Map<ShardId, boolean>();
  readonly #view: () => number;
  /** Batches with news of this replica that the disk took, over all its lives. */
  epoch: number;
  metaDirty = true;
  /**
   * Others told of theirs. That is kept too, but is no news of this replica: else each would have something to keep for
   * as long as the others have.
   */
  epochsDirty = false;
  /** Of all batches made up so far. */
  writtenBytes = 0;
  /** Of the records that are on disk. */
  recordBytes = 0;
  readonly #recordBytes = new Map<ShardId, number>();
  /** Batches made up so far. */
  madeUp = 0;
  /** A batch was handed out, and is not on disk yet. */
  isUnderWay = false;
  readonly #underWay = new Set<Shard>();
  /** The last batch was full: there is more to write. */
  isBehind = false;
  /** Checksum of each shard's head on disk. */
  readonly #headChecksums = new Map<ShardId, number>();
  #failed: Batch | undefined;
  /** Keys of what is damaged on disk. */
  #damagedKeys: Uint8Array[] = [];
  #nextShard = 0;
  /** The next batch has no bounds. */
  #isUnbounded = false;
  readonly #batchWriter = new BatchWriter();
  readonly #headWriter = new ByteWriter(1024);
  readonly #extraWriter = new ByteWriter(1024);

  /** `lineage`: the replica's own latest lives, asked for at each batch. */
  constructor(shards: Shards, members: Members, self: SelfMeta, { agenda, epoch, lineage, view }: PersistenceOptions) {
    this.#shards = shards;
    this.#agenda = agenda;
    this.#members = members;
    this.#self = self;
    this.epoch = epoch;
    this.#lineage = lineage;
    this.#view = view;
  }

  /** Of a data folder that takes up so much. */
  measureOf(folderBytes: number): FolderMeasure {
    const { recordBytes, writtenBytes } = this;
    return { folderBytes, recordBytes, writtenBytes };
  }

  /** Takes over what a loader found; false when heads are missing or older than the last batch. */
  adopt(headChecksums: ReadonlyMap<ShardId, number>, headSum: number): boolean {
    for (const [shard, checksum] of headChecksums) this.#headChecksums.set(shard, checksum);
    return sumOf(headChecksums) === headSum;
  }

  /** Has entries removed from disk that cannot be read: nobody knows their register, so nobody would replace them. */
  removeDamaged(keys: readonly Uint8Array[]): void {
    this.#damagedKeys.push(...keys);
  }

  /** Something of a shard is in the batch that was handed out, and is not on disk yet. */
  isUnderWayOf(shard: Shard): boolean {
    return this.#underWay.has(shard);
  }

  /** What the disk lacks by now goes there in one batch, however much it is (D6). */
  putAllInOneBatch(): void {
    this.#isUnbounded = true;
  }

  durableOf(shard: ShardId): VersionVector {
    return this.#durable.get(shard) ?? NOTHING;
  }

  /** Something of the shard is on disk. */
  isOnDisk(shard: ShardId): boolean {
    return this.#readyOnDisk.has(shard);
  }

  isReadyOnDisk(shard: ShardId): boolean {
    return this.#readyOnDisk.get(shard) === true;
  }

  /** The shard was read from disk, where it may be damaged. */
  found(shard: Shard): void {
    if (shard.isBlank) return;
    this.#readyOnDisk.set(shard.id, shard.isReady);
    this.#noteBytes(shard.id, shard.accounts.recordBytes);
  }

  /** The shard is on disk as it is now: it was just read from there. */
  loaded(shard: Shard): void {
    this.#durable.set(shard.id, shard.vector.snapshot());
  }

  /** What was on disk of a shard counts no more. */
  distrusted(shard: Shard): void {
    this.#durable.delete(shard.id);
  }

  /** The next batch to write; undefined when the disk lacks nothing. One at a time. */
  take(): Batch | undefined {
    if (this.#failed !== undefined) return this.#failed;
    const batch = this.#batchWriter;
    const isUnbounded = this.#isUnbounded;
    this.#isUnbounded = false;
    for (const key of this.#damagedKeys.splice(0, isUnbounded ? Infinity : BATCH_OPERATIONS)) {
      batch.keys.raw(key);
      batch.delete();
    }
    const shards: PersistedShard[] = [];
    const waiting = this.#damagedKeys.length > 0 ? [] : this.#waiting();
    for (const shard of waiting) {
      if (!isUnbounded && (batch.bytes >= BATCH_BYTES || batch.length >= BATCH_OPERATIONS)) {
        this.#nextShard = shard.id;
        break;
      }
      this.#addShard(shard);
      this.#underWay.add(shard);
      const { isReady, isBlank } = shard;
      const { recordBytes } = shard.accounts;
      shards.push({ shard, vector: shard.vector.snapshot(), isReady, recordBytes, isBlank });
    }
    this.isBehind = this.#damagedKeys.length > 0 || shards.length < waiting.length;
    const hasNews = batch.length > 0 || this.metaDirty;
    if (!hasNews && !this.epochsDirty) return undefined;
    const epoch = this.epoch + (hasNews ? 1 : 0);
    this.#addMeta(epoch);
    this.metaDirty = false;
    this.epochsDirty = false;
    this.isUnderWay = true;
    this.writtenBytes += batch.bytes;
    const number = ++this.madeUp;
    return { operations: batch.take(), shards, number, view: this.#view(), epoch, life: this.#life() };
  }

  /** Shards of which the disk lacks something, in turn: the first is the one that the last full batch had no room for. */
  #waiting(): Shard[] {
    const isEarlier = ({ id }: Shard): number => (id < this.#nextShard ? 1 : 0);
    return [...this.#agenda.dirty].sort((a, b) => isEarlier(a) - isEarlier(b) || a.id - b.id);
  }

  #life(): number {
    return this.#members.get(this.#self.id)?.life ?? 0;
  }

  #addMeta(epoch: number): void {
    const meta: Meta = {
      replica: this.#self.id,
      life: this.#life(),
      cluster: this.#self.cluster,
      region: this.#self.region,
      shards: this.#shards.perSpace,
      extra: encodeExtra(
        {
          epoch,
          headSum: sumOf(this.#headChecksums),
          members: this.#members.all(),
          lineage: this.#lineage(),
          departures: this.#members.departures,
        },
        this.#extraWriter,
      ),
    };
    encodeMeta(meta, this.#batchWriter.values);
    this.#batchWriter.keys.raw(metaKey);
    this.#batchWriter.put();
  }

  persisted(batch: Batch): void {
    this.#failed = undefined;
    this.isUnderWay = false;
    this.#underWay.clear();
    this.epoch = Math.max(this.epoch, batch.epoch);
    for (const { shard, vector, isReady, recordBytes, isBlank } of batch.shards) {
      this.#noteBytes(shard.id, recordBytes);
      if (isBlank) this.#readyOnDisk.delete(shard.id);
      else this.#readyOnDisk.set(shard.id, isReady);
      if (shard.vector.dominates(vector)) this.#durable.set(shard.id, vector);
    }
  }

  #noteBytes(shard: ShardId, recordBytes: number): void {
    this.recordBytes += recordBytes - (this.#recordBytes.get(shard) ?? 0);
    this.#recordBytes.set(shard, recordBytes);
  }

  failed(batch: Batch): void {
    this.#failed = batch;
  }

  /** Adds what the disk lacks of a shard. */
  #addShard(shard: Shard): void {
    const { table } = shard;
    const batch = this.#batchWriter;
    shard.unsaved.take(
      (identity) => {
        const view = new DataView(identity.buffer, identity.byteOffset, identity.byteLength);
        writeRecordKey(view, 0, shard.id, batch.keys);
        batch.delete();
      },
      (slot) => {
        const view = table.viewOf(slot);
        const at = table.offsetOf(slot);
        batch.values.slice(view, at, recordLength(view, at));
        writeRecordKey(view, at, shard.id, batch.keys);
        batch.put();
      },
    );
    const { high, low } = shard.accounts.sum;
    const head = { head: encodeHead(shard, this.#headWriter), count: shard.table.count, sumHigh: high, sumLow: low };
    this.#headChecksums.set(shard.id, headChecksum(encodeShardHead(shard.id, head, batch.values)));
    batch.keys.raw(shardHeadKey(shard.id));
    batch.put();
  }
}

function sumOf(checksums: ReadonlyMap<ShardId, number>): number {
  let sum = 0;
  for (const checksum of checksums.values()) sum = (sum + checksum) >>> 0;
  return sum;
}
