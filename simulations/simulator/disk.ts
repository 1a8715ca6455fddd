/**
 * A disk that keeps the law of the storage port and nothing more: a write that resolved is there after any crash, one in
 * flight is there whole or not at all by the seed. Ways to make it worse than the law (slow, full, failing, damaged, an
 * old copy put back; `disk-damage.ts`) are asked for by faults.
 */

import { assert } from "../../src/base/assert.ts";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import { AtollError } from "../../src/base/errors.ts";
import type { Random, Storage, StorageCondition, StorageEntry, StorageOperation } from "../../src/replica/ports.ts";
import {
  BATCHES_KEPT,
  type Damage,
  type DiskLoss,
  damageContent,
  entriesLost,
  type TakenBatch,
} from "./disk-damage.ts";
import { exponential, unit } from "./draws.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import type { Trace } from "./trace.ts";

const CHUNK_ENTRIES = 64;

/** A write under way: what it puts, or deletes where there is no value, by key as latin1. */
interface Flight {
  readonly changes: readonly Change[];
}

interface Change {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** Everything that a disk held, and up to when all that had been handed over was part of it. */
export interface DiskCopy {
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly safeUpTo: number;
}

/** The platters: what outlives the lives of a node. */
export class SimulatedDisk {
  readonly durable: boolean;
  readonly random: Random;
  /** Mean time of a synced write. */
  readonly meanMs: number;
  /** Instead of `meanMs`, while the disk is slow. */
  #slowMeanMs: number | undefined;
  /** What waits for the slow disk: called, it waits for a disk as it usually is. */
  readonly #stalled = new Set<() => void>();
  /** So many of the next writes fail; Infinity while the disk is full. */
  failing = 0;
  damage: Damage | undefined;
  /** Reading fails. */
  isUnreadable = false;
  /** What it lost of what it had once confirmed. */
  readonly losses: DiskLoss[] = [];
  writes = 0;
  bytesWritten = 0;
  /** Of what was overwritten or deleted since the disk was compacted. */
  #garbageBytes = 0;
  /** Virtual time at which the last write that resolved had been issued: what was handed over before is safe. */
  resolvedUpTo = 0;
  #content = new Map<string, Uint8Array>();
  /** The last batches that it took, oldest first. */
  #batches: TakenBatch[] = [];
  #flight: Flight | undefined;
  #isOpen = false;
  #lastFailed = false;

  constructor(options: { readonly durable: boolean; readonly random: Random; readonly meanMs: number }) {
    this.durable = options.durable;
    this.random = options.random;
    this.meanMs = options.meanMs;
  }

  /** It fails, or fails to be read. */
  get isFailing(): boolean {
    return this.failing > 0 || this.isUnreadable;
  }

  /** The last write failed. */
  get hasFailed(): boolean {
    return this.#lastFailed;
  }

  get size(): number {
    return this.#content.size;
  }

  /** From now on everything takes so much longer, until `speedUp`. */
  slowDown(meanMs: number): void {
    this.#slowMeanMs = meanMs;
  }

