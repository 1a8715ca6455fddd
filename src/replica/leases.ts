/**
 * Leases of containers that have run out. Nothing of such a container is shown any more, but it is not gone: somebody may
 * have prolonged the lease in time where we cannot see it. Once every owner has told that it holds this very lease
 * and that its clock has passed the end, and we hold all that it held then, nobody can: the container is deleted.
 */

import { coOwnersOf } from "../cluster/co-owners.ts";
import type { Member } from "../cluster/members.ts";
import type { Reports } from "../cluster/reports.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Container } from "../core/containers/container.ts";
import { expiresAt, originAt, sequenceAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";

/** Containers that one look at a shard deletes. */
const DELETED_MAX = 256;

/** Containers of a shard that nobody can prolong any more, at most `DELETED_MAX`. */
export function endedContainers(around: Surroundings, shard: Shard): readonly Container[] {
  if (shard.containers.expired.size === 0 || shard.unconfirmed > 0) return [];
  const { reports } = around;
  const owners = coOwnersOf(around, shard.id);
  const own = around.durableOf(shard.id);
  const ended: Container[] = [];
  for (const container of shard.containers.expired) {
    if (ended.length === DELETED_MAX) break;
    if (hasEnded(container, shard, { own, owners, reports })) ended.push(container);
  }
  return ended;
}

function hasEnded(
  { lease }: Container,
  shard: Shard,
  { own, owners, reports }: { own: VersionVector; owners: readonly Member[]; reports: Reports },
): boolean {
  const view = shard.table.viewOf(lease);
  const at = shard.table.offsetOf(lease);
  return owners.every(({ id }) => {
    const report = reports.of(shard.id, id);
    if (report === undefined || report.clock < expiresAt(view, at)) return false;
    return report.vector.covers(originAt(view, at), sequenceAt(view, at)) && own.dominates(report.vector);
  });
}
