/** What may go for good: a value, or a collection as a whole, whichever member of it was met. */

import { isValueKind } from "./accounts.ts";
import { TIMESTAMP_MAX } from "./clock.ts";
import type { Container } from "./container.ts";
import { isCollectionKind } from "./kind.ts";
import { kindAt, timestampAt } from "./record.ts";
import type { Shard } from "./shard.ts";

/** True of what stands and nobody has to confirm, and can be stamped above. */
export function mayBeEvicted(shard: Shard, slot: number): boolean {
  const { table } = shard;
  if (!table.isHeld(slot) || table.isSentinel(slot) || shard.isUnconfirmed(slot) || !shard.isStanding(slot))
    return false;
  const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
  if (timestampAt(view, at) >= TIMESTAMP_MAX) return false;
  return isValueKind(kindAt(view, at)) || collectionIn(shard, slot) !== undefined;
}

/** The collection that has a member in a slot; undefined: what is there is no member of one, or falls. */
export function collectionIn({ containers, table }: Shard, slot: number): Container | undefined {
  const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
  const container = isCollectionKind(kindAt(view, at)) ? containers.of(view, at) : undefined;
  return container !== undefined && containers.places.isPartOf(container, slot) ? container : undefined;
}
