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

interface Row {
  awayMs: number;
  /** Since somebody saw it; Infinity where nobody did while this replica ran. */
  seenAgoMs: number;
}

export class Absence {
  readonly #rowsById = new Map<ReplicaId, Row>();
  #now: number | undefined;

  /** Counts the time since the last call for all of these. Returns that time, and those that are missed, each with how long. */
  count<T extends { readonly id: ReplicaId }>(
    members: Iterable<T>,
    presenceOf: (member: T) => Presence,
    now: number,
  ): { readonly stepMs: number; readonly missed: readonly (readonly [T, number])[] } {
    const stepMs = Math.min(STEP_MS_MAX, Math.max(0, now - (this.#now ?? now)));
    this.#now = now;
    const missed: (readonly [T, number])[] = [];
    for (const member of members) {
      const presence = presenceOf(member);
      const row = this.#rowsById.get(member.id) ?? this.#begin(member.id, 0);
      if (presence === "linked") row.seenAgoMs = 0;
      else row.seenAgoMs += stepMs;
      row.awayMs = presence === "missed" ? row.awayMs + stepMs : 0;
      if (row.awayMs > 0) missed.push([member, row.awayMs]);
    }
    return { stepMs, missed };
  }

  /** Somebody saw the member so long ago. */
  seen(id: ReplicaId, agoMs: number): void {
    const row = this.#rowsById.get(id) ?? this.#begin(id, agoMs);
    row.awayMs = Math.min(agoMs, row.awayMs);
    row.seenAgoMs = Math.min(agoMs, row.seenAgoMs);
  }

  #begin(id: ReplicaId, awayMs: number): Row {
    const row = { awayMs, seenAgoMs: Infinity };
    this.#rowsById.set(id, row);
    return row;
  }

  /** How long ago somebody saw it; undefined: nobody did while this replica ran. */
  seenAgoMs(id: ReplicaId): number | undefined {
    const agoMs = this.#rowsById.get(id)?.seenAgoMs ?? Infinity;
    return agoMs === Infinity ? undefined : agoMs;
  }

  forget(id: ReplicaId): void {
    this.#rowsById.delete(id);
  }
}
