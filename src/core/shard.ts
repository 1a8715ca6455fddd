/**
 * A shard: registers, the version vector that claims them, and for each origin the chain of its live registers in
 * sequence order. Pure state; whoever calls says what time it is.
 *
 * Invariants (the rules R1 to R8 are those of ARCHITECTURE.md):
 *  I1. A register held hangs in exactly the chain of its origin, at its sequence.
 *  I2. For every dot the vector covers, the register of that dot is held, or one that supersedes it was.
 *  I3. A register whose dot is covered, and which is not held, is never applied (R5).
 *  I4. `fingerprint` covers the standing registers (not deleted, not fallen at the last sweep), `sum` covers all.
 *  I5. A local write's stamp is greater than what is held of its key and than every stamp purged from its bucket (R8), and
 *      than every known invalidation of its tags (T2 of `invalidations.ts`); a removal's, than what is held.
 *  I6. A shard that is leaving claims nothing, takes nothing in, and is empty before it is used again. What this life wrote
 *      into it and let go can be claimed no more: the next local write is of a later life (R4).
 */

import { assert } from "../base/assert.ts";
import { AtollError } from "../base/errors.ts";
import type { Key, OriginId, ShardId } from "../base/ids.ts";
import { isForEverybody, spaceOf } from "../base/shard-id.ts";
import type { Agenda } from "./agenda.ts";
import type { Arena } from "./arena.ts";
import { afterAt } from "./bond.ts";
import { bucketOf } from "./bucket.ts";
import { type HybridClock, TIMESTAMP_MAX } from "./clock.ts";
import { type Conflict, type ConflictListener, canConflict, conflictAt, isSameContent } from "./conflict.ts";
import type { Container } from "./container.ts";
import { Containers, isBase, isDeletion, isMember, UNNAMED } from "./containers.ts";
import type { Digest } from "./digest.ts";
import { ExpiryHeap } from "./expiry.ts";
import { fallen } from "./fallen.ts";
import { elementHigh, elementLow, Fingerprint } from "./fingerprint.ts";
import { Increments, isTakenAlong, overAt, sightAt } from "./increments.ts";
import { Invalidations } from "./invalidations.ts";
import { orderOf, partOf } from "./key-order.ts";
import { isCollectionKind, isContainerKind, isCountedKind, isIncrementsKind, KIND_DOCUMENT } from "./kind.ts";
import type { Tenant } from "./memory-shares.ts";
import { type EarlyRegisters, OriginChains } from "./origin-chains.ts";
import { PurgeMarks } from "./purge-marks.ts";
import {
  checksumAt,
  expiresAt,
  FLAG_AWAY,
  FLAG_DEAD,
  FLAG_GONE,
  FLAG_SEEN,
  FLAG_TAGS,
  flagsAt,
  identityEndAt,
  isAway,
  isGone,
  keyAt,
  keyLengthAt,
  keyStartAt,
  kindAt,
  originAt,
  RecordWriter,
  recordLength,
  sequenceAt,
  timestampAt,
  valueLengthAt,
  wholeLength,
} from "./record.ts";
import { compareRecords } from "./record-order.ts";
import { RegisterTable } from "./register-table.ts";
import type { Residency } from "./residency.ts";
import { EMPTY, FREE_TO_GO, HELD_BACK, type Hold, usedOnceMore } from "./s3-fifo.ts";
import { encodeSeen, NONE_SEEN, SEEN_BYTES_MAX } from "./seen.ts";
import { SurpassedStamps } from "./surpassed-stamps.ts";
import { VersionVector } from "./version-vector.ts";

/** What became of a register from elsewhere. */
export const APPLIED = 1;
/** The very same write is held already. */
export const SAME = 2;
/** What is held is greater. */
export const SUPERSEDED = 3;
/** Its dot is covered and it is not held: it was superseded and forgotten (R5). */
export const OBSOLETE = 4;
export type ApplyResult = typeof APPLIED | typeof SAME | typeof SUPERSEDED | typeof OBSOLETE;

const FALLEN = FLAG_DEAD | FLAG_GONE;

/** Members of a collection that fall with the deletion of the whole; of more all do in steps. */
const FALLING_AT_ONCE_MAX = 256;
/** So many times as many, and no more, join what falls already in one go. */
const FALLING_MOVED_MULTIPLE = 4;

/** Marks, one byte a slot in the table. */
const DIRTY = 1;
const IN_GRAVES = 2;
/** Held from before a quarantine or out of a damaged database: nobody has confirmed it yet. */
const UNCONFIRMED = 4;
/** Unconfirmed, and in the way of a register that came meanwhile. */
const IN_THE_WAY = 8;
/** The four bits above: the part of the listing's order that its key lies in. */
const PART_SHIFT = 4;

/** A shorter value is not worth being fetched. */
const AWAY_BYTES_MIN = 32;

/**
 * What those who claim all that they hold say of a register that they do not hold. "unknown": they do not cover its dot;
 * "replaced": they do, and something as new was purged from its bucket; "unseen": they do, as of a life that they closed
 * or of another write under the same dot, and nothing has replaced it.
 */
export type Standing = "unknown" | "replaced" | "unseen";
/** What becomes of it. */
export type Fate = "stays" | "stays under a new dot" | "goes";

/** Writes of an own life behind a sequence. */
export interface OwnWrites {
  readonly origin: OriginId;
  /** Those whose sequences are greater. */
  readonly above: number;
  /** Of them, those that are younger than the retention. */
  readonly areYoung: boolean;
}

/** What the disk has of a shard beside registers, vector and marks. */
export interface HoldingOnDisk {
  readonly isReady: boolean;
  readonly isLeaving: boolean;
  readonly toRedot: readonly OwnWrites[];
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
  /** Unix ms. */
  readonly expiresAt?: number | undefined;
  /** The version vector, encoded, that the deletion of a whole collection saw (`containers.ts`); there is no value beside it. */
  readonly saw?: Uint8Array | undefined;
  /** A timestamp that its own has to be greater than, besides what is held of the register itself. */
  readonly above?: number | undefined;
  /** A timestamp that it bears, or the least above it that it may. Absent: it is stamped by the clock. */
  readonly stamp?: number | undefined;
  /** A deletion of what is held and of nothing newer: it is stamped one tick after that (R8). */
  readonly isRemoval?: boolean | undefined;
}

export interface ShardOptions {
  readonly id: ShardId;
  readonly arena: Arena;
  readonly seed: { readonly k0: number; readonly k1: number };
  readonly clock: HybridClock;
  /** Scratch space, shared by all shards of a replica. */
  readonly writer: RecordWriter;
  /** There is a disk that has to learn of every change. */
  readonly isPersistent: boolean;
  /** Shared by all shards of a replica. */
  readonly agenda: Agenda;
  /** Which values are in memory; shared by all shards of which not all have to be. */
  readonly residency?: Residency | undefined;
  /** Shared by all shards of a keyspace. */
  readonly invalidations?: Invalidations | undefined;
  /** True of a life whose member was given up with it and has not left for good (N4 of `increments.ts`); absent: of none. */
  readonly mayReturn?: ((origin: OriginId) => boolean) | undefined;
  /** Members of a collection that fall at once with the deletion of the whole; `FALLING_AT_ONCE_MAX` unless told. */
  readonly fallingAtOnceMax?: number | undefined;
  /** Absent: nobody wants to know which writes lost to concurrent ones. */
  readonly conflicts?: ConflictListener;
}

