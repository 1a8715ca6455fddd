/**
 * What the registers of a shard come to: counts, bytes and fingerprints, kept true as each comes and goes. A register *stands*
 * that is neither deleted nor has fallen as of the last sweep.
 */

import type { Containers } from "../containers/containers.ts";
import type { Increments } from "../containers/increments.ts";
import { elementHigh, elementLow, Fingerprint } from "../record/fingerprint.ts";
import { isCollectionKind, isContainerKind, isIncrementsKind, KIND_PLAIN } from "../record/kind.ts";
import {
  expiresAt,
  FALLEN,
  FLAG_AWAY,
  FLAG_TAGS,
  flagsAt,
  isAway,
  kindAt,
  recordLength,
  valueLengthAt,
  wholeLength,
} from "../record/record.ts";
import type { Invalidations } from "./invalidations.ts";
import type { Tenant } from "./memory-shares.ts";

/** A shorter value is not worth being fetched. */
export const AWAY_BYTES_MIN = 32;

export class Accounts {
  /** Over what stands. */
  readonly fingerprint = new Fingerprint();
  /** Over every register, tombstones included: what the disk must add up to at the next start. */
  readonly sum = new Fingerprint();
  /** Registers that stand. */
  standing = 0;
  /** Of them those that expire. */
  expiring = 0;
  /** Registers whose values are away. */
  away = 0;
  /** Of all records, values that are away included. */
  recordBytes = 0;
  /** Of those of tombstones and of what has fallen. */
  fallenBytes = 0;
  /** Of those of documents that stand: they stay. */
  documentBytes = 0;
  /** Of values in memory that may go (E1 to E3 of `residency.ts`), sooner or later. */
  looseBytes = 0;
  /** Of values that are away. */
  awayBytes = 0;
  /** Registers that stand and carry tags. */
  tagged = 0;
  /** How many members of containers were dropped because others took their place. */
  displaced = 0;
  /** What the records count for, where memory has a bound. */
  readonly tenant: Tenant | undefined;
  readonly #containers: Containers;
  readonly #increments: Increments;
  readonly #invalidations: Invalidations;

  constructor(
    { containers, increments }: { readonly containers: Containers; readonly increments: Increments },
    invalidations: Invalidations,
    tenant: Tenant | undefined,
  ) {
    this.#containers = containers;
    this.#increments = increments;
    this.#invalidations = invalidations;
    this.tenant = tenant;
  }

  /** As `Shard.lookAt`. */
  lookAt(): number {
    const { fingerprint, sum } = this;
    return fingerprint.signedLow ^ fingerprint.signedHigh ^ sum.signedLow ^ sum.signedHigh ^ this.recordBytes;
  }

  /** A register comes, or goes. */
  enter(view: DataView, at: number, comes: boolean): void {
    const step = comes ? 1 : -1;
    const low = elementLow(view, at);
    const high = elementHigh(view, at);
    if (comes) this.sum.addElement(low, high);
    else this.sum.removeElement(low, high);
    const bytes = step * wholeLength(view, at);
    this.recordBytes += bytes;
    if (this.tenant !== undefined) this.tenant.bytes += step * recordLength(view, at);
    if ((flagsAt(view, at) & FALLEN) !== 0) {
      this.fallenBytes += bytes;
      return;
    }
    if (isContainerKind(kindAt(view, at))) {
      if (!isCollectionKind(kindAt(view, at))) this.documentBytes += bytes;
      this.#containers.standing += step;
    } else if (isIncrementsKind(kindAt(view, at))) this.#increments.standing += step;
    else if (isAway(flagsAt(view, at))) this.awayBytes += step * valueLengthAt(view, at);
    else if (mayBeAway(view, at)) this.looseBytes += step * valueLengthAt(view, at);
    if ((flagsAt(view, at) & FLAG_TAGS) !== 0) {
      this.tagged += step;
      if (comes) this.#invalidations.came(view, at);
    }
    if (comes) this.fingerprint.addElement(low, high);
    else this.fingerprint.removeElement(low, high);
    this.standing += step;
    if (expiresAt(view, at) !== Infinity) this.expiring += step;
  }

  /** What a register says is written over. Most often a mere value by another one: then nothing changes but sums and lengths. */
  change(oldView: DataView, oldAt: number, view: DataView, at: number): void {
    if (!isMereValue(oldView, oldAt) || !isMereValue(view, at)) {
      this.enter(oldView, oldAt, false);
      this.enter(view, at, true);
      return;
    }
    const low = (elementLow(view, at) - elementLow(oldView, oldAt)) | 0;
    const high = (elementHigh(view, at) - elementHigh(oldView, oldAt)) | 0;
    this.sum.addElement(low, high);
    this.fingerprint.addElement(low, high);
    const [oldLength, length] = [valueLengthAt(oldView, oldAt), valueLengthAt(view, at)];
    this.recordBytes += length - oldLength;
    if (this.tenant !== undefined) this.tenant.bytes += length - oldLength;
    this.looseBytes += (length < AWAY_BYTES_MIN ? 0 : length) - (oldLength < AWAY_BYTES_MIN ? 0 : oldLength);
  }

  /** The value of a register goes, or comes back; the register stays. */
  enterValue(bytes: number, comes: boolean): void {
    const step = comes ? 1 : -1;
    this.away -= step;
    this.looseBytes += step * bytes;
    this.awayBytes -= step * bytes;
    if (this.tenant !== undefined) this.tenant.bytes += step * bytes;
  }
}

/** True of one that stands, in memory, and neither expires nor carries anything beside its bytes. */
function isMereValue(view: DataView, at: number): boolean {
  return flagsAt(view, at) === 0 && kindAt(view, at) === KIND_PLAIN;
}

/** True of what is no part of something greater. */
export function isValueKind(kind: number): boolean {
  return !isContainerKind(kind) && !isIncrementsKind(kind);
}

/** E3 of `residency.ts`, and whether there is a value here that is worth it. */
export function mayBeAway(view: DataView, at: number): boolean {
  if ((flagsAt(view, at) & (FALLEN | FLAG_AWAY)) !== 0) return false;
  return valueLengthAt(view, at) >= AWAY_BYTES_MIN && isValueKind(kindAt(view, at));
}
