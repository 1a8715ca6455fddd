/**
 * Increments that nobody needs any more go, and what lives that have ended added goes into what it was added to
 * (`types/counter-upkeep.ts`, `counted-upkeep.ts`): now and then a round over all shards that something was added to, a few keys in each step. The first
 * of a shard's owners that see each other does it; where two sides of a cut do, they say the same. Nobody who watches hears of it.
 */

import { AtollError } from "../base/errors.ts";
import { spaceOf } from "../base/shard-id.ts";
import { isKeeper } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import { memberUpkeepOf } from "../types/counted-upkeep.ts";
import { type UpkeepView, upkeepOf } from "../types/counter-upkeep.ts";
import type { LocalWrites } from "./local-writes.ts";

/** What is to be done about one sum. */
type Sum = (view: UpkeepView) => readonly LocalWrite[];

/** Keys, collections and members looked at in one step, of about 2 µs each, and of a write as much as five. */
const LOOKS_MAX = 1024;
const LOOKS_OF_WRITE = 5;
/** A base that is written anew is at least so old: by more no two clocks differ that are trusted. */
const AGE_MIN_MS = 60_000;

export interface SumUpkeepHost extends Pick<Surroundings, "ownership" | "members" | "isLinked" | "shards"> {
  /** What every owner has on disk (R6, R7); undefined: that cannot be told of anything in the shard. */
  settledTest(shard: Shard, now: number): ((view: DataView, at: number) => boolean) | undefined;
  readonly writes: Pick<LocalWrites, "writeUntold">;
}

export class SumUpkeep {
  readonly #host: SumUpkeepHost;
  /** Shards still to be looked at in this round, and of the first of them what was added to. */
  #shards: Shard[] = [];
  #sums: Iterator<Sum> | undefined;
  /** Increments that were removed, and bases that were written anew. */
  written = 0;

  constructor(host: SumUpkeepHost) {
    this.#host = host;
  }

  get isUnderWay(): boolean {
    return this.#shards.length > 0;
  }

  /** Begins a round, unless one is under way. */
  begin(): void {
    if (this.isUnderWay) return;
    this.#shards = [...this.#host.shards].filter(hasSums);
  }

  step(now: number): void {
    for (let left = LOOKS_MAX; left > 0; ) {
      const shard = this.#shards[0];
      if (shard === undefined) return;
      if (this.#mayWrite(shard)) left -= this.#look(shard, left, now);
      if (left > 0) this.#leave();
    }
  }

  #leave(): void {
    this.#shards.shift();
    this.#sums = undefined;
  }

  /** It has all there is, and its word counts. */
  #mayWrite(shard: Shard): boolean {
    if (!isKeeper(this.#host, shard.id) || shard.unconfirmed > 0 || shard.quarantined || shard.isLeaving) return false;
    return shard.isReady || this.#host.ownership.isEverywhere(spaceOf(shard.id));
  }

  /** Returns how many looks that took: fewer than it might, as there are no more keys. */
  #look(shard: Shard, max: number, now: number): number {
    const isSettled = this.#host.settledTest(shard, now) ?? (() => false);
    const sums = this.#sums ?? sumsIn(shard);
    this.#sums = sums;
    let looked = 0;
    for (; looked < max; looked++) {
      const { value: upkeep, done } = sums.next();
      if (done === true) return looked;
      for (const write of upkeep({ nowMs: now, isSettled, ageMin: AGE_MIN_MS })) {
        looked += LOOKS_OF_WRITE;
        if (!this.#write(shard, write, now)) break;
      }
    }
    return looked;
  }

  /** False: there is no room, or it is too large, and what is there of the key stays as it is. */
  #write(shard: Shard, write: LocalWrite, now: number): boolean {
    try {
      this.#host.writes.writeUntold(shard, write, now);
    } catch (error) {
      if (error instanceof AtollError) return false;
      throw error;
    }
    this.written++;
    return true;
  }
}

function hasSums({ increments, containers }: Shard): boolean {
  return increments.count > 0 || containers.places.counted > 0;
}

/** Keys that something was added to; then collections, which cost a look each, and their members. */
function* sumsIn(shard: Shard): Generator<Sum, undefined> {
  for (const key of shard.increments.keys()) yield (view) => upkeepOf(shard, key, view);
  if (shard.containers.places.counted === 0) return;
  for (const container of shard.containers.all()) {
    yield () => [];
    for (const counted of container.counted.values()) yield (view) => memberUpkeepOf(shard, container, counted, view);
  }
}
