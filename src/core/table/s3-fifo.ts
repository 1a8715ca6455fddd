/**
 * Which values stay in memory: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023). What is
 * new goes into a small queue; whatever has not been asked for again by the time it comes to the end of that leaves, so that
 * a scan displaces nothing but itself. The rest moves on to the main queue, where each use buys one more round. Who left
 * the small queue is remembered for as long as so many others follow: should it come back, it goes there at once.
 *
 * An entry is a number that names a place for a value. The queues know places only: whatever is put into one that is queued
 * takes over its turn. So each place has one entry at most, and nothing has to be searched when a value goes.
 *
 *  1. A place is in the small or the main queue exactly when its use says so.
 *  2. The order of both is that in which places came, or came round again.
 *  3. Whose place has come to belong to other queues it is in those once it was met here: in time, or when sorted out.
 */

import { HandleQueue } from "./handle-queue.ts";

/** The two low bits of a use: how often it was asked for since it came or was looked at, up to 3. */
const TIMES = 3;
/** The next two: which queue it is in. */
const QUEUE = 12;
const NONE = 0;
const SMALL = 4;
const MAIN = 8;
/** It left the small queue a while ago. */
const GHOST = 12;

/** Of all queued, the small queue holds one in so many. */
const SMALL_SHARE = 10;

/** What is at a place at the moment. */
export const EMPTY = 0;
/** A value that has to stay for now. */
export const HELD_BACK = 1;
export const FREE_TO_GO = 2;
/** A value that has to stay, perhaps for long: it is not to be met at every look. */
export const BOUND_TO_STAY = 3;
export type Hold = typeof EMPTY | typeof HELD_BACK | typeof FREE_TO_GO | typeof BOUND_TO_STAY;

export interface Places {
  getUse(place: number): number;
  setUse(place: number, use: number): void;
  holdOf(place: number): Hold;
  /** The value at a place that is free to go does, or is about to: `stays` where it does not. */
  letGo(place: number): void;
  /** Those that it belongs to. */
  queuesOf(place: number): S3Fifo;
}

/** The use of a place whose value was asked for once more. */
export function usedOnceMore(use: number): number {
  return (use & TIMES) === TIMES ? use : use + 1;
}

/** True of the use of a place that is in a queue. */
export function isQueued(use: number): boolean {
  const queue = use & QUEUE;
  return queue === SMALL || queue === MAIN;
}

/** Of what stands in no queue, and is as warm as what has just come into one. */
export const USE_OF_UNQUEUED = SMALL;

/** How much a place is used: nothing that was asked for of late is colder than what was not, nor what is in a queue than the rest. */
export function warmthOf(use: number): number {
  const times = use & TIMES;
  if (times > 0) return 2 + times;
  const queue = use & QUEUE;
  return queue === MAIN ? 2 : queue === SMALL ? 1 : 0;
}

/** The use of a place that was passed over once: what was asked for is so for a while. */
export function cooled(use: number): number {
  return (use & TIMES) === 0 ? use : use - 1;
}

export class S3Fifo {
  readonly #places: Places;
  readonly #small = new HandleQueue();
  readonly #main = new HandleQueue();
  readonly #ghosts = new HandleQueue();
  /** At the head of either queue: places that may belong elsewhere. */
  #unsortedSmall = 0;
  #unsortedMain = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  /** Places that are queued. */
  get length(): number {
    return this.#small.length + this.#main.length;
  }

  get residentBytes(): number {
    return this.#small.residentBytes + this.#main.residentBytes + this.#ghosts.residentBytes;
  }

  /** Every place that is queued is where it belongs. */
  get isSorted(): boolean {
    return this.#unsortedSmall + this.#unsortedMain === 0;
  }

  /** From now on some places belong elsewhere. */
  beginSorting(): void {
    this.#unsortedSmall = this.#small.length;
    this.#unsortedMain = this.#main.length;
  }

