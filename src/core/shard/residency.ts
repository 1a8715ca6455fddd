/**
 * Which values are in memory where there is no room for all. What goes is on disk, or where there is none at a peer that says
 * so, and taken back when it is wanted; its register stays, with everything but the value, so that merging, comparing and
 * expiring go on as if nothing were away. Whose go first is for `memory-shares.ts` to say.
 *
 *  E1. A value goes only while the disk has it as it is: nothing of its register waits to be written, or is being written.
 *      Without a disk it is offered first, and goes once somebody else has it as it is (`replica/ghosts.ts`).
 *  E2. What waits to be confirmed stays: it may have to get another dot, or be put aside.
 *  E3. Containers and what the cluster notes for itself stay.
 *  E4. Where values cannot go as fast as others come, clients' writes are refused, and nothing else: what peers send has to
 *      be taken.
 */

import { assert } from "../../base/assert.ts";
import type { SpaceId } from "../../base/ids.ts";
import { spaceOf } from "../../base/shard-id.ts";
import type { Arena } from "../table/arena.ts";
import {
  BOUND_TO_STAY,
  FREE_TO_GO,
  type Hold,
  isQueued,
  type Places,
  type S3Fifo,
  usedOnceMore,
} from "../table/s3-fifo.ts";
import { MemoryShares, type Pool, type Standing, type Tenant } from "./memory-shares.ts";
import type { Shard } from "./shard.ts";

/**
 * Slots side by side in one shard are a *run*. Runs are numbered as they are first seen, and a place is the number of its run
 * x 2^10 + its place there: four bytes name any of the 2^32 places that all shards together may have.
 */
const RUN_BITS = 10;
const RUN_MASK = (1 << RUN_BITS) - 1;
const RUNS_MAX = 2 ** (32 - RUN_BITS);
/** Looks of one step, of about 0.2 µs each, and of a value that goes 1 µs. */
const LOOKS_MAX = 4096;
/** Without a disk, of all that registers may take: from here on values are offered, before any have to go for good ... */
const LENDING_SHARE = 0.75;
/** ... of which so much is left to records, though tables and documents take the rest and more. */
const LENDING_RECORDS_SHARE = 0.5;

/** The same of what is taken in: more than is left to records when others go for good (`replica/eviction.ts`), or nothing ever came again. */
const RECORDS_SHARE = 0.5;

/** Whoever finds peers for values where there is no disk. */
export interface Lender {
  /** As many are offered as may be at once. */
  readonly isFull: boolean;
  /** Somebody may have what goes of a shard, now or later. */
  mayLend(shard: Shard): boolean;
  /** That one may be asked now. */
  mayOffer(shard: Shard): boolean;
  isOffered(shard: Shard, slot: number): boolean;
  /** A value is to go. Either it does (`lent`), or it stays (`stays`). */
  offer(shard: Shard, slot: number): void;
}

/** A shard whose values may go. */
interface Lodger {
  readonly shard: Shard;
  readonly tenant: Tenant;
  /** By the place of a run in the shard: its number; 0: not seen yet. */
  readonly runs: number[];
}

export class Residency implements Places {
  readonly #arena: Arena;
  readonly #shares: MemoryShares;
  readonly #lodgers = new Map<Shard, Lodger>();
  /** By the number of a run: whose it is, and its place there. Number 0 is none. */
  readonly #lodgerOfRun: (Lodger | undefined)[] = [undefined];
  readonly #placeOfRun = [0];
  /** Of arena, tables and queues, bytes. */
  bytesMax: number;
  /** What records may take of that, less what cannot go. */
  readonly #fillShare: number;
  /** Of what does not become less when values go, as of the last measure. */
  fixedBytes = 0;
  /** What is there when all values have gone that may, as of the last measure; what has fallen does not count. */
  leastBytes = 0;
  /** How often a value went. */
  letGone = 0;
  /** Of values that are offered, bytes. */
  offeredBytes = 0;
  /** Of values that somebody else may have, should there be no disk, as of the last measure; bytes. */
  lendableBytes = 0;
  /** Without a disk, and without this, all values stay until they go for good (`replica/eviction.ts`). */
  lender: Lender | undefined;

  readonly hasDisk: boolean;

  constructor(
    arena: Arena,
    {
      bytesMax,
      fillShare,
      hasDisk = true,
    }: { readonly bytesMax: number; readonly fillShare: number; readonly hasDisk?: boolean },
  ) {
    this.#arena = arena;
    this.bytesMax = bytesMax;
    this.#fillShare = fillShare;
    this.hasDisk = hasDisk;
    this.#shares = new MemoryShares(this);
  }

  /** For `came`. Returns what the bytes of its records count for. */
  join(shard: Shard): Tenant {
    const tenant = this.#shares.tenantOf(spaceOf(shard.id));
    this.#lodgers.set(shard, { shard, tenant, runs: [] });
    return tenant;
  }

  /** What keyspaces may count on, of what records may take: these, and the others together what they leave. */
  setShares(sharesBySpace: ReadonlyMap<SpaceId, number>): void {
    this.#shares.set(sharesBySpace);
  }

  poolOf(shard: Shard): Pool | undefined {
    return this.#lodgers.get(shard)?.tenant.pool;
  }

  /** Who is above what they count on, were so much to go, most of all first; undefined where nobody has a share. */
  standings(overBytes: number): readonly Standing[] | undefined {
    return this.#shares.areAny ? this.#shares.standings(overBytes) : undefined;
  }

