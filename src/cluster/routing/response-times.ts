/** How long peers take to answer requests: smoothed, and the 95th percentile of the latest. */

import type { ReplicaId } from "../../base/ids.ts";

const KEPT = 64;
/** Below so many, nothing is known of the tail. */
const KEPT_MIN = 8;
/** Answers between two looks at the tail. */
const STALE_AFTER = 8;
const TIME_MS_MAX = 60_000;

class PeerTimes {
  readonly #latest: number[] = [];
  #next = 0;
  #sinceLook = 0;
  #tail: number | undefined;
  smoothedMs = 0;

  note(ms: number): void {
    this.smoothedMs = this.#latest.length === 0 ? ms : this.smoothedMs + (ms - this.smoothedMs) / 8;
    this.#latest[this.#next] = ms;
    this.#next = (this.#next + 1) % KEPT;
    if (++this.#sinceLook >= STALE_AFTER) this.#tail = undefined;
  }

  tailMs(): number | undefined {
    if (this.#latest.length < KEPT_MIN) return undefined;
    if (this.#tail === undefined) {
      const sorted = new Float64Array(this.#latest).sort();
      this.#tail = sorted[Math.floor(sorted.length * 0.95)] as number;
      this.#sinceLook = 0;
    }
    return this.#tail;
  }
}

export class ResponseTimes {
  readonly #timesById = new Map<ReplicaId, PeerTimes>();

  /** One that no clock can have measured is none. */
  note(id: ReplicaId, ms: number): void {
    if (!(ms >= 0 && ms <= TIME_MS_MAX)) return;
    const times = this.#timesById.get(id) ?? new PeerTimes();
    this.#timesById.set(id, times);
    times.note(ms);
  }

  /** Undefined where nothing was measured. */
  smoothedMs(id: ReplicaId): number | undefined {
    return this.#timesById.get(id)?.smoothedMs;
  }

  /** What 19 of 20 answers did not exceed lately; undefined where too few came. */
  tailMs(id: ReplicaId): number | undefined {
    return this.#timesById.get(id)?.tailMs();
  }

  forget(id: ReplicaId): void {
    this.#timesById.delete(id);
  }
}
