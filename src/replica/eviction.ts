/**
 * What goes for good where a budget is spent: of the disk, where it is bounded; of the memory that keys take, whose values
 * may all be away, and collections; or of memory, where there is no disk. An eviction is a deletion that everybody hears of, one
 * tick after what it removes.
 *
 *  F1. It removes what was seen here, and nothing newer: whatever was written meanwhile stays (R8's exception).
 *  F2. The keeper of a shard (`cluster/keeper.ts`) evicts, as much as is due of its shards, so that all lose alike; the others
 *      have the same to hold and hear of it. One whose own budget is smaller would wait in vain: at a second, higher mark it
 *      evicts by itself, whatever is coldest.
 *  F3. What waits to be confirmed, documents and what the cluster notes for itself stays, and room for it is made only down to a
 *      share of what there is for values. A collection goes as a whole, by the deletion of what is held of it, and a number with all that
 *      was added to it: what of it was not seen stays, and counts alone. While many members fall, which takes several steps, they count as gone.
 *  F4. What has fallen counts as gone, since its purge is a matter of seconds; but not where it waits for longer, as it does
 *      while a member is away: then room is made for it, down to that share. Of keys whose values are away nothing is gained
 *      before the purge.
 *  F5. What memory there is at a moment swings with all else that takes some. What goes for good does so by the most there was
 *      of late.
 *  F6. Of memory, whoever is above its share of it loses first, and no more than it is above (H1 of `core/shard/memory-shares.ts`).
 *      Of the disk nobody has a share.
 *  F7. Where there is no disk, only what others do not have goes: what may still become a ghost (`ghosts.ts`) counts as gone,
 *      be its keeper willing at the moment or not, unless that takes so long that a last mark is reached; and ghosts themselves go only where keys alone are too many.
 */

import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { RecentExtreme } from "../base/recent-extreme.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { isKeeper } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Container } from "../core/containers/container.ts";
import { keyAt } from "../core/record/record.ts";
import { Coldest, type Place } from "../core/shard/coldest.ts";
import type { Standing } from "../core/shard/memory-shares.ts";
import type { Residency } from "../core/shard/residency.ts";
import type { Shard } from "../core/shard/shard.ts";
import { DiskBudget } from "./disk-budget.ts";
import type { LocalWrites } from "./local-writes.ts";

/** Evicted in one step, about 10 µs each. */
const STEP = 256;
/** Of a key in memory with what is noted of it, about. */
const KEY_BYTES = 70;
/** Of the memory that registers may take, what keys may. */
const MEMORY_SHARE = 0.85;
/** Of that, what is left to the records of values though tables, which do not shrink, and documents take the rest and more. */
const RECORDS_SHARE = 0.5;
/** Of what values may take of the disk, what is left to them whatever else takes it. */
const VALUES_SHARE = 0.25;
/** F5, ms. */
const MEMORY_MS = 30_000;
/** Draws of a step that may meet nothing that may go. */
const MISSES_MAX = 32;
/** What has fallen waits for its purge when there was so much of it all the time that long, ms. */
const LINGER_MS = 10_000;
/** The second marks, by the first: that of the disk is above what a folder comes to before it is rewritten. */
const FIRST_MARK = { memory: 1, disk: 1 };
const SECOND_MARK = { memory: 1.06, disk: 1.21 };
/** Up to here what others may have is waited for, however long that takes; beyond, for so long (F7), ms. */
const LAST_MARK = { memory: 1.12, disk: 1.21 };
const LENDING_MS = 3000;

export interface EvictionHost extends Surroundings {
  readonly residency: Residency | undefined;
  readonly writes: Pick<LocalWrites, "evictNumber" | "evictAll">;
}

export interface EvictionListener {
  /** What is there under a key is about to go. */
  going(shard: Shard, key: Key): void;
  /** A slot, which holds the deletion of what was evicted from it, a record of so many bytes; `isOrphan`: that nobody had any more. */
  gone(shard: Shard, slot: number, bytes: number, isOrphan: boolean): void;
}

/** Bytes that have to go, of keys in memory and of records on disk; below 0: that many may still come. */
interface Excess {
  memory: number;
  disk: number;
}

/** From which shards how much is to go; `isLast`: by a second mark or a last one. */
interface Due {
  readonly from: readonly Shard[];
  readonly excess: Excess;
  readonly isLast: boolean;
}

export class Eviction {
  readonly #host: EvictionHost;
  readonly #random: Random;
  /** Absent: the disk has no bound. */
  readonly disk: DiskBudget | undefined;
  /** Values, and collections, that were evicted here. */
  evicted = 0;
  /** Whoever wants to know which values go. */
  listener: EvictionListener | undefined;
  /** The last step left something over. */
  isUnderWay = false;
  /** Of what waits to be purged, bytes. */
  #lingeringBytes = 0;
  /** Keys that a command of several turns is under way with: their collections stay for now. Who writes them otherwise waits for its end. */
  readonly keysInUse = new Map<SpaceId, ReadonlyMap<Key, { readonly until: Promise<void> }>>();
  readonly #lendable = new RecentExtreme(LENDING_MS, Math.min);
  readonly #fallen = new RecentExtreme(LINGER_MS, Math.min);
  /** What registers may take of memory, bytes (F5). */
  readonly #memoryMax = new RecentExtreme(MEMORY_MS, Math.max);

