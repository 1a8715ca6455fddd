/** Whom to ask of what is kept elsewhere. */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import type { Membership } from "../cluster/membership.ts";
import type { SendingSurroundings } from "../cluster/surroundings.ts";
import { READY } from "../wire/message.ts";

const ROUND_TRIP_MS_MAX = 60_000;

export interface OwnersHost extends Pick<SendingSurroundings, "ownership" | "reports" | "canSend"> {
  readonly membership: Membership;
}

/** Owners of a shard that are linked, those that are alive, ready and near first. */
export function reachableOwners(host: OwnersHost, shard: ShardId): readonly ReplicaId[] {
  const { membership, ownership, reports } = host;
  const isReady = (id: ReplicaId): boolean => {
    const report = reports.of(shard, id);
    return report?.view === ownership.view && report.readiness === READY;
  };
  const costOf = (id: ReplicaId) =>
    (membership.stateOf(id) === "alive" ? 0 : ROUND_TRIP_MS_MAX) +
    (isReady(id) ? 0 : 2 * ROUND_TRIP_MS_MAX) +
    (membership.swim.roundTrips.roundTripMs(id) ?? 0);
  const reachable = ownership.groupOf(shard).filter((id) => host.canSend(id));
  return reachable
    .map((id) => ({ id, cost: costOf(id) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ id }) => id);
}
