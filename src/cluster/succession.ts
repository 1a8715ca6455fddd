/**
 * Another replica answers where one was that keeps nothing on disk: that one is gone for good. Unless it is the other way
 * round, and the link to an earlier process has not yet been missed: their clocks tell at once, unless one was put back or
 * began behind; time tells, too.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { Member, Members } from "./members.ts";

/** Whom a peer has taken the place of. */
export function predecessorsOf(
  peer: { readonly id: ReplicaId; readonly address: string },
  members: Members,
  isLinked: (id: ReplicaId) => boolean,
): readonly ReplicaId[] {
  if (!members.hasEphemerals) return [];
  const startedAt = members.get(peer.id)?.startedAt ?? 0;
  const isPredecessor = (member: Member) =>
    member.id !== peer.id && member.id !== members.self && member.startedAt < startedAt && !isLinked(member.id);
  return members
    .ephemeralsAt(peer.address)
    .filter(isPredecessor)
    .map(({ id }) => id);
}

/** True when another replica, one of these, has taken the place of one that keeps nothing on disk. */
export function isSucceeded(
  { address, ephemeral, left }: Member,
  members: Members,
  linked: Iterable<ReplicaId>,
): boolean {
  if (!ephemeral || left) return false;
  for (const id of linked) if (members.get(id)?.address === address) return true;
  return false;
}
