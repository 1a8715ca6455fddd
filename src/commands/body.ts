/** The value in a slot, without what else is kept with it: a view, valid until something is written. */

import { bodyLengthAt, bodyStartAt } from "../core/record.ts";
import type { Shard } from "../core/shard.ts";

export function bodyOf(shard: Shard, slot: number): Uint8Array {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return new Uint8Array(view.buffer, view.byteOffset + bodyStartAt(view, at), bodyLengthAt(view, at));
}
