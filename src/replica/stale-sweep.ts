/**
 * What is stale dies (T4 of `core/shard/invalidations.ts`), so that it takes neither memory nor disk and whoever watches hears of
 * it: a look goes over all tagged values of a keyspace, a few in each step, and deletes those that are stale. A look begins
 * when something was invalidated, or something stale came, but not before the last has rested for a time in proportion to
 * what it took: however often tags are invalidated, looking takes about one part in a hundred of the time.
 *
 * One deletion is enough: of the owners of a shard that are linked the first deletes, the others see to it that it is done.
 * On two sides of a cut both do, under one stamp, which is one deletion as far as anybody can tell.
 */

import type { SpaceId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { isKeeper } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { FLAG_DEAD, FLAG_GONE, FLAG_TAGS, flagsAt } from "../core/record/record.ts";
import type { Invalidations } from "../core/shard/invalidations.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { LocalWrites } from "./local-writes.ts";
import type { LearnedInvalidations } from "./tag-invalidation.ts";

/** Slots looked at in one step, of about 0.1 µs each, and of a deletion as much as thirty. */
const LOOKS_MAX = 8192;
const LOOKS_OF_DELETION = 30;
/** Between two looks at one keyspace, besides 1 ms for so many slots. */
const REST_MS = 2000;
const LOOKS_PER_REST_MS = 100;
/** Invalidations that are forgotten in one step. */
const FORGOTTEN_MAX = 1024;

export interface StaleSweepHost extends Pick<Surroundings, "ownership" | "members" | "isLinked"> {
  readonly invalidations: LearnedInvalidations;
  readonly shards: { in(space: SpaceId): readonly Shard[] };
  readonly writes: Pick<LocalWrites, "evict">;
}

/** A look under way. */
interface Look {
  readonly space: SpaceId;
  readonly invalidations: Invalidations;
  /** Number of the shard, and the slot in it, where it goes on. */
  shard: number;
  slot: number;
  looked: number;
  /** Stale ones that it met and did not delete. */
  left: number;
}

export class StaleSweep {
  readonly #host: StaleSweepHost;
  #look: Look | undefined;
  /** When a look at a space may begin, unix ms. */
  readonly #restUntil = new Map<SpaceId, number>();
  /** Stale values that this replica deleted. */
  swept = 0;

  constructor(host: StaleSweepHost) {
    this.#host = host;
  }

  get isUnderWay(): boolean {
    return this.#look !== undefined;
  }

  step(now: number): void {
    this.#look ??= this.#begin(now);
    if (this.#look === undefined) return this.#forget(now);
    if (this.#goOn(this.#look, now)) this.#end(this.#look, now);
  }

  #begin(now: number): Look | undefined {
    for (const [space, invalidations] of this.#host.invalidations.all) {
      const restUntil = this.#restUntil.get(space) ?? 0;
      // A clock that was put back far must not make it rest for long.
      const isResting = now < restUntil && restUntil - now <= REST_MS + this.#slotsOf(space) / LOOKS_PER_REST_MS;
      if (!invalidations.isToLook || isResting) continue;
      invalidations.beginLook();
      return { space, invalidations, shard: 0, slot: 1, looked: 0, left: 0 };
    }
    return undefined;
  }

  #slotsOf(space: SpaceId): number {
    return this.#host.shards.in(space).reduce((sum, { table }) => sum + table.slotEnd, 0);
  }

  /** True once it has come to the end. */
  #goOn(look: Look, now: number): boolean {
    const shards = this.#host.shards.in(look.space);
    for (let left = LOOKS_MAX; look.shard < shards.length; look.shard++, look.slot = 1) {
      const shard = shards[look.shard] as Shard;
      if (shard.accounts.tagged === 0) continue;
      const mayDelete = this.#mayDelete(shard);
      for (; look.slot < shard.table.slotEnd; look.slot++, left--, look.looked++) {
        if (left <= 0) return false;
        if (!isStaleIn(shard, look.slot)) continue;
        if (mayDelete && !shard.isUnconfirmed(look.slot)) {
          this.#host.writes.evict(shard, look.slot, now);
          this.swept++;
          left -= LOOKS_OF_DELETION;
          look.looked += LOOKS_OF_DELETION;
        } else look.left++;
      }
    }
    return true;
  }

  #end({ space, invalidations, looked, left }: Look, now: number): void {
    this.#look = undefined;
    invalidations.endLook(left === 0);
    this.#restUntil.set(space, now + REST_MS + looked / LOOKS_PER_REST_MS);
  }

  /** The first of the owners that see each other, once it has all there is; whoever is not lets go of it, or hands it over. */
  #mayDelete(shard: Shard): boolean {
    const { ownership } = this.#host;
    if (!isKeeper(this.#host, shard.id) || shard.quarantined || shard.isLeaving) return false;
    return shard.isReady || ownership.isEverywhere(spaceOf(shard.id));
  }

  #forget(now: number): void {
    for (const [, invalidations] of this.#host.invalidations.all) invalidations.forgetOver(now, FORGOTTEN_MAX);
  }
}

function isStaleIn(shard: Shard, slot: number): boolean {
  const { table } = shard;
  if (!table.isHeld(slot) || table.isSentinel(slot)) return false;
  const view = table.viewOf(slot);
  const at = table.offsetOf(slot);
  const flags = flagsAt(view, at);
  if ((flags & FLAG_TAGS) === 0 || (flags & (FLAG_DEAD | FLAG_GONE)) !== 0) return false;
  return shard.invalidations.isStale(view, at);
}
