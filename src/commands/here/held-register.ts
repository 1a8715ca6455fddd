/** What commands read of a register that is held. */

import { bodyLengthAt, bodyStartAt, originAt, sequenceAt } from "../../core/record/record.ts";
import type { Shard } from "../../core/shard/shard.ts";
import type { Dot } from "../../store.ts";

/** A view of its value, valid until something is written. */
export function bodyOf(shard: Shard, slot: number): Uint8Array {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return new Uint8Array(view.buffer, view.byteOffset + bodyStartAt(view, at), bodyLengthAt(view, at));
}

/** Of the write that it is. */
export function dotOf(shard: Shard, slot: number): Dot {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return { shard: shard.id, origin: originAt(view, at), sequence: sequenceAt(view, at) };
}
