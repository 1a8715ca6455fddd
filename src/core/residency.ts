/**
 * Which values are in memory where there is no room for all. What goes is on disk, and taken back when it is wanted; its
 * register stays, with everything but the value, so that merging, comparing and expiring go on as if nothing were away.
 *
 *  E1. A value goes only while the disk has it as it is: nothing of its register waits to be written, or is being written.
 *  E2. What waits to be confirmed stays: it may have to get another dot, or be put aside.
 *  E3. Containers and what the cluster notes for itself stay.
 *  E4. Where values cannot go as fast as others come, clients' writes are refused, and nothing else: what peers send has to
 *      be taken.
 */

import type { Arena } from "./arena.ts";
import { type Hold, type Places, S3Fifo } from "./s3-fifo.ts";
import type { Shard } from "./shard.ts";

/** A place is the number of its shard x 2^26 + slot. */
const SLOTS = 2 ** 26;
/** Looks of one step, of about 0.2 µs each, and of a value that goes 1 µs. */
const LOOKS_MAX = 4096;

export class Residency implements Places {
  readonly #arena: Arena;
  readonly #queues: S3Fifo;
  readonly #shards: Shard[] = [];
  readonly #numberByShard = new Map<Shard, number>();
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

  /** Without a disk all values stay until they go for good (`replica/eviction.ts`). */
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
    this.#queues = new S3Fifo(this);
  }

  /** For `came`. */
  join(shard: Shard): void {
    this.#numberByShard.set(shard, this.#shards.length);
    this.#shards.push(shard);
  }

  /** A register that may go has come, or another value of it. */
  came(shard: Shard, slot: number): void {
    this.#queues.came((this.#numberByShard.get(shard) as number) * SLOTS + slot);
  }

  /** Measures what cannot go: to be called now and then. */
  measure(): void {
    let bytes = this.#queues.residentBytes;
    for (const shard of this.#shards) bytes += shard.residentBytes;
    this.fixedBytes = bytes;
    this.measureLeast();
  }

  /** Measures `leastBytes` anew. */
  measureLeast(): number {
    let bytes = this.fixedBytes + this.#arena.usedBytes;
    for (const { looseBytes, fallenBytes } of this.#shards) bytes -= fallenBytes + (this.hasDisk ? looseBytes : 0);
    this.leastBytes = bytes;
    return bytes;
  }

  get queueBytes(): number {
    return this.#queues.residentBytes;
  }

  /** E4. */
  get isFull(): boolean {
    return this.#arena.usedBytes > this.bytesMax - this.fixedBytes;
  }

  get #isOver(): boolean {
    return this.#arena.usedBytes > (this.bytesMax - this.fixedBytes) * this.#fillShare;
  }

  /** Lets values go until the rest is within bounds, or for as long as a step may take. Not while the disk is written (E1). */
  reclaim(): void {
    if (this.hasDisk && this.#isOver) this.#queues.reclaim(() => !this.#isOver, LOOKS_MAX);
  }

  getUse(place: number): number {
    return this.#shardOf(place).table.getUse(place % SLOTS);
  }

  setUse(place: number, use: number): void {
    this.#shardOf(place).table.setUse(place % SLOTS, use);
  }

  holdOf(place: number): Hold {
    return this.#shardOf(place).holdOf(place % SLOTS);
  }

  letGo(place: number): void {
    this.letGone++;
    this.#shardOf(place).letValueGo(place % SLOTS);
  }

  #shardOf(place: number): Shard {
    return this.#shards[Math.floor(place / SLOTS)] as Shard;
  }
}