  /** A register that may go has come, or another value of it. */
  came(shard: Shard, slot: number): void {
    const use = shard.table.getUse(slot);
    // Most often it takes over the turn of a value before it: which queue that is in need not be known.
    if (isQueued(use)) return shard.table.setUse(slot, usedOnceMore(use));
    const lodger = this.#lodgers.get(shard) as Lodger;
    const run = lodger.runs[slot >>> RUN_BITS] || this.#number(lodger, slot >>> RUN_BITS);
    lodger.tenant.pool.queues.came(((run << RUN_BITS) | (slot & RUN_MASK)) >>> 0);
  }

  readonly #isOver = (): boolean => this.#arena.usedBytes > this.#roomBytes;

  /** Measures what cannot go: to be called now and then. */
  measure(): void {
    let bytes = this.queueBytes;
    for (const shard of this.#lodgers.keys()) bytes += shard.residentBytes;
    this.fixedBytes = bytes;
    this.measureLeast();
  }

  /** Measures `leastBytes` anew. */
  measureLeast(): number {
    let bytes = this.fixedBytes + this.#arena.usedBytes;
    this.lendableBytes = 0;
    for (const shard of this.#lodgers.keys()) {
      bytes -= shard.accounts.fallenBytes + (this.hasDisk ? shard.accounts.looseBytes : 0);
      if (this.lender?.mayLend(shard) === true) this.lendableBytes += shard.accounts.looseBytes;
    }
    this.leastBytes = bytes - this.lendableBytes;
    return this.leastBytes;
  }

  /** What there is when every value has gone, whoever has it; bytes. */
  keyBytes(): number {
    let bytes = this.fixedBytes + this.#arena.usedBytes;
    for (const { accounts } of this.#lodgers.keys()) bytes -= accounts.fallenBytes + accounts.looseBytes;
    return bytes;
  }

  get queueBytes(): number {
    return this.#shares.queueBytes;
  }

  /** E4. */
  get isFull(): boolean {
    return this.#arena.usedBytes > Math.max(this.#roomBytes, this.bytesMax * RECORDS_SHARE);
  }

  get #roomBytes(): number {
    return this.bytesMax - this.fixedBytes;
  }

  readonly #overBytes = (): number => this.#arena.usedBytes - this.#roomBytes * this.#fillShare;

  /** Without a disk: values are to be offered, besides those that are. */
  get isLending(): boolean {
    return this.wouldLend(0);
  }

  /** As `isLending`, once values of so many bytes more are in memory. */
  wouldLend(bytes: number): boolean {
    const most = this.bytesMax * LENDING_SHARE;
    const room = Math.max(most - this.fixedBytes, most * LENDING_RECORDS_SHARE);
    return this.#arena.usedBytes + bytes - this.offeredBytes > room;
  }

  /** Lets values go until the rest is within bounds, or for as long as a step may take. Not while the disk is written (E1). */
  reclaim(): void {
    if (this.hasDisk) {
      if (this.#overBytes() <= 0) return;
      return this.#shares.reclaim({ overBytes: this.#overBytes, isFull: this.#isOver, looksMax: LOOKS_MAX });
    }
    const { lender } = this;
    if (lender === undefined || !this.isLending) return;
    this.measureLeast();
    if (!this.#mayOfferAny(lender)) return;
    // Nobody loses by it, whatever its share is.
    this.#shares.reclaimAny(() => !this.isLending || lender.isFull, LOOKS_MAX);
  }

  #mayOfferAny(lender: Lender): boolean {
    for (const shard of this.#lodgers.keys()) if (shard.accounts.looseBytes > 0 && lender.mayOffer(shard)) return true;
    return false;
  }

  getUse(place: number): number {
    return this.#shardOf(place).table.getUse(this.#slotOf(place));
  }

  setUse(place: number, use: number): void {
    this.#shardOf(place).table.setUse(this.#slotOf(place), use);
  }

  holdOf(place: number): Hold {
    const [shard, slot] = [this.#shardOf(place), this.#slotOf(place)];
    const hold = shard.values.holdOf(slot);
    if (this.hasDisk || hold !== FREE_TO_GO) return hold;
    return this.lender?.mayOffer(shard) === true && !this.lender.isOffered(shard, slot) ? FREE_TO_GO : BOUND_TO_STAY;
  }

  letGo(place: number): void {
    const [shard, slot] = [this.#shardOf(place), this.#slotOf(place)];
    if (!this.hasDisk) return this.lender?.offer(shard, slot);
    this.letGone++;
    shard.values.letGo(slot);
  }

  /** Somebody else has what was offered. */
  lent(shard: Shard, slot: number): void {
    this.letGone++;
    shard.values.letGo(slot);
  }

  /** Nobody else has what was offered, or something else is there by now: its turn comes again. */
  stays(shard: Shard, slot: number): void {
    const lodger = this.#lodgers.get(shard);
    const run = lodger?.runs[slot >>> RUN_BITS] ?? 0;
    if (run > 0) lodger?.tenant.pool.queues.stays(((run << RUN_BITS) | (slot & RUN_MASK)) >>> 0);
  }

  queuesOf(place: number): S3Fifo {
    return (this.#lodgerOfRun[place >>> RUN_BITS] as Lodger).tenant.pool.queues;
  }

  #shardOf(place: number): Shard {
    return (this.#lodgerOfRun[place >>> RUN_BITS] as Lodger).shard;
  }

  #slotOf(place: number): number {
    return ((this.#placeOfRun[place >>> RUN_BITS] as number) << RUN_BITS) | (place & RUN_MASK);
  }

  #number(lodger: Lodger, place: number): number {
    const { runs } = lodger;
    const run = this.#lodgerOfRun.push(lodger) - 1;
    assert(run < RUNS_MAX, "more places than queues can name");
    this.#placeOfRun.push(place);
    while (runs.length < place) runs.push(0);
    runs[place] = run;
    return run;
  }
}