  constructor(host: EvictionHost, diskBytesMax: number, random: Random) {
    this.#host = host;
    this.disk = diskBytesMax < Infinity ? new DiskBudget(diskBytesMax) : undefined;
    this.#random = random;
  }

  step(now: number): void {
    this.isUnderWay = false;
    const { residency } = this.#host;
    if (this.disk === undefined && residency === undefined) return;
    const fallen = sumOf(this.#host.shards.all, ({ accounts }) => accounts.fallenBytes);
    this.#lingeringBytes = this.#fallen.note(fallen, now);
    this.#memoryMax.note(residency?.bytesMax ?? Infinity, now);
    const first = this.#excess(FIRST_MARK);
    const last = this.#excess(LAST_MARK, this.#lendable.note(residency?.lendableBytes ?? 0, now));
    if (!isSome(first) && !isSome(last)) return;
    const { from, excess, isLast } = this.#due(first, last);
    if (!isSome(excess)) return;
    const coldest = new Coldest(from, this.#random, now, this.#mayGo(isLast ? SECOND_MARK : FIRST_MARK));
    let [left, misses] = [STEP, 0];
    while (isSome(excess) && left > 0 && misses < MISSES_MAX) {
      const place = coldest.take();
      if (place === undefined) {
        misses++;
        continue;
      }
      left--;
      const { shard, slot, collection } = place;
      const isValue = collection === undefined;
      const away = isValue ? shard.values.wholeLengthOf(slot) - this.#inMemoryOf(shard, slot) : 0;
      const before = stayingBytesOf(shard, collection);
      if (!this.#takes(() => (isValue ? this.remove(shard, slot, now) : this.#removeAll(shard, collection, now)))) {
        misses++;
        continue;
      }
      const bytes = before - stayingBytesOf(shard, collection);
      const inMemory = bytes - away;
      excess.disk -= bytes;
      excess.memory -= inMemory;
    }
    this.isUnderWay = isSome(excess) && left < STEP;
  }

  /** False: it cannot be stamped above, or has seen too much to say so, and stays. */
  #takes(remove: () => void): boolean {
    try {
      remove();
      return true;
    } catch (error) {
      if (error instanceof AtollError) return false;
      throw error;
    }
  }

  /** Of a value, what goes of it. */
  #inMemoryOf({ values }: Shard, slot: number): number {
    return this.#host.residency?.hasDisk === true ? values.keptLengthOf(slot) : values.lengthOf(slot);
  }

  /** Removes what is in a slot for good, with all that is one number with it. */
  remove(shard: Shard, slot: number, now: number, isOrphan = false): void {
    const bytes = shard.values.wholeLengthOf(slot);
    this.listener?.going(shard, keyIn(shard, slot));
    const dead = this.#host.writes.evictNumber(shard, slot, now);
    this.evicted++;
    this.listener?.gone(shard, dead, bytes, isOrphan);
  }

