/**
 * Two halves of a cluster that gave each other up: both may have purged what the other still holds, so one of them has to
 * begin anew. The larger one stays; of equal ones that with the least id, of halves that share it that
 * of the lesser replica. Of two replicas that compare what each told the other exactly one defers.
 */

import type { ReplicaId } from "../base/ids.ts";

/** A replica and those it takes for owners. */
export interface Half {
  readonly of: ReplicaId;
  readonly size: number;
  readonly least: ReplicaId;
}

export function halfOf(self: ReplicaId, others: readonly ReplicaId[]): Half {
  const least = others.reduce((least, id) => (id < least ? id : least), self);
  return { of: self, size: others.length + 1, least };
}

/** True when the replica of `half` begins anew where it meets that of `other`. */
export function defersTo(half: Half, other: Half): boolean {
  if (half.size !== other.size) return half.size < other.size;
  if (half.least !== other.least) return half.least > other.least;
  return half.of > other.of;
}
