/** A cache of keys by S3-FIFO, as many of them as there is room for: what values do where they are asked for and come back. */

import { EMPTY, FREE_TO_GO, type Hold, type Places, S3Fifo, usedOnceMore } from "../../src/core/table/s3-fifo.ts";

export class CachedKeys implements Places {
  readonly #room: number;
  readonly #kept = new Set<number>();
  readonly #uses = new Map<number, number>();
  readonly #queues = new S3Fifo(this);
  hits = 0;
  misses = 0;

  constructor(room: number) {
    this.#room = room;
  }

  get kept(): number {
    return this.#kept.size;
  }

  get queued(): number {
    return this.#queues.length;
  }

  has(key: number): boolean {
    return this.#kept.has(key);
  }

  /** Where it is not here it comes, and others go. */
  ask(key: number): void {
    if (this.#kept.has(key)) {
      this.hits++;
      this.setUse(key, usedOnceMore(this.getUse(key)));
      return;
    }
    this.misses++;
    this.#queues.reclaim(() => this.#kept.size < this.#room, Infinity);
    this.#kept.add(key);
    this.#queues.came(key);
  }

  getUse(key: number): number {
    return this.#uses.get(key) ?? 0;
  }

  setUse(key: number, use: number): void {
    this.#uses.set(key, use);
  }

  holdOf(key: number): Hold {
    return this.#kept.has(key) ? FREE_TO_GO : EMPTY;
  }

  queuesOf(): S3Fifo {
    return this.#queues;
  }

  letGo(key: number): void {
    this.#kept.delete(key);
  }
}