  #removeAll(shard: Shard, collection: Container, now: number): void {
    this.listener?.going(shard, collection.key);
    this.#host.writes.evictAll(shard, collection, now);
    this.evicted++;
  }

  /** F7. */
  #mayGo({ memory }: Excess): (place: Place) => boolean {
    const { residency } = this.#host;
    const isFree = (shard: Shard, collection: Container | undefined): boolean =>
      collection === undefined || this.keysInUse.get(spaceOf(shard.id))?.has(collection.key) !== true;
    if (residency === undefined || residency.hasDisk) return ({ shard, collection }) => isFree(shard, collection);
    const keysMax = this.#memoryMax.value * MEMORY_SHARE * memory;
    const areKeysTooMany = residency.keyBytes() + this.#lingeringBytes > keysMax;
    return ({ shard, slot, collection }) => isFree(shard, collection) && (areKeysTooMany || !shard.isAway(slot));
  }

  /** `kept`: of values that others may have, bytes that are here all the same (F7). */
  #excess(mark: Excess, kept = 0): Excess {
    const { residency, shards } = this.#host;
    const excess = { memory: -Infinity, disk: -Infinity };
    const keysMax = this.#memoryMax.value * MEMORY_SHARE * mark.memory;
    if (residency !== undefined && residency.leastBytes + kept + this.#lingeringBytes > keysMax) {
      const least = residency.measureLeast();
      // Who might have had it may be gone by now: then it counts already.
      const bytes = least + Math.min(kept, residency.lendableBytes);
      const lingeringBytes = residency.hasDisk ? 0 : this.#lingeringBytes;
      const valueBytes = bytes - residency.fixedBytes - sumOf(shards.all, ({ accounts }) => accounts.documentBytes);
      const over = Math.min(bytes + lingeringBytes - keysMax, valueBytes - keysMax * RECORDS_SHARE);
      excess.memory = over - fallingBytesOf(shards.all);
    }
    const standingMax = (this.disk?.standingBytesMax ?? Infinity) * mark.disk;
    if (standingMax < Infinity) {
      const standing = sumOf(shards.all, standingBytesOf) - fallingBytesOf(shards.all);
      const valueBytes = standing - sumOf(shards.all, ({ accounts }) => accounts.documentBytes);
      excess.disk = Math.min(standing + this.#lingeringBytes - standingMax, valueBytes - standingMax * VALUES_SHARE);
    }
    return excess;
  }

  /** From which shards how much is to go now (F2, F6). */
  #due(first: Excess, last: Excess): Due {
    const second = isSome(last) ? last : this.#excess(SECOND_MARK);
    const isLast = isSome(second);
    const mark = isLast ? second : first;
    const evictable = this.#evictable();
    const candidates = isLast ? evictable : evictable.filter(({ id }) => isKeeper(this.#host, id));
    const { residency } = this.#host;
    const standings = mark.memory > 0 && mark.disk <= 0 ? residency?.standings(mark.memory) : undefined;
    const isOf =
      ({ pool }: Standing) =>
      (shard: Shard) =>
        residency?.poolOf(shard) === pool && hasValues(shard);
    const above = standings?.find((each) => each.excessBytes > 0 && candidates.some(isOf(each)));
    if (above === undefined) {
      // Who is within its share waits for those who are not, and whose values others evict; not beyond the second mark.
      if (isLast) return { from: candidates, excess: mark, isLast };
      const due =
        standings === undefined ? dueOf(candidates, evictable, mark, this.#memoryBytesOf) : { memory: 0, disk: 0 };
      return { from: candidates, excess: due, isLast };
    }
    const from = candidates.filter(isOf(above));
    const { memory, disk } = isLast ? mark : dueOf(from, evictable.filter(isOf(above)), mark, this.#memoryBytesOf);
    return { from, excess: { memory: Math.min(memory, above.excessBytes), disk }, isLast };
  }

  /** F3. */
  #evictable(): Shard[] {
    const { ownership, shards } = this.#host;
    return shards.all.filter(({ id, isLeaving, isSettled, isReady }) => {
      const space = spaceOf(id);
      if (isLeaving || !isSettled || space === SYSTEM_SPACE || !ownership.owns(id)) return false;
      return isReady || ownership.isEverywhere(space);
    });
  }

  /** Of what may go, in memory, about: without a disk values are there as well, but for ghosts'. */
  readonly #memoryBytesOf = (shard: Shard): number =>
    this.#host.residency?.hasDisk === true
      ? KEY_BYTES * shard.standing
      : standingBytesOf(shard) - shard.accounts.awayBytes;
}

/** What of an excess is due of some of all shards: as much as they hold beyond their share of what may stay (F2). */
function dueOf(
  some: readonly Shard[],
  all: readonly Shard[],
  excess: Excess,
  memoryBytesOf: (shard: Shard) => number,
): Excess {
  const share = some.length / all.length;
  const overOf = (bytesOf: (shard: Shard) => number) => sumOf(some, bytesOf) - share * sumOf(all, bytesOf);
  const disk = share * excess.disk + overOf(standingBytesOf);
  const memory = share * excess.memory + overOf(memoryBytesOf);
  return { disk: Math.min(excess.disk, disk), memory: Math.min(excess.memory, memory) };
}

function standingBytesOf({ accounts: { recordBytes, fallenBytes } }: Shard): number {
  return recordBytes - fallenBytes;
}

/** Of what stands, less what of one collection is about to fall, about. */
function stayingBytesOf(shard: Shard, collection: Container | undefined): number {
  return standingBytesOf(shard) - (collection === undefined ? 0 : shard.falling.bytesOf(collection));
}

function hasValues({ accounts: { recordBytes, fallenBytes, documentBytes } }: Shard): boolean {
  return recordBytes - fallenBytes - documentBytes > 0;
}

/** Of what is about to fall, about. */
function fallingBytesOf(shards: readonly Shard[]): number {
  return sumOf(shards, ({ falling }) => falling.bytes);
}

function keyIn({ table }: Shard, slot: number): Key {
  return keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
}

function isSome({ memory, disk }: Excess): boolean {
  return memory > 0 || disk > 0;
}

function sumOf(shards: readonly Shard[], of: (shard: Shard) => number): number {
  let sum = 0;
  for (const shard of shards) sum += of(shard);
  return sum;
}
