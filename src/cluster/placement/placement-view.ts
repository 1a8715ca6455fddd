/**
 * Who may own shards: the members that count, each with its region and weight. Replicas that hold equal views place
 * everything alike, whatever they heard first.
 */

import { assert } from "../../base/assert.ts";
import { ByteWriter } from "../../base/bytes.ts";
import { xxHash32 } from "../../base/hash.ts";
import type { ReplicaId } from "../../base/ids.ts";
import type { Digest } from "../../core/digest.ts";

/** A member of the greatest weight takes a thousand times what one of the least takes. */
export const WEIGHT_MAX = 1000;

export interface PlacementMember {
  readonly id: ReplicaId;
  readonly region: string;
  /** What it takes, relative to others: a whole number from 1 to `WEIGHT_MAX`. */
  readonly weight: number;
}

export interface PlacementView {
  /** Sorted by id. */
  readonly members: readonly PlacementMember[];
  /** Equal for equal views, whatever the order they were put together in. */
  readonly digest: Digest;
}

/** The view of these members, in any order; no id may be there twice. */
export function createPlacementView(members: Iterable<PlacementMember>): PlacementView {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  sorted.forEach((member, index) => {
    assert(member.id !== sorted[index - 1]?.id, `${member.id} is twice in a placement view`);
    const { weight } = member;
    assert(Number.isInteger(weight) && weight >= 1 && weight <= WEIGHT_MAX, `weight ${weight} of ${member.id}`);
  });
  return { members: sorted, digest: digestOf(sorted) };
}

function digestOf(sorted: readonly PlacementMember[]): Digest {
  const writer = new ByteWriter();
  for (const { id, region, weight } of sorted) {
    writer.latin1(id);
    writer.latin1(region);
    writer.varint(weight);
  }
  const view = new DataView(writer.bytes.buffer, 0, writer.length);
  return { high: xxHash32(view, 0, writer.length, 1), low: xxHash32(view, 0, writer.length, 2) };
}
