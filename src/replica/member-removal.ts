/**
 * The removal of a member for good, at an operator's word: what stands against it. The word is believed where it says that
 * the member is gone, not where it can be seen that it is there, nor, unless insisted on, where nobody else is known to have
 * what it owns.
 */

import { AtollError } from "../base/errors.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import { numberOf } from "../base/shard-id.ts";
import { isDisplaced, isGivenUp, isPlaced, type Member } from "../cluster/members.ts";
import type { KeyspacePolicy } from "../cluster/ownership.ts";
import { createPlacementView } from "../cluster/placement/placement-view.ts";
import { Placements } from "../cluster/placement/placements.ts";
import { NOT_READY } from "../wire/message.ts";
import type { Replica } from "./replica.ts";

/**
 * Removes a member; once more, where it has been removed, is no error. `force`: also where it is the last owner. Throws
 * `NOT_FOUND`, `CANNOT_REMOVE_SELF`, `MEMBER_ALIVE`, `MEMBER_LAST_OWNER`.
 */
export function removeMember(replica: Replica, id: ReplicaId, options: { readonly force: boolean }): void {
  const member = replica.members.get(id);
  if (member === undefined) throw new AtollError("NOT_FOUND", "no member has this id");
  if (id === replica.id) throw new AtollError("CANNOT_REMOVE_SELF", `${id} is this replica: POST /v1/admin/leave`);
  if (member.left) return;
  checkGone(replica, member);
  if (!options.force) checkOthersOwn(replica, member);
  if (!replica.membership.remove(id)) throw new Error(`BUG: ${id} was to be removed and is there`);
  replica.log("warn", "member-removed", { member: id, life: member.life });
}

function checkGone(replica: Replica, member: Member): void {
  const state = replica.membership.stateOf(member.id);
  const isLinked = replica.isLinked(member.id);
  if (!isLinked && (state === "dead" || isGivenUp(member))) return;
  const seen = state === "suspect" && !isLinked ? "only suspect so far: wait until it is dead" : "alive: stop it first";
  throw new AtollError("MEMBER_ALIVE", `${member.id} is ${seen}`);
}

function checkOthersOwn(replica: Replica, member: Member): void {
  // What it has that others lack would not count any more, were it back.
  if (isGivenUp(member)) return;
  for (const policy of replica.ownership.policies) {
    if (replica.ownership.isEverywhere(policy.space)) continue;
    const shards = lastOwnedBy(replica, member, policy);
    if (shards === 0) continue;
    const name = replica.keyspaces.all().find(({ space }) => space === policy.space)?.name;
    throw new AtollError(
      "MEMBER_LAST_OWNER",
      `nobody but ${member.id} is known to have ${shards} shards of keyspace ${name}: start it again, or force its removal`,
    );
  }
}

/** Of how many shards of a keyspace it is the only owner that is not known to lack something. */
function lastOwnedBy(replica: Replica, member: Member, { space, policy }: KeyspacePolicy): number {
  const placement = placementsWith(replica, member).of(policy);
  const owned = replica.shards.in(space).filter(({ id }) => placement.ownersOf(numberOf(id)).includes(member.id));
  return owned.filter(({ id }) => {
    const others = placement.ownersOf(numberOf(id)).filter((other) => other !== member.id);
    return others.every((other) => isKnownUnready(replica, id, other));
  }).length;
}

/** Who would own what, were the member back: what it owned before it was displaced it may be the only one to have. */
function placementsWith(replica: Replica, member: Member): Placements {
  const placed = replica.members.all().filter((each) => isPlaced(each) || (each === member && isDisplaced(each)));
  const placements = new Placements(replica.shards.perSpace);
  placements.setView(createPlacementView(placed.map(({ id, region }) => ({ id, region, weight: 1 }))));
  return placements;
}

function isKnownUnready(replica: Replica, shard: ShardId, id: ReplicaId): boolean {
  const { ownership, reports } = replica;
  if (id === replica.id) return replica.shards.get(shard)?.isReady !== true;
  if (!ownership.isOwner(shard, id)) return false;
  const report = reports.of(shard, id);
  return report?.view === ownership.view && report.readiness === NOT_READY;
}
