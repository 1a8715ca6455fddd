/**
 * Whether a write that was told of is what stands under another stamp. A replica that began anew gives its own writes dots of
 * its later lives. While nobody has confirmed what it holds it does so for writes of others as well, once it decides about
 * their shard: they would be taken for gone under dots of lives that others closed, and their writer may never come back.
 * Where that does, it gives them new dots itself, and the greater origin stands. The timestamp stays in any case.
 */

import type { OriginId } from "../../src/base/ids.ts";
import { replicaOf } from "../../src/core/origin.ts";
import { beginningsOf } from "./doubt.ts";
import type { Evidence, NodeEvidence } from "./evidence.ts";
import type { Stamp } from "./stamp.ts";

/** A write as it was acknowledged. */
export interface ToldWrite {
  readonly stamp: Stamp;
  readonly shard: number;
  /** Who took it, and when, virtual ms. */
  readonly node: number;
  readonly invokedAt: number;
}

export function isSameWrite({ stamp, shard, node, invokedAt }: ToldWrite, read: Stamp, { nodes }: Evidence): boolean {
  if (stamp.timestamp !== read.timestamp) return false;
  if (stamp.origin === read.origin) return true;
  if (isOfOneReplica(read.origin, stamp.origin)) {
    return read.origin > stamp.origin && beganAnewAfter(nodes[node], invokedAt);
  }
  return nodes.some((other) =>
    adoptionsOf(other, shard).some(({ at, origin }) => {
      if (at <= invokedAt || !isOfOneReplica(read.origin, origin)) return false;
      return read.origin === origin || (read.origin > origin && beganAnewAfter(other, at));
    }),
  );
}

/** When a replica may have given what others wrote into a shard dots of its life, and of which. */
function adoptionsOf({ judgements }: NodeEvidence, shard: number): { readonly at: number; readonly origin: number }[] {
  const decided = new Set<number>();
  let hasBegunAnew = false;
  return judgements.flatMap(({ at, shard: judged, origin }) => {
    if (judged === undefined) hasBegunAnew = true;
    // Once in a life: what else it decides about then was damaged, and of what others wrote it is theirs to see to that.
    if (judged !== shard || origin === undefined || decided.has(origin)) return [];
    decided.add(origin);
    return hasBegunAnew ? [{ at, origin }] : [];
  });
}

function beganAnewAfter(node: NodeEvidence | undefined, at: number): boolean {
  return beginningsOf(node, Infinity) > beginningsOf(node, at);
}

function isOfOneReplica(a: number, b: number): boolean {
  return replicaOf(a as OriginId) === replicaOf(b as OriginId);
}
