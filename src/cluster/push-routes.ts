/**
 * How pushes get to those who are to have them: straight to the members of the own region; to each other region once, to a relay
 * there, which passes them on. A relay that goes costs delay only: what it did not pass on is found missing, and fetched.
 */

import { hashText } from "../base/hash.ts";
import type { ReplicaId } from "../base/ids.ts";

/** Through whom a region gets a push, and who else in it is to have it. */
export interface RelayedPush {
  readonly relay: ReplicaId;
  readonly to: readonly ReplicaId[];
}

export interface PushRoutes {
  readonly direct: readonly ReplicaId[];
  readonly relayed: readonly RelayedPush[];
}

export interface PushTarget {
  readonly id: ReplicaId;
  readonly region: string;
  /** As far as anybody knows. */
  readonly isAlive: boolean;
}

/** The same relay for the same targets, so that pushes of one sender keep their order; others choose others. */
export function pushRoutes(self: ReplicaId, region: string, targets: readonly PushTarget[]): PushRoutes {
  const direct: ReplicaId[] = [];
  const byRegion = new Map<string, PushTarget[]>();
  for (const target of targets) {
    if (target.region === region || !target.isAlive) direct.push(target.id);
    else if (!byRegion.get(target.region)?.push(target)) byRegion.set(target.region, [target]);
  }
  const relayed: RelayedPush[] = [];
  for (const those of byRegion.values()) {
    const relay = relayOf(self, those);
    if (those.length === 1) direct.push(relay);
    else relayed.push({ relay, to: those.flatMap(({ id }) => (id === relay ? [] : [id])) });
  }
  return { direct, relayed };
}

function relayOf(self: ReplicaId, targets: readonly PushTarget[]): ReplicaId {
  const weight = (id: ReplicaId) => hashText(`${self} ${id}`, 1);
  return targets.reduce((best, { id }) => (weight(id) > weight(best) ? id : best), (targets[0] as PushTarget).id);
}
