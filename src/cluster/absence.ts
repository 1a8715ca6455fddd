/**
 * How long members have been away: unseen by this replica, and by everybody who told it. Counted while this replica runs
 * and in steps of its ticks, not read from a clock: one that jumps, or a process that slept, must not declare everybody
 * else gone.
 */

import type { ReplicaId } from "../base/ids.ts";

/** More than this between two ticks is this replica's absence, not that of others. */
const STEP_MS_MAX = 10_000;

export class Absence {
  readonly #awayMsById = new Map<ReplicaId, number>();
  /** Since somebody saw them; absent for those that nobody saw while this replica ran. */
  readonly #seenAgoMsById = new Map<ReplicaId, number>();
  #now: number | undefined;

  /** Counts the time since the last call for all of these; those with a link are seen now. Returns that time, in ms. */
  count(ids: Iterable<ReplicaId>, isLinked: (id: ReplicaId) => boolean, now: number): number {
    const stepMs = Math.min(STEP_MS_MAX, Math.max(0, now - (this.#now ?? now)));
    this.#now = now;
    for (const id of ids) {
      if (isLinked(id)) this.seen(id, 0);
      else {
        this.#awayMsById.set(id, this.awayMs(id) + stepMs);
        const seenAgoMs = this.#seenAgoMsById.get(id);
        if (seenAgoMs !== undefined) this.#seenAgoMsById.set(id, seenAgoMs + stepMs);
      }
    }
    return stepMs;
  }

  /** Somebody saw the member so long ago. */
  seen(id: ReplicaId, agoMs: number): void {
    this.#awayMsById.set(id, Math.min(agoMs, this.#awayMsById.get(id) ?? Infinity));
    this.#seenAgoMsById.set(id, Math.min(agoMs, this.#seenAgoMsById.get(id) ?? Infinity));
  }

  /** How long nobody is known to have seen it; at most the time that this replica has run. */
  awayMs(id: ReplicaId): number {
    return this.#awayMsById.get(id) ?? 0;
  }

  /** How long ago somebody saw it; undefined: nobody did while this replica ran. */
  seenAgoMs(id: ReplicaId): number | undefined {
    return this.#seenAgoMsById.get(id);
  }

  forget(id: ReplicaId): void {
    this.#awayMsById.delete(id);
    this.#seenAgoMsById.delete(id);
  }
}
