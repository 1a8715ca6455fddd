/** The place of a write in the order of its key, read out of its version. Greater wins. */

import type { Version } from "../../src/store.ts";

export interface Stamp {
  readonly timestamp: number;
  readonly isDead: boolean;
  readonly origin: number;
}

/** The order of registers: timestamp, live over dead, origin. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.timestamp !== b.timestamp) return a.timestamp - b.timestamp;
  if (a.isDead !== b.isDead) return a.isDead ? -1 : 1;
  return a.origin - b.origin;
}

/** Versions are opaque to clients; a checker may look: timestamp and origin in hex. */
export function stampOfVersion(version: Version, isDead: boolean): Stamp {
  // A hex number ends where its digits do.
  const origin = version.slice(version.indexOf("-") + 1);
  return { timestamp: Number.parseInt(version, 16), isDead, origin: Number.parseInt(origin, 16) };
}

export function showStamp(stamp: Stamp): string {
  return `${stamp.timestamp}${stamp.isDead ? " (dead)" : ""} by ${stamp.origin}`;
}
