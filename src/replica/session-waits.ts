/** Requests of clients that wait until this replica has what their session has seen. */

import { isDue } from "../base/deadline.ts";
import { AtollError } from "../base/errors.ts";
import type { Dot } from "../store.ts";
import type { Replica } from "./replica.ts";

interface SessionWait {
  readonly dots: readonly Dot[];
  readonly dueAt: number;
  readonly waitMaxMs: number;
  readonly resolve: () => void;
  readonly reject: (error: AtollError) => void;
}

export class SessionWaits {
  #waits: SessionWait[] = [];

  get waiting(): number {
    return this.#waits.length;
  }

  /** Resolves once all of them are here. Rejects with `SESSION_BEHIND`, `SHUTTING_DOWN`. */
  wait(dots: readonly Dot[], dueAt: number, waitMaxMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waits.push({ dots, dueAt, waitMaxMs, resolve, reject });
    });
  }

  /** More may be here, or it is late. */
  settle(replica: Replica, now: number): void {
    this.#waits = this.#waits.filter((wait) => {
      if (isCovered(replica, wait.dots)) wait.resolve();
      else if (isDue(wait, now)) wait.reject(new AtollError("SESSION_BEHIND", "this replica has not caught up yet"));
      else return true;
      return false;
    });
  }

  end(): void {
    for (const { reject } of this.#waits) reject(new AtollError("SHUTTING_DOWN", "the replica is stopping"));
    this.#waits = [];
  }
}

export function isCovered(replica: Replica, dots: readonly Dot[]): boolean {
  return dots.every((dot) => {
    // The keyspace may have been created elsewhere just now.
    return replica.shards.get(dot.shard)?.vector.covers(dot.origin, dot.sequence) === true;
  });
}
