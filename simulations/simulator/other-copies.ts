/** Who has a value at a moment, besides a replica that lets go of it: nobody asks the network. */

import { flagsAt, isGone, originAt, timestampAt } from "../../src/core/record/record.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { isOfVersion, type VersionFacts } from "../../src/wire/version-facts.ts";
import type { SimulatedNode } from "./node.ts";

/** Whoever said that it has it may have ended since, but no longer ago than an answer is waited for. */
export const ANSWER_MS = 6000;

/** True where another node has the value of a version, or what came after it, its expiry included; or had, perhaps, when it was last asked. */
export function hasAnother(version: VersionFacts, self: number, nodes: readonly SimulatedNode[], now: number): boolean {
  return nodes.some(({ index, life, ends }) => {
    if (index === self) return false;
    if (ends.some(({ at }) => at >= now - ANSWER_MS)) return true;
    const replica = life?.replica.replica;
    return replica !== undefined && has(replica, version);
  });
}

function has(replica: Replica, version: VersionFacts): boolean {
  const shard = replica.shards.get(version.shard);
  const slot = shard?.find(version.kind, version.key) ?? 0;
  if (shard === undefined || slot === 0) return false;
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  if (timestampAt(view, at) > version.timestamp) return true;
  if (isSameWrite(version, view, at) && isGone(flagsAt(view, at))) return true;
  return isOfVersion(version, view, at) && (!replica.isEphemeral || !shard.isAway(slot));
}

function isSameWrite({ timestamp, origin }: VersionFacts, view: DataView, at: number): boolean {
  return timestampAt(view, at) === timestamp && originAt(view, at) === origin;
}
