/**
 * A shard: registers, the version vector that claims them, and for each origin the chain of its live registers in
 * sequence order. Pure state; whoever calls says what time it is. This is its face; the work is in its parts: `holdings.ts`
 * (what is held, and what follows from that), `author.ts` (writing here), `arrivals.ts` (what comes from elsewhere), `quarantine.ts`
 * (what nobody has confirmed), `away-values.ts`.
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

import { assert } from "../../base/assert.ts";
import type { Key, OriginId, ShardId } from "../../base/ids.ts";
import type { PlainWords } from "../../base/plain-words.ts";
import { isForEverybody, spaceOf } from "../../base/shard-id.ts";
import type { HybridClock } from "../clock.ts";
import { Containers } from "../containers/containers.ts";
import { Increments } from "../containers/increments.ts";
import type { Digest } from "../digest.ts";
import type { Fingerprint } from "../record/fingerprint.ts";
import { plainRecord } from "../record/plain-record.ts";
import { expiresAt, FALLEN, FLAG_DEAD, flagsAt, isAway, isGone, type RecordWriter } from "../record/record.ts";
import type { Arena } from "../table/arena.ts";
import { RegisterTable } from "../table/register-table.ts";
import type { VersionVector } from "../version-vector.ts";
import { Accounts } from "./accounts.ts";
import type { Agenda } from "./agenda.ts";
import { type ApplyResult, Arrivals } from "./arrivals.ts";
import { Author, type LocalWrite } from "./author.ts";
import { AwayValues } from "./away-values.ts";
import type { ConflictListener } from "./conflict.ts";
import type { Expiries } from "./expiries.ts";
import type { Falling } from "./falling.ts";
import type { Graves } from "./graves.ts";
import { Holdings } from "./holdings.ts";
import { Invalidations } from "./invalidations.ts";
import { Losses } from "./losses.ts";
import { NewDots, NONE_TWICE, type Twice } from "./new-dots.ts";
import type { EarlyRegisters } from "./origin-chains.ts";
import type { PurgeMarks } from "./purge-marks.ts";
import { Quarantine } from "./quarantine.ts";
import type { Residency } from "./residency.ts";
import { Tenure } from "./tenure.ts";
import type { Unsaved } from "./unsaved.ts";

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
  /** Members of a collection that fall at once with the deletion of the whole; as `falling.ts` says unless told. */
  readonly fallingAtOnceMax?: number | undefined;
  /** Absent: nobody wants to know which writes lost to concurrent ones. */
  readonly conflicts?: ConflictListener;
}

export class Shard {
  readonly id: ShardId;
  readonly table: RegisterTable;
  readonly containers: Containers;
  readonly increments: Increments;
  readonly vector: VersionVector;
  readonly accounts: Accounts;
  readonly values: AwayValues;
  readonly invalidations: Invalidations;
  /** Whether it is kept here. */
  readonly tenure: Tenure;
  /** What nobody has confirmed. */
  readonly quarantine: Quarantine;
  readonly unsaved: Unsaved;
  readonly expiries: Expiries;
  readonly graves: Graves;
  readonly falling: Falling;
  readonly #holdings: Holdings;
  readonly #author: Author;
  readonly #arrivals: Arrivals;
  readonly #newDots: NewDots;

