/**
 * What becomes here of a write that bears a stamp which it was given elsewhere, or before: it may have been carried out
 * with that already, by whom did not answer. It is one write and must not become two (Q1 in `router.ts`).
 */

import type { Timestamp } from "../base/ids.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { timestampAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Dot, WriteOutcome } from "../store.ts";
import type { WriteBody } from "../wire/request.ts";
import { dotAt, versionOf } from "./register-view.ts";

export type Fate =
  /** To be carried out as it is. */
  | { readonly type: "new" }
  /**
   * It is held here, or was overwritten since. The version is that of the write, which in the second case nobody holds any
   * more; the dot that of what is held.
   */
  | { readonly type: "done"; readonly outcome: WriteOutcome }
  /** It was carried out nowhere with that stamp, and cannot be here. */
  | { readonly type: "stale"; readonly above: Timestamp }
  /** It cannot be carried out here with its stamp, and may have been elsewhere. */
  | { readonly type: "unknown" };

const NEW: Fate = { type: "new" };

/** `after`: what its client had seen when it asked, which whoever carried it out had held; `toldStamp`: of this replica. */
export function fateOf(
  shard: Shard,
  { key, tags, stamp, mayBeDone }: Pick<WriteBody, "key" | "tags" | "stamp" | "mayBeDone">,
  { after, toldStamp, now }: { readonly after: readonly Dot[]; readonly toldStamp: number; readonly now: number },
): Fate {
  if (stamp === undefined) return NEW;
  const invalidated = shard.invalidations.newestOf(tags);
  const above = Math.max(shard.lastStampOf(KIND_PLAIN, key), toldStamp, invalidated) as Timestamp;
  if (!mayBeDone) return stamp > above ? NEW : { type: "stale", above };
  const slot = shard.find(KIND_PLAIN, key);
  const isBelow = slot !== 0 && timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)) >= stamp;
  if (!isBelow) return stamp > above ? NEW : { type: "unknown" };
  const dot = dotAt(shard.id, shard.table.viewOf(slot), shard.table.offsetOf(slot));
  // Nobody has carried it out below what its client had seen.
  if (isAmong(dot, after)) return { type: "stale", above };
  const existed = shard.isLive(slot, now);
  const acks = { reached: 1, wanted: 1, met: true };
  return { type: "done", outcome: { version: versionOf(stamp, dot.origin), dot, existed, acks } };
}

function isAmong({ shard, origin, sequence }: Dot, dots: readonly Dot[]): boolean {
  return dots.some((seen) => seen.shard === shard && seen.origin === origin && seen.sequence >= sequence);
}
