/** What a time to live may be, wherever it is asked for. */

/** Ten years. */
export const TTL_MS_MAX = 10 * 365 * 86_400_000;

/** True for a time to live that the store takes: a whole number of ms from 1 to `TTL_MS_MAX`. */
export function isTtlMs(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= TTL_MS_MAX;
}