  constructor(options: ShardOptions) {
    const { agenda, clock, conflicts, fallingAtOnceMax, isPersistent, residency, writer } = options;
    this.id = options.id;
    this.invalidations = options.invalidations ?? new Invalidations();
    this.table = new RegisterTable(options.arena, options.seed);
    this.containers = new Containers(this.table);
    this.increments = new Increments(this.table, options.mayReturn ?? (() => false));
    this.accounts = new Accounts(this, this.invalidations, residency?.join(this));
    const mayBeAway = residency?.hasDisk === true || isForEverybody(spaceOf(options.id));
    const { table, containers, increments, accounts } = this;
    const held = { table, containers, increments, accounts, residency: mayBeAway ? residency : undefined };
    this.#holdings = new Holdings({ shard: this, ...held, writer, clock, agenda, isPersistent, fallingAtOnceMax });
    const holdings = this.#holdings;
    this.vector = holdings.vector;
    this.unsaved = holdings.unsaved;
    this.expiries = holdings.expiries;
    this.graves = holdings.graves;
    this.falling = holdings.falling;
    this.values = new AwayValues(this, holdings);
    const losses = new Losses(this, holdings, conflicts);
    this.#author = new Author(this, holdings, this.invalidations, losses);
    this.#arrivals = new Arrivals(this, holdings, this.#author, losses);
    this.#newDots = new NewDots(holdings, this.#author);
    this.quarantine = new Quarantine(this, holdings, this.#author, this.#newDots, agenda);
    this.tenure = new Tenure(holdings, this.quarantine);
  }

  /** It once took over all that was held elsewhere, or nobody held anything: it may be read, and be copied from. */
  get isReady(): boolean {
    return this.tenure.isReady;
  }

  /** What it held is being let go. */
  get isLeaving(): boolean {
    return this.tenure.isLeaving;
  }

  /** I4. */
  get fingerprint(): Fingerprint {
    return this.accounts.fingerprint;
  }

  /** Registers held that are neither deleted nor expired as of the last sweep. */
  get standing(): number {
    return this.accounts.standing;
  }

  /** Bytes of table and expiries; records are the arena's. */
  get residentBytes(): number {
    return this.table.residentBytes + this.expiries.residentBytes;
  }

  get tombstones(): number {
    return this.table.count - this.accounts.standing;
  }

  /** Nothing is held, claimed or known of it. */
  get isBlank(): boolean {
    return this.table.count === 0 && this.vector.size === 0 && !this.isReady && !this.isLeaving;
  }

  /** True when nothing is held, or was seen, beyond what the vector covers. */
  isWhole(): boolean {
    return this.#holdings.chains.isWhole(this.vector);
  }

  /**
   * The fingerprint as of an instant, unix ms: of what is held and expires later, whether the rest has fallen or not.
   * Undefined when something that expires later has fallen already, when more than `looksMax` is still to fall by then, or when
   * what was deleted as a whole still is.
   */
  fingerprintAsOf(instant: number, looksMax: number): Digest | undefined {
    if (this.containers.places.falling.size > 0) return undefined;
    return this.expiries.fingerprintAsOf(instant, looksMax);
  }

  /** What is held, or was seen, beyond the vector. */
  early(): EarlyRegisters[] {
    return this.#holdings.chains.early(this.vector);
  }

  /** True when a dot of this origin was seen beyond what is covered: something in between is missing. */
  hasGap(origin: OriginId): boolean {
    return this.#holdings.chains.hasGap(origin, this.vector);
  }

  /** Origins whose registers are, or were, held here. */
  origins(): IterableIterator<OriginId> {
    return this.#holdings.chains.origins();
  }

  /** Slots of an origin with sequences above `sequence`, ascending, behind `into`. O(what is collected). */
  collectAbove(origin: OriginId, sequence: number, into: number[]): void {
    this.#holdings.chains.collectAbove(origin, sequence, into);
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  /** The slot of a key's register, dead or alive; 0 when there is none. */
  find(kind: number, key: Key, field?: string): number {
    const { writer } = this.#holdings;
    writer.writeIdentity(kind, key, field);
    return this.table.find(writer.view, 0);
  }

  /** The same of a value, whose key is as a client sent it, by its hash (`hashOfValue`). */
  findValue(words: PlainWords, hash: number): number {
    plainRecord.setKey(words);
    return this.table.find(plainRecord.view, 0, hash);
  }

  /** Of the identity of a value's register. */
  hashOfValue(words: PlainWords): number {
    plainRecord.setKey(words);
    return this.table.hashOf(plainRecord.view, 0);
  }

  /** For `lookahead.ts`: looks at what a write goes through beside the register itself. What it returns means nothing. */
  lookAt(): number {
    return this.#author.lookAt() ^ this.#holdings.lookAt() ^ this.increments.count ^ Number(this.quarantined);
  }

  /** True when the register in `slot` may be served: not deleted, expired at `nowMs` or stale, not waiting in quarantine. */
  isLive(slot: number, nowMs: number): boolean {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    if ((flagsAt(view, at) & FALLEN) !== 0) return false;
    if (this.quarantined && this.isUnconfirmed(slot)) return false;
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

  /** True of a register that is neither deleted nor expired as of the last sweep. */
  isStanding(slot: number): boolean {
    return (flagsAt(this.table.viewOf(slot), this.table.offsetOf(slot)) & FALLEN) === 0;
  }

  /** Visits every register that is neither deleted nor expired as of the last sweep. */
  forEachStanding(visit: (view: DataView, at: number, slot: number) => void): void {
    this.forEachHeld((slot) => {
      if (this.isStanding(slot)) visit(this.table.viewOf(slot), this.table.offsetOf(slot), slot);
    });
  }

  /** Visits the slot of every register, tombstones included. */
  forEachHeld(visit: (slot: number) => void): void {
    this.#holdings.forEachHeld(visit);
  }

  isAway(slot: number): boolean {
    return isAway(flagsAt(this.table.viewOf(slot), this.table.offsetOf(slot)));
  }

  // --- Writing here --------------------------------------------------------------------------------------------

  /** Begins a new life: local writes take the sequences of this origin from 1 (R4). */
  beginLife(origin: OriginId): void {
    this.#author.beginLife(origin);
  }

  /** Whose sequences local writes take. */
  get ownOrigin(): OriginId {
    const { origin } = this.#author;
    assert(origin !== undefined, "a life begins before the first write");
    return origin;
  }

  /** Of the next local write. */
  get nextSequence(): number {
    return this.#author.sequence + 1;
  }

  /** What this life wrote last; undefined: nothing. */
  get written(): { readonly origin: OriginId; readonly sequence: number } | undefined {
    const { origin, sequence } = this.#author;
    return origin === undefined || sequence === 0 ? undefined : { origin, sequence };
  }

  /** This life wrote into it and let that go: before the next local write a later life has to begin. */
  get isSpent(): boolean {
    return this.#author.isSpent;
  }

  /**
   * A local write or deletion; returns its slot. The record, as written, is in the shared writer until its next use, for
   * the push to carry (R3). Throws `MEMORY_FULL`, or `STAMPS_EXHAUSTED` where nothing greater is left to stamp it with,
   * both with nothing changed.
   */
  write(write: LocalWrite, nowMs: number): number {
    assert(
      !this.isSpent && !this.isLeaving,
      "nothing is written into a shard that leaves, or under a life that is spent there",
    );
    return this.#author.write(write, nowMs);
  }

  /**
   * As `write`, of a value that is nothing but key and bytes, to which nobody has added, by the hash of its key (`hashOfValue`): its record is
   * `plainRecord`. 0, with nothing changed: that takes `write`.
   */
  writeValue(words: PlainWords, hash: number, nowMs: number): number {
    if (this.isSpent || this.isLeaving) return 0;
    return this.#author.writeValue(words, hash, nowMs);
  }

  /** What a write of this key has to be stamped above: what is held of it, additions as well, and what has been purged. */
  lastStampOf(kind: number, key: Key): number {
    return this.#author.lastStampOf(kind, key);
  }

  /**
   * Gives a register of this run a new dot in the present life, its stamp kept: for writes made under a life that turned
   * out to be taken. `twice`: lives of which others know other writes; what names one of them gets another name, and may move
   * to another slot, with all that belongs to it (`new-dots.ts`). Its value must not be away, nor that of a number it was added to.
   */
  redot(slot: number, twice: Twice = NONE_TWICE): void {
    this.#newDots.give(slot, twice);
  }

  // --- Registers from elsewhere --------------------------------------------------------------------------------

  /** Applies a checked record that came in a delta; the vector moves only when its claim is made, whole (R1). */
  apply(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): ApplyResult {
    return this.#arrivals.apply(view, bytes, at, length, nowMs, false);
  }

  /**
   * Applies a checked record that its own origin pushed. Pushes carry every write of their origin in order, so one that
   * follows on what is covered is a claim by itself; one behind a gap is applied, claims nothing, and `hasGap` tells.
   */
  applyPushed(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): ApplyResult {
    return this.#arrivals.applyPushed(view, bytes, at, length, nowMs);
  }

  /** Makes the claim of a delta whose last register was applied (R1), and takes over the marks of what was purged there. */
  claim(vector: VersionVector, marks?: PurgeMarks): void {
    this.#arrivals.claim(vector, marks);
  }

  /** Takes a register that the audit found lost or damaged here, though its dot is covered (R5 notwithstanding). */
  repair(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    this.#holdings.take(this.table.find(view, at), view, bytes, at, length);
  }

  /** Declares the gaps of an ended life void: everything up to `sequence` that exists is held. */
  close(origin: OriginId, sequence: number): void {
    this.vector.advance(origin, sequence);
    this.unsaved.noteHead();
  }

  /** Seals all lives of a replica below `life`, and drops the chains that have nothing left in them. */
  seal(replica: number, life: number): void {
    this.vector.seal(replica, life);
    this.unsaved.noteHead();
    this.#holdings.chains.dropSealed(this.vector);
  }

  /** Drops a register without a mark: as if it had never been here. */
  discard(slot: number): void {
    this.#holdings.discard(slot);
  }

  // --- Quarantine ----------------------------------------------------------------------------------------------

  /** Dropped what it had and waits for a peer's whole delta; unconfirmed registers are not served. */
  get quarantined(): boolean {
    return this.quarantine.isOn;
  }

  /** How many registers wait to be confirmed. */
  get unconfirmed(): number {
    return this.#holdings.unconfirmed.count;
  }

  isUnconfirmed(slot: number): boolean {
    return this.#holdings.unconfirmed.has(slot);
  }

  /** Nothing that is held waits to be confirmed: what is covered and not held was deleted, or lost. */
  get isSettled(): boolean {
    return this.unconfirmed === 0 && !this.quarantined;
  }

  // --- Disk ----------------------------------------------------------------------------------------------------

  /** Takes back a record read from disk; `finishLoad` must follow the last. */
  load(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): void {
    this.#holdings.load(view, bytes, at, length, nowMs);
  }

  /** Hangs all loaded registers into their origins' chains. */
  finishLoad(): void {
    this.#holdings.finishLoad();
  }
}