  /** Passes over places, `looksMax` at most, as long as some may belong elsewhere; returns how many. The order stays as it is. */
  sortOut(looksMax: number): number {
    let looks = 0;
    for (; looks < looksMax && this.#unsortedSmall > 0; looks++) this.#passOn(this.#takeSmall(), SMALL);
    for (; looks < looksMax && this.#unsortedMain > 0; looks++) this.#passOn(this.#takeMain(), MAIN);
    return looks;
  }

  #passOn(place: number | undefined, queue: typeof SMALL | typeof MAIN): void {
    if (place === undefined) return;
    this.#places.queuesOf(place).#enqueue(place, queue, this.#places.getUse(place) & TIMES);
  }

  #takeSmall(): number | undefined {
    if (this.#unsortedSmall > 0) this.#unsortedSmall--;
    return this.#small.shift();
  }

  #takeMain(): number | undefined {
    if (this.#unsortedMain > 0) this.#unsortedMain--;
    return this.#main.shift();
  }

  /** A value has come to a place, or another has taken its place there. */
  came(place: number): void {
    const use = this.#places.getUse(place);
    if (isQueued(use)) this.#places.setUse(place, usedOnceMore(use));
    else this.#enqueue(place, (use & QUEUE) === GHOST ? MAIN : SMALL, 0);
  }

  /** What had been told to go did not: it comes last in the main queue, unless another value came there and is queued. */
  stays(place: number): void {
    if (isQueued(this.#places.getUse(place)) || this.#places.holdOf(place) === EMPTY) return;
    this.#enqueue(place, MAIN, 0);
  }

  /**
   * Lets values go, in turn, for as long as more are to; after `looksMax` looks at most. False: it found no more that may.
   */
  reclaim(isEnough: () => boolean, looksMax: number): boolean {
    // Where the main queue has come round and all of it is bound to stay, what is left to look at is in the small one.
    let boundInTurn = 0;
    for (let looks = 0; !isEnough(); looks++) {
      const isMainBound = boundInTurn >= this.#main.length;
      if (looks === looksMax || (isMainBound && this.#small.length === 0)) return false;
      if (isMainBound || this.#small.length * SMALL_SHARE >= this.length) this.#lookAtSmall();
      else boundInTurn = this.#lookAtMain() === BOUND_TO_STAY ? boundInTurn + 1 : 0;
    }
    return true;
  }

  #lookAtSmall(): void {
    const place = this.#takeSmall();
    if (place === undefined) return;
    if (this.#places.queuesOf(place) !== this) return this.#passOn(place, SMALL);
    const times = this.#places.getUse(place) & TIMES;
    const hold = this.#places.holdOf(place);
    if (hold === EMPTY) this.#places.setUse(place, NONE);
    else if (times > 0 || hold === BOUND_TO_STAY) this.#enqueue(place, MAIN, 0);
    else if (hold === HELD_BACK) this.#enqueue(place, SMALL, times);
    else {
      this.#places.setUse(place, GHOST);
      this.#ghosts.push(place);
      this.#forgetGhosts();
      this.#places.letGo(place);
    }
  }

  #lookAtMain(): Hold {
    const place = this.#takeMain();
    if (place === undefined) return EMPTY;
    if (this.#places.queuesOf(place) !== this) {
      this.#passOn(place, MAIN);
      return EMPTY;
    }
    const times = this.#places.getUse(place) & TIMES;
    const hold = this.#places.holdOf(place);
    if (hold !== EMPTY && (times > 0 || hold !== FREE_TO_GO)) this.#enqueue(place, MAIN, Math.max(0, times - 1));
    else {
      this.#places.setUse(place, NONE);
      if (hold === FREE_TO_GO) this.#places.letGo(place);
    }
    return hold;
  }

  #enqueue(place: number, queue: typeof SMALL | typeof MAIN, times: number): void {
    this.#places.setUse(place, queue | times);
    (queue === SMALL ? this.#small : this.#main).push(place);
  }

  /** One that has come back meanwhile is no ghost any more. */
  #forgetGhosts(): void {
    while (this.#ghosts.length > this.length) {
      const place = this.#ghosts.shift() as number;
      if ((this.#places.getUse(place) & QUEUE) === GHOST) this.#places.setUse(place, NONE);
    }
  }
}
