/** Round trips to each peer, smoothed, and how long an answer is worth waiting for (Jacobson 1988, as in RFC 6298). */

import type { ReplicaId } from "../../base/ids.ts";

interface Estimate {
  readonly smoothedMs: number;
  readonly variationMs: number;
}

/** Longer ones are no round trips. */
const ROUND_TRIP_MS_MAX = 60_000;

export class RoundTrips {
  readonly #estimatesById = new Map<ReplicaId, Estimate>();

  note(id: ReplicaId, roundTripMs: number): void {
    if (!(roundTripMs >= 0 && roundTripMs <= ROUND_TRIP_MS_MAX)) return;
    const known = this.#estimatesById.get(id);
    this.#estimatesById.set(id, known === undefined ? first(roundTripMs) : smoothed(known, roundTripMs));
  }

  /** Undefined where nothing was measured. */
  roundTripMs(id: ReplicaId): number | undefined {
    return this.#estimatesById.get(id)?.smoothedMs;
  }

  /** By then an answer has come, if it comes at all; at least `floorMs`. */
  timeoutMs(id: ReplicaId, floorMs: number): number {
    const known = this.#estimatesById.get(id);
    return known === undefined ? floorMs : Math.max(floorMs, known.smoothedMs + 4 * known.variationMs);
  }

  forget(id: ReplicaId): void {
    this.#estimatesById.delete(id);
  }
}

function first(roundTripMs: number): Estimate {
  return { smoothedMs: roundTripMs, variationMs: roundTripMs / 2 };
}

function smoothed({ smoothedMs, variationMs }: Estimate, roundTripMs: number): Estimate {
  return {
    smoothedMs: smoothedMs + (roundTripMs - smoothedMs) / 8,
    variationMs: variationMs + (Math.abs(roundTripMs - smoothedMs) - variationMs) / 4,
  };
}