  /** What still waits goes on as it usually would, as requests do that were queued before a device that had stalled. */
  speedUp(): void {
    this.#slowMeanMs = undefined;
    for (const hasten of this.#stalled) hasten();
    this.#stalled.clear();
  }

  /** Virtual ms that the next read or write takes. */
  latency(): number {
    return this.durable ? exponential(this.random, this.#slowMeanMs ?? this.meanMs) : 0;
  }

  /** Calls `done` once the disk has done a share of what a read or write takes. */
  serve(share: number, { queue, owner, now }: Pick<StorageOptions, "queue" | "owner" | "now">, done: () => void): void {
    const event = queue.schedule(now() + share * this.latency(), owner, () => {
      this.#stalled.delete(hasten);
      done();
    });
    const hasten = (): void => {
      queue.cancel(event);
      queue.schedule(Math.min(event.at, now() + share * this.latency()), owner, done);
    };
    if (this.#slowMeanMs !== undefined) this.#stalled.add(hasten);
  }

  /** The process is gone: the write in flight happened or not, by the seed. */
  crash(): void {
    if (this.#flight !== undefined && unit(this.random) < 0.5) this.#apply(this.#flight);
    this.release();
  }

  /** The process ended; what is only in memory goes with it. */
  release(): void {
    this.#flight = undefined;
    this.#stalled.clear();
    this.#isOpen = false;
    if (this.durable) return;
    this.#content.clear();
    this.#batches = [];
  }

  /** To be put back later. */
  copy(): DiskCopy {
    return { content: new Map(this.#content), safeUpTo: this.resolvedUpTo };
  }

  /** Replaces the content, as an operator who restores an old copy does. Only while no process has it open. */
  replace({ content, safeUpTo }: DiskCopy, now: number): void {
    assert(!this.#isOpen, "disk replaced while open");
    this.losses.push({ from: safeUpTo, to: now, entries: entriesLost(this.#content, content) });
    this.#content = new Map(content);
    this.#batches = [];
  }

  acquire(now: number): StorageCondition {
    if (this.#isOpen) throw new AtollError("DATA_LOCKED", "another life has the disk open");
    if (this.isUnreadable) throw new AtollError("DISK_FAILED", "simulated failure to read");
    this.#isOpen = true;
    const { damage } = this;
    if (damage === undefined) return { type: "clean" };
    this.damage = undefined;
    const before = new Map(this.#content);
    const { condition, from } = damageContent(damage, this.#content, this.#batches, this.random);
    if (this.durable) this.losses.push({ from, to: now, entries: entriesLost(before, this.#content) });
    return condition;
  }

  /** Keys of the range in order, as they are now. */
  keys(from: string, to: string): string[] {
    return [...this.#content.keys()].filter((key) => key >= from && key < to).sort();
  }

  /** What it takes up. */
  get bytes(): number {
    let bytes = this.#garbageBytes;
    for (const [key, value] of this.#content) bytes += key.length + value.length;
    return bytes;
  }

  compact(): void {
    this.#garbageBytes = 0;
  }

  get(key: string): Uint8Array | undefined {
    return this.#content.get(key);
  }

  begin(operations: readonly StorageOperation[]): Flight {
    assert(this.#flight === undefined, "second storage write before the first resolved");
    this.#flight = { changes: copyOf(operations) };
    return this.#flight;
  }

  /** The write has ended. A failed one may have happened all the same. */
  finish(flight: Flight, failed: boolean): void {
    assert(this.#flight === flight, "storage write finished twice");
    this.#flight = undefined;
    if (!failed || unit(this.random) < 0.5) this.#apply(flight);
  }

  /** A write that follows a failed one may be the failed one again: what was handed over since is not yet safe. */
  noteEnd(issuedAt: number, failed: boolean): void {
    if (!failed && !this.#lastFailed) this.resolvedUpTo = issuedAt;
    this.#lastFailed = failed;
    const batch = this.#batches.at(-1);
    if (batch !== undefined) batch.safeUpTo = this.resolvedUpTo;
  }

  #apply(flight: Flight): void {
    const before = new Map<string, Uint8Array | undefined>();
    this.#batches.push({ before, safeUpTo: this.resolvedUpTo });
    if (this.#batches.length > BATCHES_KEPT) this.#batches.shift();
    for (const { key, value } of flight.changes) {
      const former = this.#content.get(key);
      if (!before.has(key)) before.set(key, former);
      this.#garbageBytes += former === undefined ? 0 : key.length + former.length;
      if (value === undefined) this.#content.delete(key);
      else {
        this.#content.set(key, value);
        this.bytesWritten += key.length + value.length;
      }
    }
    this.writes++;
  }
}

/** As they are now, values in one buffer: whoever handed them over may go on to change what they were made of. */
function copyOf(operations: readonly StorageOperation[]): Change[] {
  let bytes = 0;
  for (const { value } of operations) bytes += value?.length ?? 0;
  const { buffer } = new Uint8Array(bytes);
  let at = 0;
  return operations.map(({ type, key, value }): Change => {
    assert((type === "put") === (value !== undefined), "a put has a value, and nothing else does");
    if (value === undefined) return { key: latin1FromBytes(key), value };
    const copy = new Uint8Array(buffer, at, value.length);
    copy.set(value);
    at += value.length;
    return { key: latin1FromBytes(key), value: copy };
  });
}

/** What one life of a node sees of its disk. */
export interface StorageOptions {
  readonly disk: SimulatedDisk;
  readonly queue: EventQueue;
  readonly now: () => number;
  readonly owner: EventOwner;
  readonly trace: Trace;
  readonly node: number;
  /** Told when a write is handed over, before anything of it is on disk. */
  readonly issued: () => void;
}

export function createStorage(options: StorageOptions): Storage {
  const { disk, queue, now, owner, trace, node } = options;

  const served = (share = 1): Promise<void> =>
    new Promise((resolve) => {
      disk.serve(share, options, resolve);
    });

  let isOpen = false;
  let writing: Promise<void> = Promise.resolve();
  const assertOpen = (): void => {
    if (!isOpen) throw new AtollError("DISK_FAILED", "the storage is closed");
  };

  return {
    durable: disk.durable,

    async open(): Promise<StorageCondition> {
      await served();
      const condition = disk.acquire(now());
      isOpen = true;
      return condition;
    },

    async *entries(range): AsyncIterable<readonly StorageEntry[]> {
      assertOpen();
      const keys = disk.keys(latin1FromBytes(range.from), latin1FromBytes(range.to));
      for (let at = 0; at < keys.length; at += CHUNK_ENTRIES) {
        await served(1 / 4);
        assertOpen();
        if (disk.isUnreadable) throw new AtollError("DISK_FAILED", "simulated failure to read");
        const chunk: StorageEntry[] = [];
        for (const key of keys.slice(at, at + CHUNK_ENTRIES)) {
          const value = disk.get(key);
          if (value !== undefined) chunk.push({ key: bytesFromLatin1(key), value: value.slice() });
        }
        yield chunk;
      }
    },

    async read(key): Promise<Uint8Array | undefined> {
      assertOpen();
      await served(1 / 4);
      assertOpen();
      if (disk.isUnreadable) throw new AtollError("DISK_FAILED", "simulated failure to read");
      return disk.get(latin1FromBytes(key))?.slice();
    },

    async size(): Promise<number> {
      assertOpen();
      return disk.bytes;
    },

    async compact(): Promise<void> {
      await served();
      assertOpen();
      if (disk.isFailing) throw new AtollError("DISK_FAILED", "simulated failure");
      disk.compact();
    },

    async write(operations): Promise<void> {
      assertOpen();
      const flight = disk.begin(operations);
      const issuedAt = now();
      trace.record(issuedAt, "disk-write", node, operations.length);
      options.issued();
      const done = served().then(() => {
        const failed = disk.failing > 0;
        if (failed) disk.failing--;
        disk.finish(flight, failed);
        trace.record(now(), failed ? "disk-failed" : "disk-done", node, operations.length);
        disk.noteEnd(issuedAt, failed);
        if (failed) throw new AtollError("DISK_FAILED", "simulated failure");
      });
      writing = done.catch(() => undefined);
      await done;
    },

    async close(): Promise<void> {
      await writing;
      if (!isOpen) return;
      isOpen = false;
      await new Promise<void>((resolve) => queue.schedule(now(), owner, resolve));
      disk.release();
    },
  };
}
