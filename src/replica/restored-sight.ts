/** What a number that comes back out of a backup has of what was added to it. */

import { sightAt } from "../core/containers/increments.ts";
import { NONE_SEEN } from "../core/record/seen.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { RestoreMode } from "./restore-here.ts";

/**
 * It has what was seen where it comes from, also where that has not arrived here yet, and would count once more when it does. Merged, it
 * has nothing else: what was not seen there counts besides. As of a stamp, it stands for what is held here as well. Of another
 * cluster that says nothing, as dots do not. Undefined: nothing tells.
 */
export function restoredSight(view: DataView, at: number, { isOurs, stamp }: RestoreMode): LocalWrite["sight"] {
  const seen = isOurs ? sightAt(view, at) : NONE_SEEN;
  return seen.size === 0 ? undefined : { seen, isAll: stamp === undefined };
}
