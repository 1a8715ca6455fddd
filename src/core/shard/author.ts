/**
 * Who writes into a shard here: the present life, whose sequences its writes take, and the stamps that they bear. Each write is
 * stored and claimed in one. I5 and R8 of `shard.ts` are kept here.
 */

import { assert } from "../../base/assert.ts";
import { AtollError } from "../../base/errors.ts";
import type { Key, OriginId } from "../../base/ids.ts";
import type { PlainWords } from "../../base/plain-words.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import { slotsAddedTo } from "../containers/counted-members.ts";
import { overAt, sightAt } from "../containers/increments.ts";
import { bucketOf } from "../record/bucket.ts";
import { isCountedKind, KIND_PLAIN } from "../record/kind.ts";
import { plainRecord } from "../record/plain-record.ts";
import { FLAG_DEAD, FLAG_SEEN, flagsAt, keyAt, originAt, sequenceAt, timestampAt } from "../record/record.ts";
import { bothSeen, encodeSeen, NONE_SEEN, SEEN_BYTES_MAX, type Seen } from "../record/seen.ts";
import type { VersionVector } from "../version-vector.ts";
import type { Holdings } from "./holdings.ts";
import type { Invalidations } from "./invalidations.ts";
import type { Losses } from "./losses.ts";
import type { Shard } from "./shard.ts";

export interface Dot {
  readonly origin: OriginId;
  readonly sequence: number;
}

export interface LocalWrite {
  readonly kind: number;
  readonly key: Key;
  /** Of a register of a container (`containers.ts`). */
  readonly field?: string | undefined;
  /** Absent: a deletion. */
  readonly value?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  /** In order (`tags.ts`). */
  readonly tags?: readonly string[] | undefined;
  /** What a number has of what was added to it, as somebody else saw it; absent: what is held here, and was seen before. */
  readonly sight?: { readonly seen: Seen; readonly isAll: boolean } | undefined;
  /** Unix ms. */
  readonly expiresAt?: number | undefined;
  /** The version vector, encoded, that the deletion of a whole collection saw (`containers.ts`); there is no value beside it. */
  readonly saw?: Uint8Array | undefined;
  /** A timestamp that its own has to be greater than, besides what is held of the register itself. */
  readonly above?: number | undefined;
  /** A timestamp that it bears, or the least above it that it may. Absent: it is stamped by the clock. */
  readonly stamp?: number | undefined;
  /** The timestamp that it bears, though later ones were purged from its bucket: none of them of its register, which is not held. */
  readonly exactStamp?: number | undefined;
  /** A deletion of what is held and of nothing newer: it is stamped one tick after that (R8), or with `stamp` if that is later. */
  readonly isRemoval?: boolean | undefined;
}

export class Author {
  readonly #shard: Shard;
  readonly #holdings: Holdings;
  readonly #invalidations: Invalidations;
  readonly #losses: Losses;
  #origin: OriginId | undefined;
  #sequence = 0;
  /** Own sequences up to this one may be dots of what an earlier life wrote. */
  #redottedTo = 0;

  constructor(shard: Shard, holdings: Holdings, invalidations: Invalidations, losses: Losses) {
    this.#shard = shard;
    this.#holdings = holdings;
    this.#invalidations = invalidations;
    this.#losses = losses;
  }

