/**
 * What goes for good where a budget is spent: of the disk, where it is bounded, or of the memory that keys take, whose values
 * may all be away. An eviction is a deletion that everybody hears of, one tick after what it removes.
 *
 *  F1. It removes what was seen here, and nothing newer: whatever was written meanwhile stays (R8's exception).
 *  F2. The first owner of a shard that is there evicts; the others have the same to hold and hear of it. One whose own
 *      budget is smaller than that of the first would wait in vain: at a second, higher mark it evicts by itself.
 *  F3. What waits to be confirmed, what containers are made of and what the cluster notes for itself stays.
 *  F4. What has fallen counts as gone, though it may have to wait for its purge: a member that is away costs room, not values.
 */

import type { Random } from "../base/random.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { Coldest } from "../core/coldest.ts";
import type { Residency } from "../core/residency.ts";
import type { Shard } from "../core/shard.ts";
import { DiskBudget } from "./disk-budget.ts";

/** Evicted in one step, about 10 µs each. */
const STEP = 256;
/** Of the memory that registers may take, what keys may. */
const MEMORY_SHARE = 0.85;
/** Of that, what is left to the records of keys though their tables, which do not shrink, should take the rest and more. */
const RECORDS_SHARE = 0.5;
/** The second marks, by the first: that of the disk is above what a folder comes to before it is rewritten. */
const FIRST_MARK = { memory: 1, disk: 1 };
const SECOND_MARK = { memory: 1.06, disk: 1.19 };

export interface EvictionHost extends Surroundings {
  readonly residency: Residency | undefined;
  /** Deletes what is in a slot, one tick after it. */
  evict(shard: Shard, slot: number, now: number): void;
}

/** A slot, which holds the deletion of what was evicted from it. */
export type EvictionListener = (shard: Shard, slot: number) => void;

/** Bytes that have to go, of keys in memory and of records on disk; below 0: that many may still come. */
interface Excess {
  memory: number;
  disk: number;
}

export class Eviction {
  readonly #host: EvictionHost;
  readonly #random: Random;
  /** Absent: the disk has no bound. */
  readonly disk: DiskBudget | undefined;
  /** Registers that were evicted here. */
  evicted = 0;
  /** Whoever wants to know what goes. */
  listener: EvictionListener | undefined;
  /** The last step left something over. */
  isUnderWay = false;

  constructor(host: EvictionHost, diskBytesMax: number, random: Random) {
    this.#host = host;
    this.disk = diskBytesMax < Infinity ? new DiskBudget(diskBytesMax) : undefined;
    this.#random = random;
  }

  step(now: number): void {
    this.isUnderWay = false;
    const first = this.#excess(FIRST_MARK);
    if (!isSome(first)) return;
    const second = this.#excess(SECOND_MARK);
    const isUrgent = isSome(second);
    const excess = isUrgent ? second : first;
    const coldest = new Coldest(this.#evictable(isUrgent), this.#random);
    for (let left = STEP; isSome(excess); left--) {
      this.isUnderWay = left === 0;
      const place = left === 0 ? undefined : coldest.take();
      if (place === undefined) return;
      const { shard, slot } = place;
      excess.disk -= shard.wholeLengthOf(slot);
      excess.memory -= shard.keptLengthOf(slot);
      this.#host.evict(shard, slot, now);
      this.evicted++;
      this.listener?.(shard, slot);
    }
  }

  #excess(mark: Excess): Excess {
    const { residency, shards } = this.#host;
    const keysMax = (residency?.bytesMax ?? Infinity) * MEMORY_SHARE * mark.memory;
    const standingMax = (this.disk?.standingBytesMax ?? Infinity) * mark.disk;
    const excess = { memory: -Infinity, disk: -Infinity };
    if (residency !== undefined && residency.leastBytes > keysMax) {
      const leastBytes = residency.measureLeast();
      excess.memory = Math.min(leastBytes - keysMax, leastBytes - residency.fixedBytes - keysMax * RECORDS_SHARE);
    }
    if (standingMax < Infinity) excess.disk = standingBytes(shards.all) - standingMax;
    return excess;
  }

  /** F2, F3. */
  #evictable(isUrgent: boolean): Shard[] {
    const { ownership, shards } = this.#host;
    return shards.all.filter((shard) => {
      const { id, isLeaving, isSettled, isReady, standing } = shard;
      const space = spaceOf(id);
      if (standing === 0 || isLeaving || !isSettled || space === SYSTEM_SPACE) return false;
      if (!isReady && !ownership.isEverywhere(space)) return false;
      if (isUrgent) return ownership.owns(id);
      return ownership.firstOf(id, (each) => this.#host.isLinked(each)) === ownership.self;
    });
  }
}

function isSome({ memory, disk }: Excess): boolean {
  return memory > 0 || disk > 0;
}

/** On disk, of what neither was deleted nor has expired. */
function standingBytes(shards: readonly Shard[]): number {
  let bytes = 0;
  for (const { recordBytes, fallenBytes } of shards) bytes += recordBytes - fallenBytes;
  return bytes;
}
