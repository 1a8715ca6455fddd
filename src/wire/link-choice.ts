/**
 * Which of two links between one pair of replicas survives. Both ends compare the same facts, so they keep the same one
 * however the messages cross. In this order:
 *
 *   1. The link to the peer's later life: the earlier life has ended.
 *   2. Of two links dialled by one replica, the newer: its dialler would not have gone through with it if it still had the
 *      older, so a link that is half open here does not keep its successor out.
 *   3. The link dialled by the replica with the smaller id. A half-open one of these keeps the other out only until the
 *      heartbeat misses it.
 */

import type { ReplicaId } from "../base/ids.ts";

export interface LinkClaim {
  /** Life of the peer, that is, of the other end as seen from here. */
  readonly peerLife: number;
  readonly dialler: ReplicaId;
  /** The dialler's count of the connections that it has opened in this life. */
  readonly attempt: number;
}

/** True when `fresh` replaces `held`; both join the same two replicas. */
export function replaces(fresh: LinkClaim, held: LinkClaim): boolean {
  if (fresh.peerLife !== held.peerLife) return fresh.peerLife > held.peerLife;
  if (fresh.dialler === held.dialler) return fresh.attempt > held.attempt;
  return fresh.dialler < held.dialler;
}
