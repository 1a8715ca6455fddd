/**
 * When a tombstone may be purged (rules R6 and R7), as pure functions of what the owners reported.
 *
 * A tombstone is stable when every owner has it on disk: then no owner can bring back what it deleted, not even by a
 * crash. That is not enough: a write older than the tombstone may still be on its way to us from an owner whose report
 * covers it. So this replica must itself cover, on disk, all that those reports cover.
 *
 * Members that were given up are no owners. But whichever half has to defer when they come back drops what is older than
 * the retention only: deletions younger than that, and values that have expired, must still be there to win. So it is also
 * where an owner gave up somebody who is there for us: it closed that one's lives, and covers what it never saw of them.
 */

import { msOfTimestamp } from "../core/clock.ts";
import { isLease } from "../core/containers/container-part.ts";
import { expiresAt, FLAG_DEAD, FLAG_GONE, flagsAt, originAt, sequenceAt, timestampAt } from "../core/record/record.ts";
import type { VersionVector } from "../core/version-vector.ts";

const FALLEN = FLAG_DEAD | FLAG_GONE;

export interface StabilityView {
  /** What this replica has on disk. */
  readonly own: VersionVector;
  /** What every other owner reported to have on disk. */
  readonly owners: readonly VersionVector[];
  /** Those of them that `own` has not yet been seen to cover. */
  readonly news: readonly VersionVector[];
  /** The earliest of all owners' reported clocks, this replica's included; unix ms. */
  readonly clockMin: number;
  /** What bears this timestamp or a later one stays: somebody who does not know it may still write below. */
  readonly stampedBelow: number;
  /**
   * What is stamped at or after this, unix ms, stays: a member that was given up may come back with what it replaced, or who
   * gave it up may still hold that.
   */
  readonly deletedBefore: number;
}

/** The test for `Shard.purge`; undefined when, by the second half of R6, nothing may go. */
export function purgeTest(view: StabilityView): ((record: DataView, at: number) => boolean) | undefined {
  for (const owner of view.news) if (!view.own.dominates(owner)) return undefined;
  return (record, at) => {
    const isExpiredOnly = (flagsAt(record, at) & FALLEN) === FLAG_GONE && expiresAt(record, at) !== Infinity;
    // It goes with its container, once that is deleted.
    if (isLease(record, at) && ((flagsAt(record, at) & FALLEN) === 0 || isExpiredOnly)) return false;
    const origin = originAt(record, at);
    const sequence = sequenceAt(record, at);
    if (!view.own.covers(origin, sequence)) return false;
    for (const owner of view.owners) if (!owner.covers(origin, sequence)) return false;
    // What has expired does so everywhere, by itself; what it replaced does not.
    if (isExpiredOnly && expiresAt(record, at) > view.clockMin) return false;
    const timestamp = timestampAt(record, at);
    return timestamp < view.stampedBelow && msOfTimestamp(timestamp) < view.deletedBefore;
  };
}