export class Shard {
  readonly id: ShardId;
  readonly table: RegisterTable;
  readonly containers: Containers;
  readonly increments: Increments;
  readonly vector = new VersionVector();
  readonly fingerprint = new Fingerprint();
  /** Over every register, tombstones included: what the disk must add up to at the next start. */
  readonly sum = new Fingerprint();
  /** Newest stamp purged from each bucket (R8); absent until something was purged. */
  purgeMarks: PurgeMarks | undefined;
  /** Registers held that are neither deleted nor expired as of the last sweep. */
  standing = 0;
  /** Unix ms until which something may not yet have expired here that has fallen: a peer with a faster clock let it. */
  fallenUntil = 0;
  /** When it was last on disk, what it held waited for a peer to confirm it: whoever loads it must distrust it again. */
  wasUnconfirmed = false;
  #toRedot: readonly OwnWrites[] = [];
  /** How many members of containers were dropped because others took their place. */
  displaced = 0;
  /** Registers whose values are away. */
  away = 0;
  /** Of all records, values that are away included. */
  recordBytes = 0;
  /** Of those of tombstones and of what has fallen. */
  fallenBytes = 0;
  /** Of those of containers that stand. */
  containerBytes = 0;
  /** Of values in memory that may go (E1 to E3 of `residency.ts`), sooner or later. */
  looseBytes = 0;
  /** Of values that are away. */
  awayBytes = 0;
  /** Registers held that carry tags. */
  tagged = 0;
  readonly invalidations: Invalidations;

  readonly #isPersistent: boolean;
  readonly #agenda: Agenda;
  readonly #conflicts: ConflictListener | undefined;
  readonly #fallingAtOnceMax: number;
  readonly #clock: HybridClock;
  readonly #writer: RecordWriter;
  readonly #residency: Residency | undefined;
  /** What its records count for, where memory has a bound. */
  readonly #tenant: Tenant | undefined;
  readonly #expiry = new ExpiryHeap();
  readonly #chains: OriginChains;
  #expiring = 0;
  #unconfirmed = 0;
  #inTheWay = 0;
  #quarantined = false;
  #graves: number[] = [];
  /** Something besides registers that the disk has to learn. */
  #headDirty = false;
  #dirtySlots: number[] = [];
  #removedFromDisk: Uint8Array[] = [];
  #ownOrigin: OriginId | undefined;
  #ownSequence = 0;
  /** Undefined until the first. */
  #surpassed: SurpassedStamps | undefined;
  /** Of deletions that no client asked for: nobody misses one that lost. */
  #removals: SurpassedStamps | undefined;
  /** Own sequences up to this one may be dots of what an earlier life wrote. */
  #redottedTo = 0;
  #isReady = false;
  #isLeaving = false;
  /** While it leaves: slots before this one are empty. */
  #leftUpTo = 1;

  constructor(options: ShardOptions) {
    this.id = options.id;
    this.table = new RegisterTable(options.arena, options.seed);
    this.containers = new Containers(this.table);
    this.increments = new Increments(this.table, options.mayReturn ?? (() => false));
    this.#chains = new OriginChains(this.table);
    this.#isPersistent = options.isPersistent;
    this.#agenda = options.agenda;
    this.#conflicts = options.conflicts;
    this.#fallingAtOnceMax = options.fallingAtOnceMax ?? FALLING_AT_ONCE_MAX;
    this.#clock = options.clock;
    this.#writer = options.writer;
    this.#tenant = options.residency?.join(this);
    const mayBeAway = options.residency?.hasDisk === true || isForEverybody(spaceOf(options.id));
    this.#residency = mayBeAway ? options.residency : undefined;
    this.invalidations = options.invalidations ?? new Invalidations();
  }

  /** Bytes of table and expiries; records are the arena's. */
  get residentBytes(): number {
    return this.table.residentBytes + this.#expiry.residentBytes;
  }

  get tombstones(): number {
    return this.table.count - this.standing;
  }

  /** Registers that stand and expire. */
  get expiring(): number {
    return this.#expiring;
  }

  get unconfirmed(): number {
    return this.#unconfirmed;
  }

  /** Dropped what it had and waits for a peer's whole delta; unconfirmed registers are not served. */
  get quarantined(): boolean {
    return this.#quarantined;
  }

  set quarantined(quarantined: boolean) {
    this.#quarantined = quarantined;
    if (quarantined) this.#agenda.unsettled.add(this);
  }

  /**
   * Own writes of earlier lives that need dots of the present one, among what is unconfirmed. The disk knows, so that a
   * later life goes on with it.
   */
  get toRedot(): readonly OwnWrites[] {
    return this.#toRedot;
  }

