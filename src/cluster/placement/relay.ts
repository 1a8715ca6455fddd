/** Which owner in a region takes what comes for a part from other regions, and spreads it there. */

import type { ReplicaId } from "../../base/ids.ts";
import type { Placement } from "./placement.ts";

/**
 * The first of the part's owners in the region that is alive; undefined where none is. The order differs from part to
 * part, so that every owner relays about as many; whoever sees the same members alive picks the same.
 */
export function relayOf(
  placement: Placement,
  { part, region }: { readonly part: number; readonly region: string },
  isAlive: (id: ReplicaId) => boolean,
): ReplicaId | undefined {
  return placement.ownersIn(part, region).find(isAlive);
}
