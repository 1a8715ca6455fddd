/**
 * How long members have been away: unseen by this replica, and by everybody who told it. Counted while this replica runs
 * and in steps of its ticks, not read from a clock: one that jumps, or a process that slept, must not declare everybody
 * else gone.
 *
 * A member that is alive as far as anybody's probes tell is not away, with a link here or without. Only what was seen here is
 * told to others as seen: hearsay that came back as evidence would keep the dead from ever being missed.
 */

import type { ReplicaId } from "../base/ids.ts";

/** More than this between two ticks is this replica's absence, not that of others. */
const STEP_MS_MAX = 10_000;

/** `linked`: seen here. `alive`: not here, and not missed by anybody. */
export type Presence = "linked" | "alive" | "missed";

export class Absence {
  readonly #awayMsById = new Map<ReplicaId, number>();
  /** Since somebody saw them; absent for those that nobody saw while this replica ran. */
  readonly #seenAgoMsById = new Map<ReplicaId, number>();
  #now: number | undefined;

  /** Counts the time since the last call for all of these. Returns that time, in ms. */
  count(ids: Iterable<ReplicaId>, presenceOf: (id: ReplicaId) => Presence, now: number): number {
    const stepMs = Math.min(STEP_MS_MAX, Math.max(0, now - (this.#now ?? now)));
    this.#now = now;
    for (const id of ids) {
      const presence = presenceOf(id);
      if (presence === "linked") this.seen(id, 0);
      else {
        this.#awayMsById.set(id, presence === "alive" ? 0 : this.awayMs(id) + stepMs);
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

  /** How long it has been missed; at most the time that this replica has run. */
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
