/** The order of writes to one register: the whole merge. */

import { flagsAt, isDead, originAt, timestampAt } from "./record.ts";

/**
 * The order of writes to one register: `(timestamp, live over dead, origin)`; positive when A wins, 0 for the same
 * write. Plain arguments, since this runs for every register that arrives.
 */
export function compareStamps(
  timestampA: number,
  isDeadA: boolean,
  originA: number,
  timestampB: number,
  isDeadB: boolean,
  originB: number,
): number {
  if (timestampA !== timestampB) return timestampA < timestampB ? -1 : 1;
  if (isDeadA !== isDeadB) return isDeadA ? -1 : 1;
  if (originA !== originB) return originA < originB ? -1 : 1;
  return 0;
}

/** `compareStamps` of two records of the same register. */
export function compareRecords(a: DataView, atA: number, b: DataView, atB: number): number {
  return compareStamps(
    timestampAt(a, atA),
    isDead(flagsAt(a, atA)),
    originAt(a, atA),
    timestampAt(b, atB),
    isDead(flagsAt(b, atB)),
    originAt(b, atB),
  );
}
