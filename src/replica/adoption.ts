/** What earlier lives of this replica wrote, and nobody else may have: it becomes the present one's, which others then get. */

import type { OriginId } from "../base/ids.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { replicaOf } from "../core/origin.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { LocalWrites } from "./local-writes.ts";

/** Values that are taken back from disk before more are. */
const RECALLS_AT_ONCE = 256;

export interface AdoptionHost extends Pick<Surroundings, "recall"> {
  readonly number: number;
  readonly origin: OriginId;
  readonly writes: Pick<LocalWrites, "prepare">;
}

/** Adopts what earlier lives wrote beyond what the shard claims. False: not yet, as values are away. */
export function adopt(host: AdoptionHost, shard: Shard): boolean {
  if (shard.isWhole()) return true;
  const slots: number[] = [];
  for (const { origin } of shard.early()) {
    const isOfEarlierLife = replicaOf(origin) === host.number && origin !== host.origin;
    if (isOfEarlierLife) shard.collectAbove(origin, shard.vector.get(origin), slots);
  }
  const away = slots.filter((slot) => shard.isAway(slot));
  if (away.length > 0) {
    host.recall(shard, away.slice(0, RECALLS_AT_ONCE));
    return false;
  }
  if (slots.length > 0) host.writes.prepare(shard);
  for (const slot of slots) shard.redot(slot);
  return true;
}