  set toRedot(writes: readonly OwnWrites[]) {
    if (this.#toRedot.length === 0 && writes.length === 0) return;
    this.#toRedot = writes;
    this.#dirtyHead();
  }

  /** It once took over all that was held elsewhere, or nobody held anything: it may be read, and be copied from. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** What it held is being let go. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** This life wrote into it and let that go: before the next local write a later life has to begin. */
  get isSpent(): boolean {
    return this.#ownOrigin !== undefined && this.vector.get(this.#ownOrigin) < this.#ownSequence;
  }

  /** What this life wrote last; undefined: nothing. */
  get written(): { readonly origin: OriginId; readonly sequence: number } | undefined {
    if (this.#ownOrigin === undefined || this.#ownSequence === 0) return undefined;
    return { origin: this.#ownOrigin, sequence: this.#ownSequence };
  }

  /** Nothing is held, claimed or known of it. */
  get isBlank(): boolean {
    return this.table.count === 0 && this.vector.size === 0 && !this.#isReady && !this.#isLeaving;
  }

  /** Nothing that is held waits to be confirmed: what is covered and not held was deleted, or lost. */
  get isSettled(): boolean {
    return this.#unconfirmed === 0 && !this.quarantined;
  }

  /** True when nothing is held, or was seen, beyond what the vector covers. */
  isWhole(): boolean {
    return this.#chains.isWhole(this.vector);
  }

  /**
   * The fingerprint as of an instant, unix ms: of what is held and expires later, whether the rest has fallen or not.
   * Undefined when something that expires later has fallen already, when more than `looksMax` is still to fall by then, or when
   * what was deleted as a whole still is.
   */
  fingerprintAsOf(instant: number, looksMax: number): Digest | undefined {
    if (this.fallenUntil > instant || this.containers.falling.size > 0) return undefined;
    const { low, high } = this.fingerprint;
    if (this.earliestExpiry > instant) return { low, high };
    const due = this.#expiry.dueBy(instant, looksMax);
    if (due === undefined) return undefined;
    const left = new Fingerprint();
    left.addElement(low, high);
    for (const slot of due) {
      if (!this.table.isHeld(slot) || this.table.isSentinel(slot)) continue;
      const view = this.table.viewOf(slot);
      const at = this.table.offsetOf(slot);
      if ((flagsAt(view, at) & FALLEN) !== 0 || expiresAt(view, at) > instant) continue;
      left.removeElement(elementLow(view, at), elementHigh(view, at));
    }
    return { low: left.low, high: left.high };
  }

  /** What is held, or was seen, beyond the vector. */
  early(): EarlyRegisters[] {
    return this.#chains.early(this.vector);
  }

  /** Declares the gaps of an ended life void: everything up to `sequence` that exists is held. */
  close(origin: OriginId, sequence: number): void {
    this.vector.advance(origin, sequence);
    this.#dirtyHead();
  }

  /** Seals all lives of a replica below `life`, and drops the chains that have nothing left in them. */
  seal(replica: number, life: number): void {
    this.vector.seal(replica, life);
    this.#dirtyHead();
    this.#chains.dropSealed(this.vector);
  }

  /** Origins whose registers are, or were, held here. */
  origins(): IterableIterator<OriginId> {
    return this.#chains.origins();
  }

  /** Begins a new life: local writes take the sequences of this origin from 1 (R4). */
  beginLife(origin: OriginId): void {
    assert(this.vector.get(origin) === 0, "a life begins at sequence 0");
    this.#ownOrigin = origin;
    this.#ownSequence = 0;
    this.#redottedTo = 0;
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  /** The slot of a key's register, dead or alive; 0 when there is none. */
  find(kind: number, key: Key, field?: string): number {
    this.#writer.writeIdentity(kind, key, field);
    return this.table.find(this.#writer.view, 0);
  }

  /** True when the register in `slot` may be served: not deleted, expired at `nowMs` or stale, not waiting in quarantine. */
  isLive(slot: number, nowMs: number): boolean {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    if ((flagsAt(view, at) & FALLEN) !== 0) return false;
    if (this.quarantined && (this.table.getMark(slot) & UNCONFIRMED) !== 0) return false;
    if (this.invalidations.isStale(view, at)) return false;
    return expiresAt(view, at) > nowMs;
  }

  /** True of a register that was neither deleted nor overwritten, and has expired or is stale. */
  isOver(slot: number, nowMs: number): boolean {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    if ((flagsAt(view, at) & FLAG_DEAD) !== 0) return false;
    return isGone(flagsAt(view, at)) || expiresAt(view, at) <= nowMs || this.invalidations.isStale(view, at);
  }

  /** Of the next local write. */
  get nextSequence(): number {
    return this.#ownSequence + 1;
  }

  /** Whose sequences local writes take. */
  get ownOrigin(): OriginId {
    assert(this.#ownOrigin !== undefined, "a life begins before the first write");
    return this.#ownOrigin;
  }

  /** True of a register that is neither deleted nor expired as of the last sweep. */
  isStanding(slot: number): boolean {
    return (flagsAt(this.table.viewOf(slot), this.table.offsetOf(slot)) & FALLEN) === 0;
  }

  /** Visits every register that is neither deleted nor expired as of the last sweep. */
  forEachStanding(visit: (view: DataView, at: number, slot: number) => void): void {
    this.forEachHeld((slot) => {
      const view = this.table.viewOf(slot);
      const at = this.table.offsetOf(slot);
      if ((flagsAt(view, at) & FALLEN) === 0) visit(view, at, slot);
    });
  }

  /** Visits the slot of every register, tombstones included. */
  forEachHeld(visit: (slot: number) => void): void {
    for (let slot = 1; slot < this.table.slotEnd; slot++) {
      if (this.table.isHeld(slot) && !this.table.isSentinel(slot)) visit(slot);
    }
  }

  /**
   * Slots of registers whose keys lie in the parts from `from` to `to` - 1 of the listing's order, behind `into`: of plain values
   * all, of what is in containers one for each, however many members it has (`Container.representative`).
   */
  collectParts(from: number, to: number, into: number[]): void {
    const { table, containers } = this;
    const hasContainers = containers.count > 0;
    for (let slot = 1; slot < table.slotEnd; slot++) {
      const part = table.getMark(slot) >>> PART_SHIFT;
      if (part < from || part >= to || !table.isHeld(slot) || table.isSentinel(slot)) continue;
      if (!hasContainers || !this.#isOfContainer(slot)) into.push(slot);
    }
    if (!hasContainers) return;
    for (const { representative } of containers.all()) {
      const part = table.getMark(representative) >>> PART_SHIFT;
      if (representative !== 0 && part >= from && part < to) into.push(representative);
    }
  }

  #isOfContainer(slot: number): boolean {
    return isContainerKind(kindAt(this.table.viewOf(slot), this.table.offsetOf(slot)));
  }

  /** Of the bucket of a register: the newest stamp purged from there, 0 where none was. */
  purgeMarkOf(kind: number, key: Key): number {
    this.#writer.writeIdentity(kind, key);
    return this.purgeMarks?.of(bucketOf(this.#writer.view, 0)) ?? 0;
  }

  // --- Writing here --------------------------------------------------------------------------------------------

  /**
   * A local write or deletion; returns its slot. The record, as written, is in the shared writer until its next use, for
   * the push to carry (R3). Throws `MEMORY_FULL`, or `STAMPS_EXHAUSTED` where nothing greater is left to stamp it with,
   * both with nothing changed.
   */
  write(write: LocalWrite, nowMs: number): number {
    const origin = this.#ownOrigin;
    assert(origin !== undefined, "a life begins before the first write");
    assert(
      !this.isSpent && !this.#isLeaving,
      "nothing is written into a shard that leaves, or under a life that is spent there",
    );
    this.#writer.writeIdentity(write.kind, write.key, write.field);
    const hash = this.table.hashOf(this.#writer.view, 0);
    const slot = this.table.find(this.#writer.view, 0, hash);
    assert(write.isRemoval !== true || slot !== 0, "only what is held is removed");
    const timestamp = this.#stampFor(write, slot, nowMs);
    if (timestamp > TIMESTAMP_MAX) {
      throw new AtollError("STAMPS_EXHAUSTED", "what is held of this key, or was, bears the greatest stamp there is");
    }
    const sequence = this.#ownSequence + 1;
    const length = this.#writer.write({
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
    const surpassed = slot === 0 || this.#isOfThisLife(slot) ? 0 : this.#stampIn(slot);
    const stored = this.#take(slot, this.#writer.view, this.#writer.bytes, 0, length, hash);
    this.#wrote(origin, sequence);
    if (surpassed > 0) this.#surpass(stored, surpassed);
    if (write.isRemoval === true && this.#conflicts !== undefined) {
      this.#removals ??= new SurpassedStamps();
      this.#removals.note(stored, timestamp);
    }
    return stored;
  }

  /** What a base that is written now has seen of what was added to it (N3, N4 of `increments.ts`), encoded. */
  #sightFor({ key, isRemoval }: LocalWrite, slot: number, nowMs: number): Uint8Array | undefined {
    const [view, at] = slot === 0 ? [undefined, 0] : [this.table.viewOf(slot), this.table.offsetOf(slot)];
    const hasSeen = view !== undefined && (flagsAt(view, at) & FLAG_SEEN) !== 0;
    if (this.increments.count === 0 && !hasSeen) return undefined;
    const last = hasSeen ? sightAt(view, at) : NONE_SEEN;
    const over = view !== undefined && isRemoval === true && this.isOver(slot, nowMs) ? overAt(view, at) : undefined;
    const seen = encodeSeen(this.increments.sight(key, last, this.vector, over));
    if (seen !== undefined && seen.length > SEEN_BYTES_MAX)
      throw new AtollError("VALUE_TOO_LARGE", "more lives of replicas have added to this key than can be told");
    return seen;
  }

  /** Of the register whose identity is in the writer, and which is held in `slot` if that is not 0 (I5). */
  #stampFor(write: LocalWrite, slot: number, nowMs: number): number {
    if (write.isRemoval === true) return this.#stampIn(slot) + 1;
    const least = this.#lastStamp(slot) + 1;
    const above = Math.max(write.above ?? 0, this.invalidations.newestOf(write.tags));
    return Math.max(write.stamp ?? this.#clock.next(nowMs), above + 1, least);
  }

  /** What a write of this key has to be stamped above: what is held of it, and what has been purged. */
  lastStampOf(kind: number, key: Key): number {
    this.#writer.writeIdentity(kind, key);
    return this.#lastStamp(this.table.find(this.#writer.view, 0));
  }

  /** The same, of the register whose identity is in the writer, and which is held in `slot` if that is not 0. */
  #lastStamp(slot: number): number {
    const held = slot === 0 ? 0 : this.#stampIn(slot);
    return Math.max(held, this.purgeMarks?.of(bucketOf(this.#writer.view, 0)) ?? 0);
  }

  #stampIn(slot: number): number {
    return timestampAt(this.table.viewOf(slot), this.table.offsetOf(slot));
  }

  /** The next own sequence is used up, now that its register is held. */
  #wrote(origin: OriginId, sequence: number): void {
    this.#ownSequence = sequence;
    this.vector.advance(origin, sequence);
    this.#chains.see(origin, sequence);
  }

  /**
   * Gives a register of this run a new dot in the present life, its stamp kept: for writes made under a life that turned
   * out to be taken. What a deletion of a collection saw, and has not fallen yet, falls: nobody saw the new dot. The record as
   * written is in the shared writer.
   */
  redot(slot: number): void {
    const origin = this.#ownOrigin;
    assert(origin !== undefined, "a life begins before the first write");
    const sequence = this.#ownSequence + 1;
    const [view, at] = [this.table.viewOf(slot), this.table.offsetOf(slot)];
    const length = this.containers.isSeen(view, at)
      ? this.#writer.write({ ...fallen(view, at), origin, sequence })
      : this.#writer.withDot(view, at, { origin, sequence });
    this.#take(slot, this.#writer.view, this.#writer.bytes, 0, length);
    this.#wrote(origin, sequence);
    this.#redottedTo = sequence;
  }

  // --- Registers from elsewhere --------------------------------------------------------------------------------

  /** Applies a checked record that came in a delta; the vector moves only when its claim is made, whole (R1). */
  apply(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): ApplyResult {
    return this.#apply(view, bytes, at, length, nowMs, false);
  }

  #apply(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number, isPushed: boolean): ApplyResult {
    const origin = originAt(view, at);
    const sequence = sequenceAt(view, at);
    const coveredTo = this.vector.get(origin);
    const covered = sequence <= coveredTo;
    const isNew = !covered && this.#chains.arrive(origin, sequence, isPushed ? coveredTo : -1);
    const hash = this.table.hashOf(view, at);
    const slot = this.table.find(view, at, hash);
    if (slot !== 0) {
      const order = compareRecords(view, at, this.table.viewOf(slot), this.table.offsetOf(slot));
      if (order < 0) {
        if (this.#unconfirmed > 0 && this.isUnconfirmed(slot)) this.#standInTheWay(slot);
        if (this.#isOfThisLife(slot)) this.#comesTooLate(slot, view, at, isNew, nowMs);
        return SUPERSEDED;
      }
      if (order === 0) {
        if (this.isAway(slot)) this.takeValueBack(slot, view, bytes, at, length);
        this.#confirm(slot);
        return SAME;
      }
    }
    if (covered) return OBSOLETE;
    const killer = kindAt(view, at) === KIND_DOCUMENT ? this.containers.killerOf(view, at) : 0;
    if (killer !== 0) {
      if (killer !== UNNAMED && this.isUnconfirmed(killer)) this.#standInTheWay(killer);
      return SUPERSEDED;
    }
    this.#clock.observe(timestampAt(view, at), nowMs);
    const lost = slot !== 0 && this.#isOfThisLife(slot) ? this.#lossTo(slot, view, at) : undefined;
    this.#take(slot, view, bytes, at, length, hash);
    if (lost !== undefined) this.#conflicts?.conflicted(this.id, lost, nowMs);
    return APPLIED;
  }

  /** True of what a client wrote here, in this life. */
  #isOfThisLife(slot: number): boolean {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    return originAt(view, at) === this.#ownOrigin && sequenceAt(view, at) > this.#redottedTo;
  }

  #surpass(slot: number, timestamp: number): void {
    if (this.#conflicts === undefined) return;
    this.#surpassed ??= new SurpassedStamps();
    this.#surpassed.note(slot, timestamp);
  }

  /** What came is below what was written here: to be noted if it came for the first time (`conflict.ts`). */
  #comesTooLate(slot: number, view: DataView, at: number, isNew: boolean, nowMs: number): void {
    const timestamp = timestampAt(view, at);
    const isUnknown = isNew && timestamp >= (this.#surpassed?.of(slot) ?? 0);
    this.#surpass(slot, timestamp);
    if (this.#conflicts === undefined || !isUnknown || !canConflict(view, at)) return;
    const winner = { view: this.table.viewOf(slot), at: this.table.offsetOf(slot) };
    if (isSameContent(view, at, winner.view, winner.at)) return;
    this.#conflicts.conflicted(this.id, conflictAt({ view, at }, winner, false), nowMs);
  }

  /** What was written here, and is about to be replaced, if its writer is known to have been unaware of it (`conflict.ts`). */
  #lossTo(slot: number, view: DataView, at: number): Conflict | undefined {
    if (this.#conflicts === undefined || !canConflict(view, at)) return undefined;
    const heldView = this.table.viewOf(slot);
    const heldAt = this.table.offsetOf(slot);
    if (this.#removals?.of(slot) === timestampAt(heldView, heldAt)) return undefined;
    const sequence = sequenceAt(view, at);
    if (!this.#conflicts.isUnaware(this, originAt(view, at), sequence, sequenceAt(heldView, heldAt))) return undefined;
    if (isSameContent(view, at, heldView, heldAt)) return undefined;
    return conflictAt({ view: heldView, at: heldAt }, { view, at }, true);
  }

  /**
   * Applies a checked record that its own origin pushed. Pushes carry every write of their origin in order, so one that
   * follows on what is covered is a claim by itself; one behind a gap is applied, claims nothing, and `hasGap` tells.
   */
  applyPushed(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): ApplyResult {
    const origin = originAt(view, at);
    const sequence = sequenceAt(view, at);
    const result = this.#apply(view, bytes, at, length, nowMs, true);
    if (sequence === this.vector.get(origin) + 1) {
      this.vector.advance(origin, sequence);
      this.#dirtyHead();
    }
    return result;
  }

  /** True when a dot of this origin was seen beyond what is covered: something in between is missing. */
  hasGap(origin: OriginId): boolean {
    return this.#chains.hasGap(origin, this.vector);
  }

  /** Makes the claim of a delta whose last register was applied (R1), and takes over the marks of what was purged there. */
  claim(vector: VersionVector, marks?: PurgeMarks): void {
    this.vector.merge(vector);
    if (marks !== undefined) {
      this.purgeMarks ??= new PurgeMarks();
      this.purgeMarks.merge(marks);
    }
    this.#dirtyHead();
    this.#chains.dropSealed(this.vector);
  }

  /** Takes a register that the audit found lost or damaged here, though its dot is covered (R5 notwithstanding). */
  repair(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    this.#take(this.table.find(view, at), view, bytes, at, length);
  }

  /** Slots of an origin with sequences above `sequence`, ascending, behind `into`. O(what is collected). */
  collectAbove(origin: OriginId, sequence: number, into: number[]): void {
    this.#chains.collectAbove(origin, sequence, into);
  }

  // --- Death ---------------------------------------------------------------------------------------------------

  /**
   * Lets registers fall whose expiry is at or before `instant`, at most `budget` of them; `fell` is told each slot while
   * its value is still there. Returns true when none is left.
   */
  sweep(instant: number, budget: number, fell: (slot: number) => void): boolean {
    for (let left = budget; this.#expiry.earliest <= instant; left--) {
      if (left === 0) return false;
      const slot = this.#expiry.pop();
      if (!this.table.isHeld(slot) || this.table.isSentinel(slot)) continue;
      const view = this.table.viewOf(slot);
      const at = this.table.offsetOf(slot);
      if ((flagsAt(view, at) & FALLEN) !== 0 || expiresAt(view, at) > instant) continue;
      fell(slot);
      const length = this.#writer.withoutValue(view, at);
      // What waits to be confirmed goes on waiting: others may cover its dot, and have never seen it.
      this.#store(slot, this.#writer.view, this.#writer.bytes, 0, length);
    }
    return true;
  }

  /** Earliest instant at which `sweep` may find something. */
  get earliestExpiry(): number {
    return this.#expiry.earliest;
  }

  /**
   * Purges tombstones for which `mayPurge` holds (R6 and R7 are its business). Looks at no more than `budget`; returns how
   * many went.
   */
  purge(budget: number, mayPurge: (view: DataView, at: number) => boolean): number {
    const looked = this.#graves.splice(0, budget);
    let purged = 0;
    for (const slot of looked) {
      // The slot may have been given away since: only the mark says that its register waits here.
      if (!this.table.isHeld(slot) || (this.table.getMark(slot) & IN_GRAVES) === 0) continue;
      this.table.clearMark(slot, IN_GRAVES);
      const view = this.table.viewOf(slot);
      const at = this.table.offsetOf(slot);
      if ((flagsAt(view, at) & FALLEN) === 0) continue;
      if (!this.#isStillNeeded(view, at) && mayPurge(view, at)) {
        this.forget(slot);
        purged++;
      } else this.#bury(slot);
    }
    return purged;
  }

  /**
   * True of a base that is no more while something is held that it says it saw, or took along (N5 of `increments.ts`), and of the
   * deletion of a collection while that is falling: without it that would come back.
   */
  #isStillNeeded(view: DataView, at: number): boolean {
    if (isDeletion(view, at)) return (this.containers.of(view, at)?.falling.length ?? 0) > 0;
    if (this.increments.count === 0 || !isCountedKind(kindAt(view, at))) return false;
    const slots = this.increments.of(keyAt(view, new Uint8Array(view.buffer, view.byteOffset), at));
    if (slots.length === 0) return false;
    const seen = sightAt(view, at);
    const over = isGone(flagsAt(view, at)) ? overAt(view, at) : undefined;
    return slots.some((slot) => {
      const [last, run] = [seen.get(this.increments.originIn(slot)), this.increments.runIn(slot)];
      if (run === undefined) return over !== undefined || last !== undefined;
      return (over !== undefined && isTakenAlong(run, over)) || (last !== undefined && run.tally.run <= last.run);
    });
  }

  get graves(): number {
    return this.#graves.length;
  }

  /** Forgets a register altogether; its stamp stays as its bucket's mark, where later local writes must beat it (R8). */
  forget(slot: number): void {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    this.#markPurged(view, at);
    this.discard(slot);
  }

  #markPurged(view: DataView, at: number): void {
    this.purgeMarks ??= new PurgeMarks();
    this.purgeMarks.raise(bucketOf(view, at), timestampAt(view, at));
    this.#dirtyHead();
  }

  /** Drops a register without a mark: as if it had never been here. */
  discard(slot: number): void {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    if (this.#isPersistent) this.#removedFromDisk.push(identityCopy(view, at));
    if (isAway(flagsAt(view, at))) this.away--;
    this.#account(view, at, false);
    this.#confirm(slot);
    this.containers.forget(slot);
    this.increments.forget(slot);
    this.table.unlink(slot);
    this.table.remove(slot);
    this.#dirtyHead();
  }

  // --- Coming and going ----------------------------------------------------------------------------------------

  /** It holds what there is: a whole claim of one that was ready was taken, or nobody has anything. */
  becomeReady(): void {
    assert(!this.#isLeaving, "a shard that leaves is not ready");
    if (this.#isReady) return;
    this.#isReady = true;
    this.#dirtyHead();
  }

  /** It may lack what others have: it is neither read nor copied from until it is ready again. */
  becomeUnready(): void {
    if (!this.#isReady) return;
    this.#isReady = false;
    this.#dirtyHead();
  }

  /** Takes back from disk how far it had come. */
  restoreHolding({ isReady, isLeaving, toRedot }: HoldingOnDisk): void {
    this.#isReady = isReady;
    this.#isLeaving = isLeaving;
    this.#toRedot = toRedot;
  }

  /**
   * Lets go of everything, claims first: others have it all. `leave` is to be called until it returns true, and nothing
   * may be written or taken in before that.
   */
  beginLeaving(): void {
    this.#isLeaving = true;
    this.#leftUpTo = 1;
    this.#isReady = false;
    this.quarantined = false;
    this.#toRedot = [];
    this.vector.clear();
    this.purgeMarks = undefined;
    this.#dirtyHead();
  }

  /** Drops up to `budget` registers; true once nothing is left, and the shard as good as new. */
  leave(budget: number): boolean {
    assert(this.#isLeaving, "only a shard that leaves is emptied");
    for (let left = budget; this.#leftUpTo < this.table.slotEnd && left > 0; this.#leftUpTo++) {
      if (!this.table.isHeld(this.#leftUpTo) || this.table.isSentinel(this.#leftUpTo)) continue;
      this.discard(this.#leftUpTo);
      left--;
    }
    if (this.table.count > 0) return false;
    this.#chains.dropAll();
    this.#expiry.clear();
    this.#graves = [];
    this.fallenUntil = 0;
    this.#isLeaving = false;
    this.#dirtyHead();
    return true;
  }

  // --- Quarantine ----------------------------------------------------------------------------------------------

  /**
   * Forgets every claim; what is held stays aside, unconfirmed, until `reconcile`. What this life wrote is above doubt where
   * `isWhole`: nothing of it can have been lost here.
   */
  distrust(options: { readonly serve: boolean; readonly isWhole?: boolean }): void {
    this.#forgetClaims();
    this.#agenda.unsettled.add(this);
    this.quarantined = !options.serve;
    const sure = options.isWhole === true ? this.#ownOrigin : undefined;
    if (sure !== undefined) this.#claimOwn();
    this.forEachHeld((slot) => {
      if (sure !== undefined && originAt(this.table.viewOf(slot), this.table.offsetOf(slot)) === sure) return;
      if ((this.table.getMark(slot) & UNCONFIRMED) === 0) this.#unconfirmed++;
      this.table.setMark(slot, UNCONFIRMED);
    });
    this.#dirtyHead();
  }

  #forgetClaims(): void {
    this.#isReady = false;
    this.#chains.uncover(this.vector);
    this.vector.clear();
  }

  #claimOwn(): void {
    if (this.#ownOrigin !== undefined && this.#ownSequence > 0) this.vector.advance(this.#ownOrigin, this.#ownSequence);
  }

  #standInTheWay(slot: number): void {
    if ((this.table.getMark(slot) & IN_THE_WAY) === 0) this.#inTheWay++;
    this.table.setMark(slot, IN_THE_WAY);
  }

  /** Counts a register of this run as confirmed, or as gone. */
  #confirm(slot: number): void {
    if (this.#unconfirmed === 0) return;
    const mark = this.table.getMark(slot);
    if ((mark & UNCONFIRMED) === 0) return;
    if ((mark & IN_THE_WAY) !== 0) this.#inTheWay--;
    this.table.clearMark(slot, UNCONFIRMED | IN_THE_WAY);
    this.#unconfirmed--;
  }

  /**
   * What peers may be told of, and may claim once they were sent all that is confirmed: the vector. While something
   * unconfirmed is in the way of what that covers, which is then not here to be sent, it is what this life wrote.
   */
  get tellable(): VersionVector {
    if (this.#inTheWay === 0) return this.vector.snapshot();
    const own = new VersionVector();
    if (this.#ownOrigin !== undefined && this.#ownSequence > 0) own.advance(this.#ownOrigin, this.#ownSequence);
    return own;
  }

  /**
   * After a peer's whole delta was claimed, marks included: `fateOf` says what becomes of every unconfirmed register. False
   * when one that goes was in the way of a register that is claimed: then nothing is claimed any more, and all has to be
   * fetched once again (I2).
   */
  reconcile(claim: VersionVector, fateOf: (view: DataView, at: number, standing: Standing) => Fate): boolean {
    let isWhole = true;
    this.forEachHeld((slot) => {
      const mark = this.table.getMark(slot);
      if ((mark & UNCONFIRMED) === 0) return;
      const view = this.table.viewOf(slot);
      const at = this.table.offsetOf(slot);
      const fate = fateOf(view, at, this.#standingOf(view, at, claim));
      if (fate === "stays") this.#confirm(slot);
      else if (fate === "stays under a new dot") this.redot(slot);
      else {
        if ((mark & IN_THE_WAY) !== 0) isWhole = false;
        this.discard(slot);
      }
    });
    if (!isWhole) {
      this.#forgetClaims();
      // What this life wrote is all here, all the same.
      this.#claimOwn();
    }
    this.quarantined = false;
    this.#dirtyHead();
    return isWhole;
  }

  /**
   * Whatever replaced a register is held, in its place, or was purged, and left a mark at or above its stamp. What killed a
   * register of a container is held, and has killed it here too, or was a deletion that it did not know of, and purged.
   */
  #standingOf(view: DataView, at: number, claim: VersionVector): Standing {
    if (!claim.covers(originAt(view, at), sequenceAt(view, at))) return "unknown";
    return this.#wasReplaced(view, at) ? "replaced" : "unseen";
  }

  /** True for what was held here once, is not any more, and may have been replaced by what was purged since. */
  wasForgotten(view: DataView, at: number): boolean {
    return this.vector.covers(originAt(view, at), sequenceAt(view, at)) && this.#wasReplaced(view, at);
  }

  #wasReplaced(view: DataView, at: number): boolean {
    if (kindAt(view, at) !== KIND_DOCUMENT || isBase(view, at)) {
      return timestampAt(view, at) <= (this.purgeMarks?.of(bucketOf(view, at)) ?? 0);
    }
    const key = keyAt(view, new Uint8Array(view.buffer, view.byteOffset), at);
    const deletedAt = this.purgeMarkOf(kindAt(view, at), key);
    return (isMember(view, at) ? afterAt(view, at) : timestampAt(view, at)) < deletedAt;
  }

  /** True of a value that stands, that nobody has to confirm, and that is not part of a container. */
  mayBeEvicted(slot: number): boolean {
    if (!this.table.isHeld(slot) || this.table.isSentinel(slot) || this.isUnconfirmed(slot)) return false;
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    const isValue = (flagsAt(view, at) & FALLEN) === 0 && isValueKind(kindAt(view, at));
    return isValue && timestampAt(view, at) < TIMESTAMP_MAX;
  }

  isUnconfirmed(slot: number): boolean {
    return (this.table.getMark(slot) & UNCONFIRMED) !== 0;
  }

  // --- Values that are away ------------------------------------------------------------------------------------

  /** What of a slot is held, by what it holds that may be away (E1 to E3 of `residency.ts`). */
  holdOf(slot: number): Hold {
    if (!this.table.isHeld(slot) || this.table.isSentinel(slot)) return EMPTY;
    if (!mayBeAway(this.table.viewOf(slot), this.table.offsetOf(slot))) return EMPTY;
    return (this.table.getMark(slot) & (DIRTY | UNCONFIRMED)) !== 0 || this.#isLeaving ? HELD_BACK : FREE_TO_GO;
  }

  /** True of a register whose value is away, or may be (E2, E3 of `residency.ts`). */
  mayBeLent(slot: number): boolean {
    if (!this.table.isHeld(slot) || this.table.isSentinel(slot)) return false;
    const [view, at] = [this.table.viewOf(slot), this.table.offsetOf(slot)];
    return isAway(flagsAt(view, at)) || mayBeAway(view, at);
  }

  /** The disk has not been handed the register in a slot as it is. */
  isToBeWritten(slot: number): boolean {
    return (this.table.getMark(slot) & DIRTY) !== 0;
  }

  isAway(slot: number): boolean {
    return isAway(flagsAt(this.table.viewOf(slot), this.table.offsetOf(slot)));
  }

  /** Of the record in a slot, in bytes, with its value wherever that is. */
  wholeLengthOf(slot: number): number {
    return wholeLength(this.table.viewOf(slot), this.table.offsetOf(slot));
  }

  /** Of what of it stays in memory when its value goes, in bytes; short values stay. */
  keptLengthOf(slot: number): number {
    const valueLength = valueLengthAt(this.table.viewOf(slot), this.table.offsetOf(slot));
    return this.wholeLengthOf(slot) - (valueLength < AWAY_BYTES_MIN ? 0 : valueLength);
  }

  /** Of the record as it is held, in bytes. */
  lengthOf(slot: number): number {
    return recordLength(this.table.viewOf(slot), this.table.offsetOf(slot));
  }

  /** A client asked for the value in a slot. */
  used(slot: number): void {
    this.table.setUse(slot, usedOnceMore(this.table.getUse(slot)));
  }

  /** The disk alone has the value from now on, or where there is none a peer. */
  letValueGo(slot: number): void {
    const valueLength = valueLengthAt(this.table.viewOf(slot), this.table.offsetOf(slot));
    this.looseBytes -= valueLength;
    this.awayBytes += valueLength;
    if (this.#tenant !== undefined) this.#tenant.bytes -= valueLength;
    const length = this.#writer.withValueAway(this.table.viewOf(slot), this.table.offsetOf(slot));
    this.table.replace(slot, this.#writer.bytes, 0, length);
    this.away++;
  }

  /** The record of a slot whose value is away, whole. False for any other record. Throws `MEMORY_FULL`. */
  takeValueBack(slot: number, view: DataView, bytes: Uint8Array, at: number, length: number): boolean {
    const [ownView, ownAt] = [this.table.viewOf(slot), this.table.offsetOf(slot)];
    const isSame =
      compareRecords(view, at, ownView, ownAt) === 0 &&
      sequenceAt(view, at) === sequenceAt(ownView, ownAt) &&
      checksumAt(view, at) === checksumAt(ownView, ownAt);
    if (!isSame) return false;
    this.table.replace(slot, bytes, at, length);
    this.away--;
    this.awayBytes -= valueLengthAt(view, at);
    this.looseBytes += valueLengthAt(view, at);
    if (this.#tenant !== undefined) this.#tenant.bytes += valueLengthAt(view, at);
    this.#residency?.came(this, slot);
    return true;
  }

  /** Slots from `from` on whose values are away, at most `max` of them and after `looksMax` looks; and where to go on. */
  nextAway(from: number, max: number, looksMax: number): { readonly slots: readonly number[]; readonly next: number } {
    const slots: number[] = [];
    const end = Math.min(this.table.slotEnd, from + looksMax);
    let next = from;
    for (; next < end && slots.length < max; next++) {
      if (this.table.isHeld(next) && !this.table.isSentinel(next) && this.isAway(next)) slots.push(next);
    }
    return { slots, next };
  }

  /** Drops every register whose value is away, as if it had never been here: for a shard that is to claim nothing. */
  discardAway(): void {
    this.forEachHeld((slot) => {
      if (this.isAway(slot)) this.discard(slot);
    });
  }

  /** Slots that wait to be confirmed and whose values are away, at most so many. */
  unconfirmedAway(max: number): number[] {
    const slots: number[] = [];
    for (let slot = 1; slot < this.table.slotEnd && slots.length < max; slot++) {
      if ((this.table.getMark(slot) & UNCONFIRMED) === 0 || !this.table.isHeld(slot)) continue;
      if (!this.table.isSentinel(slot) && this.isAway(slot)) slots.push(slot);
    }
    return slots;
  }

  // --- Disk ----------------------------------------------------------------------------------------------------

  get isDirty(): boolean {
    return this.#headDirty || this.#dirtySlots.length > 0 || this.#removedFromDisk.length > 0;
  }

  /** Hands over all that the disk lacks: first identities to remove, then slots to write. Clears the list. */
  takeDirty(removed: (identity: Uint8Array) => void, written: (slot: number) => void): void {
    for (const identity of this.#removedFromDisk) removed(identity);
    for (const slot of this.#dirtySlots) {
      if (!this.table.isHeld(slot) || (this.table.getMark(slot) & DIRTY) === 0) continue;
      this.table.clearMark(slot, DIRTY);
      written(slot);
    }
    this.#removedFromDisk = [];
    this.#dirtySlots = [];
    this.#headDirty = false;
    this.#agenda.dirty.delete(this);
  }

  /** Takes back a record read from disk; `finishLoad` must follow the last. */
  load(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): void {
    const slot = this.#insert(view, bytes, at, length);
    this.containers.note(slot);
    this.#chains.load(slot, originAt(view, at), sequenceAt(view, at));
    this.#account(view, at, true);
    if ((flagsAt(view, at) & FALLEN) !== 0) this.#fell(slot, view, at);
    else if (expiresAt(view, at) !== Infinity) this.#expire(expiresAt(view, at), slot);
    this.#clock.observe(timestampAt(view, at), nowMs);
    if (this.#residency !== undefined && mayBeAway(view, at)) this.#residency.came(this, slot);
  }

  /** Hangs all loaded registers into their origins' chains. */
  finishLoad(): void {
    this.#chains.finishLoad();
    for (const container of this.containers.all()) {
      if (!isCollectionKind(container.kind) || container.covers.size === 0 || container.members.size === 0) continue;
      // What a deletion saw, and had not fallen when this replica stopped.
      this.containers.doom(
        container,
        [...container.members.from(0)].filter((slot) => {
          const [view, at] = [this.table.viewOf(slot), this.table.offsetOf(slot)];
          return !this.containers.isSeen(view, at);
        }),
        FALLING_MOVED_MULTIPLE * this.#fallingAtOnceMax,
      );
      if (container.falling.length > 0) this.#agenda.falling.add(this);
    }
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** Stores what was written or confirmed just now; returns its slot. Throws what `#store` throws. */
  #take(slot: number, view: DataView, bytes: Uint8Array, at: number, length: number, hash?: number): number {
    if (isCollectionKind(kindAt(view, at)) && this.containers.isSeen(view, at)) {
      const lengthLeft = this.#writer.write(fallen(view, at));
      return this.#take(slot, this.#writer.view, this.#writer.bytes, 0, lengthLeft, hash);
    }
    const stored = this.#store(slot, view, bytes, at, length, hash);
    this.#confirm(stored);
    return stored;
  }

  /**
   * Puts a record's content into its slot (0: a new one) and keeps chains, sums, heap and lists true. `hash`: of its
   * identity, from whoever looked for it. Throws `MEMORY_FULL`, with nothing changed.
   */
  #store(slot: number, view: DataView, bytes: Uint8Array, at: number, length: number, hash?: number): number {
    const origin = originAt(view, at);
    const sequence = sequenceAt(view, at);
    let target = slot;
    let moves = true;
    if (slot === 0) target = this.#insert(view, bytes, at, length, hash);
    else {
      const oldView = this.table.viewOf(slot);
      const oldAt = this.table.offsetOf(slot);
      moves = originAt(oldView, oldAt) !== origin || sequenceAt(oldView, oldAt) !== sequence;
      const wasAway = isAway(flagsAt(oldView, oldAt));
      this.#account(oldView, oldAt, false);
      this.containers.changing(slot);
      try {
        this.table.replace(slot, bytes, at, length);
        if (wasAway) this.away--;
      } catch (full) {
        this.#account(oldView, oldAt, true);
        this.containers.unchanged(slot);
        throw full;
      }
      if (moves) this.table.unlink(slot);
    }
    if (moves) this.#chains.link(target, origin, sequence);
    this.#account(view, at, true);
    this.#markDirty(target);
    if ((flagsAt(view, at) & FALLEN) !== 0) this.#fell(target, view, at);
    else if (expiresAt(view, at) !== Infinity) this.#scheduleExpiry(expiresAt(view, at), target);
    if (isContainerKind(kindAt(view, at))) this.#displace(target);
    if (this.#residency !== undefined && mayBeAway(view, at)) this.#residency.came(this, target);
    return target;
  }

  /** Drops what a register of a container kills. */
  #displace(by: number): void {
    const container = this.containers.note(by);
    if (container === undefined) return;
    if (isCollectionKind(container.kind)) return this.#displaceSeen(container, by);
    for (const slot of this.containers.dead(container, by)) {
      this.discard(slot);
      this.displaced++;
    }
  }

  /** What the deletion of a collection saw falls: few members at once, of many none is one any more, and they fall in steps. */
  #displaceSeen(container: Container, by: number): void {
    const shown = this.containers.expired.has(container) ? 0 : container.members.size;
    const isLong = container.members.size > this.#fallingAtOnceMax;
    this.#letFall(this.containers.seen(container, by, isLong ? [] : container.members.from(0)));
    const covers = container.covers.get(by);
    if (isLong && covers !== undefined) {
      const fewMax = FALLING_MOVED_MULTIPLE * this.#fallingAtOnceMax;
      this.containers.doom(container, this.membersBeyond(container, covers), fewMax);
      if (container.falling.length > 0) this.#agenda.falling.add(this);
    }
    container.felled = Math.max(0, shown - container.members.size);
  }

  /** Members of a collection with dots that a vector does not cover: O(members), or of what was written here after it. */
  membersBeyond(container: Container, vector: VersionVector): number[] {
    const { members } = container;
    const slots: number[] = [];
    if (members.size <= this.#fallingAtOnceMax) {
      for (const slot of members.from(0)) {
        const [view, at] = [this.table.viewOf(slot), this.table.offsetOf(slot)];
        if (!vector.covers(originAt(view, at), sequenceAt(view, at))) slots.push(slot);
      }
      return slots;
    }
    for (const origin of container.writers) {
      const sequence = vector.get(origin);
      if (sequence !== Infinity) this.#chains.collectAbove(origin, sequence, slots);
    }
    return slots.filter((slot) => this.containers.isMemberOf(container, slot));
  }

  /** Lets up to `budget` members fall that deletions of whole collections saw. True once none is left. */
  fall(budget: number): boolean {
    let left = budget;
    for (const container of this.containers.falling) {
      if (left <= 0) break;
      const slots = container.nextToFall(left);
      left -= slots.length;
      this.#letFall(slots);
    }
    const isDone = this.containers.falling.size === 0;
    if (isDone) this.#agenda.falling.delete(this);
    return isDone;
  }

  /** What the deletion of a collection saw. What waits to be confirmed goes on waiting. */
  #letFall(slots: readonly number[]): void {
    // The deletion stays in the writer, for the push to carry (R3).
    const writer = new RecordWriter();
    for (const slot of slots) {
      const length = writer.write(fallen(this.table.viewOf(slot), this.table.offsetOf(slot)));
      this.#store(slot, writer.view, writer.bytes, 0, length);
    }
  }

  /** The slot of a register that was not held. */
  #insert(view: DataView, bytes: Uint8Array, at: number, length: number, hash?: number): number {
    const slot = this.table.insert(view, bytes, at, length, hash);
    const start = keyStartAt(view, at);
    this.table.setMark(slot, partOf(orderOf(view, start, start + keyLengthAt(view, at))) << PART_SHIFT);
    if (isIncrementsKind(kindAt(view, at))) this.increments.note(slot);
    return slot;
  }

  #account(view: DataView, at: number, comes: boolean): void {
    const stands = (flagsAt(view, at) & FALLEN) === 0;
    const step = comes ? 1 : -1;
    const low = elementLow(view, at);
    const high = elementHigh(view, at);
    if (comes) this.sum.addElement(low, high);
    else this.sum.removeElement(low, high);
    const bytes = step * wholeLength(view, at);
    this.recordBytes += bytes;
    if (this.#tenant !== undefined) this.#tenant.bytes += step * recordLength(view, at);
    if (!stands) {
      this.fallenBytes += bytes;
      return;
    }
    if (isContainerKind(kindAt(view, at))) {
      this.containerBytes += bytes;
      this.containers.standing += step;
    } else if (isIncrementsKind(kindAt(view, at))) this.increments.standing += step;
    else if (isAway(flagsAt(view, at))) this.awayBytes += step * valueLengthAt(view, at);
    else if (mayBeAway(view, at)) this.looseBytes += step * valueLengthAt(view, at);
    if ((flagsAt(view, at) & FLAG_TAGS) !== 0) {
      this.tagged += step;
      if (comes) this.invalidations.came(view, at);
    }
    if (comes) this.fingerprint.addElement(low, high);
    else this.fingerprint.removeElement(low, high);
    this.standing += step;
    if (expiresAt(view, at) !== Infinity) this.#expiring += step;
  }

  #markDirty(slot: number): void {
    if (!this.#isPersistent || (this.table.getMark(slot) & DIRTY) !== 0) return;
    this.table.setMark(slot, DIRTY);
    if (this.#dirtySlots.push(slot) === 1) this.#agenda.dirty.add(this);
  }

  #dirtyHead(): void {
    if (this.#headDirty) return;
    this.#headDirty = true;
    if (this.#isPersistent) this.#agenda.dirty.add(this);
  }

  #fell(slot: number, view: DataView, at: number): void {
    this.#bury(slot);
    const due = expiresAt(view, at);
    if (isGone(flagsAt(view, at)) && due !== Infinity) this.fallenUntil = Math.max(this.fallenUntil, due);
  }

  #bury(slot: number): void {
    if ((this.table.getMark(slot) & IN_GRAVES) !== 0) return;
    this.table.setMark(slot, IN_GRAVES);
    this.#graves.push(slot);
  }

  #expire(instant: number, slot: number): void {
    this.#expiry.push(instant, slot);
    this.#agenda.earliestExpiry = Math.min(this.#agenda.earliestExpiry, instant);
  }

  #scheduleExpiry(instant: number, slot: number): void {
    this.#expire(instant, slot);
    if (this.#expiry.size <= 2 * this.#expiring + 64) return;
    this.#expiry.clear();
    this.forEachStanding((view, at, each) => {
      const due = expiresAt(view, at);
      if (due !== Infinity) this.#expiry.push(due, each);
    });
  }
}

/** True of what is no part of something greater. */
function isValueKind(kind: number): boolean {
  return !isContainerKind(kind) && !isIncrementsKind(kind);
}

/** E3 of `residency.ts`, and whether there is a value here that is worth it. */
function mayBeAway(view: DataView, at: number): boolean {
  if ((flagsAt(view, at) & (FALLEN | FLAG_AWAY)) !== 0) return false;
  return valueLengthAt(view, at) >= AWAY_BYTES_MIN && isValueKind(kindAt(view, at));
}

/** Header, key and field of a record, enough to name its place on disk. */
function identityCopy(view: DataView, at: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, identityEndAt(view, at) - at).slice();
}
