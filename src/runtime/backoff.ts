/**
 * How long to wait before trying again: exponential backoff with full jitter (Brooker, "Exponential Backoff and Jitter",
 * AWS 2015): any time up to a ceiling that doubles, so that many who lost one peer at one moment do not come back at one
 * moment.
 */

export interface BackoffLimits {
  /** Ceiling of the first wait. */
  readonly firstMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
}

export const DEFAULT_BACKOFF: BackoffLimits = { firstMs: 100, maxMs: 15_000 };

/** The wait in ms before attempt `attempt` (0 = the first retry), from a uniform 32-bit number. At least 1. */
export function backoffMs(attempt: number, uint32: number, limits: BackoffLimits = DEFAULT_BACKOFF): number {
  const ceiling = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(attempt, 32));
  return 1 + Math.floor((uint32 / 2 ** 32) * ceiling);
}