  /** Begins a new life: local writes take the sequences of this origin from 1 (R4). */
  beginLife(origin: OriginId): void {
    assert(this.#holdings.vector.get(origin) === 0, "a life begins at sequence 0");
    this.#origin = origin;
    this.#sequence = 0;
    this.#redottedTo = 0;
  }

  /** Undefined before the first life begins. */
  get origin(): OriginId | undefined {
    return this.#origin;
  }

  /** Of what was written last; 0: nothing. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Something that was written is not claimed any more. */
  get isSpent(): boolean {
    return this.#origin !== undefined && this.#holdings.vector.get(this.#origin) < this.#sequence;
  }

  /** As `Shard.lookAt`. */
  lookAt(): number {
    return Number(this.isSpent) ^ this.#redottedTo;
  }

  /** What this life wrote is all here: `vector` covers it. */
  claimIn(vector: VersionVector): void {
    if (this.#origin !== undefined && this.#sequence > 0) vector.advance(this.#origin, this.#sequence);
  }

  /** True of what a client wrote here, in this life. */
  wrote(slot: number): boolean {
    const view = this.#holdings.table.viewOf(slot);
    const at = this.#holdings.table.offsetOf(slot);
    return originAt(view, at) === this.#origin && sequenceAt(view, at) > this.#redottedTo;
  }

  /** As `Shard.write`. */
  write(write: LocalWrite, nowMs: number): number {
    const origin = this.#origin;
    assert(origin !== undefined, "a life begins before the first write");
    const { table, writer } = this.#holdings;
    writer.writeIdentity(write.kind, write.key, write.field);
    const hash = table.hashOf(writer.view, 0);
    const slot = table.find(writer.view, 0, hash);
    assert(write.isRemoval !== true || slot !== 0, "only what is held is removed");
    const timestamp = this.#stampFor(write, slot, nowMs);
    if (timestamp > TIMESTAMP_MAX) {
      throw new AtollError("STAMPS_EXHAUSTED", "what is held of this key, or was, bears the greatest stamp there is");
    }
    const sequence = this.#sequence + 1;
    const length = writer.write({
      flags: write.value === undefined ? FLAG_DEAD : 0,
      kind: write.kind,
      key: write.key,
      field: write.field,
      value: write.value ?? write.saw,
      timestamp,
      origin,
      sequence,
      contentType: write.contentType,
      tags: write.tags,
      seen: isCountedKind(write.kind) ? this.#sightFor(write, slot, nowMs) : undefined,
      expiresAt: write.expiresAt,
    });
    const stored = this.#store(slot, writer, length, hash, origin, sequence);
    if (write.isRemoval === true) this.#losses.noteRemoval(stored, timestamp);
    return stored;
  }

  /** As `Shard.writeValue`. */
  writeValue(words: PlainWords, hash: number, nowMs: number): number {
    const origin = this.#origin;
    assert(origin !== undefined, "a life begins before the first write");
    const { clock, graves, increments, table } = this.#holdings;
    plainRecord.set(words);
    if (increments.count > 0 && increments.of(keyAt(plainRecord.view, plainRecord.bytes, 0)).length > 0) return 0;
    const slot = table.find(plainRecord.view, 0, hash);
    if (slot !== 0 && (flagsAt(table.viewOf(slot), table.offsetOf(slot)) & FLAG_SEEN) !== 0) return 0;
    const purged = graves.marks?.of(bucketOf(plainRecord.view, 0)) ?? 0;
    const timestamp = Math.max(clock.next(nowMs), (slot === 0 ? 0 : this.#stampIn(slot)) + 1, purged + 1);
    if (timestamp > TIMESTAMP_MAX) return 0;
    const sequence = this.#sequence + 1;
    plainRecord.seal(timestamp, origin, sequence);
    return this.#store(slot, plainRecord, plainRecord.length, hash, origin, sequence);
  }

  /** Holds the record that was made under the next dot, in a slot (0: a new one). */
  #store(
    slot: number,
    record: { readonly view: DataView; readonly bytes: Uint8Array },
    length: number,
    hash: number,
    origin: OriginId,
    sequence: number,
  ): number {
    const surpassed = slot === 0 || this.wrote(slot) ? 0 : this.#stampIn(slot);
    const stored = this.#holdings.take(slot, record.view, record.bytes, 0, length, hash);
    this.#claim(origin, sequence);
    if (surpassed > 0) this.#losses.surpass(stored, surpassed);
    return stored;
  }

  /** What a base that is written now has seen of what was added to it (N3, N4 of `increments.ts`), encoded. */
  #sightFor({ kind, key, field, isRemoval, sight }: LocalWrite, slot: number, nowMs: number): Uint8Array | undefined {
    const { increments, table, vector } = this.#holdings;
    const [view, at] = slot === 0 ? [undefined, 0] : [table.viewOf(slot), table.offsetOf(slot)];
    const hasSeen = view !== undefined && (flagsAt(view, at) & FLAG_SEEN) !== 0;
    const held = slotsAddedTo(this.#holdings, kind, key, field);
    if (held.length === 0 && !hasSeen && sight === undefined) return undefined;
    const last = bothSeen(sight?.seen ?? NONE_SEEN, hasSeen && sight?.isAll !== true ? sightAt(view, at) : NONE_SEEN);
    const mayBeOver = kind === KIND_PLAIN && view !== undefined && isRemoval === true;
    const isOver = mayBeOver && this.#shard.isOver(slot, nowMs);
    const over = isOver ? overAt(view, at) : undefined;
    const seen = encodeSeen(increments.sight(held, last, vector, over, sight?.isAll));
    if (seen !== undefined && seen.length > SEEN_BYTES_MAX)
      throw new AtollError("VALUE_TOO_LARGE", "more lives of replicas have added to this key than can be told");
    return seen;
  }

  /** Of the register whose identity is in the writer, and which is held in `slot` if that is not 0 (I5). */
  #stampFor(write: LocalWrite, slot: number, nowMs: number): number {
    if (write.isRemoval === true) return Math.max(this.#stampIn(slot) + 1, write.stamp ?? 0);
    if (write.exactStamp !== undefined) {
      assert(slot === 0, "what is held is written over by what is stamped above it");
      return write.exactStamp;
    }
    const least = this.#lastStamp(slot) + 1;
    const above = Math.max(write.above ?? 0, this.#invalidations.newestOf(write.tags), this.#lastAddition(write));
    return Math.max(write.stamp ?? this.#holdings.clock.next(nowMs), above + 1, least);
  }

  /** What a write of this key has to be stamped above: what is held of it, additions as well, and what has been purged. */
  lastStampOf(kind: number, key: Key): number {
    const { table, writer } = this.#holdings;
    writer.writeIdentity(kind, key);
    return Math.max(this.#lastStamp(table.find(writer.view, 0)), this.#lastAddition({ kind, key }));
  }

  /** The newest stamp that is held of what was added to a value, or a member: whoever puts it, or deletes it, has seen that. */
  #lastAddition({ kind, key, field }: Pick<LocalWrite, "kind" | "key" | "field">): number {
    if (!isCountedKind(kind)) return 0;
    let last = 0;
    for (const slot of slotsAddedTo(this.#holdings, kind, key, field)) last = Math.max(last, this.#stampIn(slot));
    return last;
  }

  /** The same, of the register whose identity is in the writer, and which is held in `slot` if that is not 0. */
  #lastStamp(slot: number): number {
    const { graves, writer } = this.#holdings;
    const held = slot === 0 ? 0 : this.#stampIn(slot);
    return Math.max(held, graves.marks?.of(bucketOf(writer.view, 0)) ?? 0);
  }

  #stampIn(slot: number): number {
    return timestampAt(this.#holdings.table.viewOf(slot), this.#holdings.table.offsetOf(slot));
  }

  /** The next own sequence is used up, now that its register is held. */
  #claim(origin: OriginId, sequence: number): void {
    this.#sequence = sequence;
    this.#holdings.vector.advance(origin, sequence);
    this.#holdings.chains.see(origin, sequence);
  }

  /** Of what is written next. */
  get nextDot(): Dot {
    const origin = this.#origin;
    assert(origin !== undefined, "a life begins before the first write");
    return { origin, sequence: this.#sequence + 1 };
  }

  /** Stores the record in the writer, which bears the next dot and was written under an earlier life, in a slot (0: a new one). */
  storeEarlier(slot: number, length: number): void {
    const { origin, sequence } = this.nextDot;
    const { writer } = this.#holdings;
    this.#holdings.take(slot, writer.view, writer.bytes, 0, length);
    this.#claim(origin, sequence);
    this.#redottedTo = sequence;
  }
}
