/** Members of a snapshot, packed for an answer: a turn's share at a time. */

import { PackedItems } from "../../base/packed-items.ts";
import { memberLengthAt, memberStartAt, nameLengthAt, nameStartAt } from "../../core/record/member.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { summedValue } from "../../types/counted-member.ts";
import type { Snapshot } from "../../types/snapshot.ts";
import { scoreOf } from "../../types/sorted-set.ts";
import type { Shown } from "../workspace/collections.ts";

/** Of a turn: some 5 ms. */
const TURN_MEMBERS_MAX = 4096;
const TURN_BYTES_MAX = 1024 * 1024;
const SCORE_BYTES = PackedItems.bytesOf(8);

/** `takeRoom` is asked before anything is packed, and may throw. False: that was the last. */
export function packNext(
  snapshot: Snapshot,
  shown: Shown,
  into: PackedItems,
  takeRoom: (bytes: number) => void,
): boolean {
  const { shard } = snapshot;
  const bytesOf = (slot: number): number => bytesShown(shard, slot, shown);
  const page = snapshot.peek({ countMax: TURN_MEMBERS_MAX, bytesMax: TURN_BYTES_MAX, bytesOf });
  takeRoom(page.bytes);
  for (const slot of page.slots) pack(shard, slot, shown, into);
  return snapshot.skipTo(page.end);
}

function bytesShown(shard: Shard, slot: number, shown: Shown): number {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const name = shown === "value" ? 0 : PackedItems.bytesOf(nameLengthAt(view, at));
  if (shown === "name-score") return name + SCORE_BYTES;
  return shown === "name"
    ? name
    : name + PackedItems.bytesOf(summedValue(shard, slot)?.length ?? memberLengthAt(view, at));
}

function pack(shard: Shard, slot: number, shown: Shown, into: PackedItems): void {
  const { table } = shard;
  const view = table.viewOf(slot);
  const at = table.offsetOf(slot);
  const page = table.bytesOf(slot);
  if (shown !== "value") {
    const start = nameStartAt(view, at);
    into.add(page, start, start + nameLengthAt(view, at));
  }
  if (shown === "name-score") into.addDouble(scoreOf(shard, slot));
  else if (shown !== "name") {
    const sum = summedValue(shard, slot);
    if (sum !== undefined) return into.add(sum, 0, sum.length);
    const start = memberStartAt(view, at);
    into.add(page, start, start + memberLengthAt(view, at));
  }
}
