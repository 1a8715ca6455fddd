/**
 * Movement of shards: when a replica becomes ready in one that it owns, and when it lets go of one that it owns no more.
 * Everything in between is anti-entropy: the new owner fetches the whole of it from whoever holds it, and an owner fetches
 * what a stray has that it lacks. Bootstrap, rebalancing, handover after a partition and hinted handoff are all this.
 *
 *  M1. Ready is who took a whole claim of one that was ready in the same view; or, where every member that may come back
 *      and is not displaced and dead has told, in this view, that it is not, who owns it. Who is alone in the cluster may not know of others: as soon as it
 *      learns of one, it is ready no more in what it holds nothing of.
 *  M2. A stray goes when every owner has told, in this view, that it is ready in memory and on disk, and that its disk has
 *      all that the stray covers; not before it has sorted out what it doubts, for which it claims nothing. So a shard is
 *      never below its replication by what moves. What an owner without a disk told counts while it is linked and alive: it
 *      may be gone, and all that it held with it.
 *      Nor while it holds what it wrote in an earlier life and claims no more: that gets new dots, so that owners fetch it.
 *  M3. Who let go of a shard says so when its disk has let go of it, too.
 */

import type { ReplicaId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { Shard } from "../core/shard/shard.ts";
import { type MemberState, NOT_READY, READY } from "../wire/message.ts";
import { isDisplaced, type Member } from "./members.ts";
import type { Surroundings } from "./surroundings.ts";

/** Registers let go of in one tick. */
const LEAVE_BUDGET = 4096;

export interface MovementHost extends Surroundings {
  /** Others may be there whom this replica has not met. */
  mayHaveUnmetOwners(now: number): boolean;
  /** What earlier lives of this replica wrote, beyond what the shard claims, becomes the present one's. False: not yet. */
  adopt(shard: Shard): boolean;
  /** What the shard held is not to be fetched, served or followed any more. */
  leaves(shard: Shard): void;
  stateOf(id: ReplicaId): MemberState;
  log(level: "info", event: string, fields: Readonly<Record<string, unknown>>): void;
}

export class Movement {
  readonly #host: MovementHost;
  #wasAlone = true;
  #left = LEAVE_BUDGET;
  /** Shards that became ready, and that were let go of. */
  taken = 0;
  handedOver = 0;

  constructor(host: MovementHost) {
    this.#host = host;
  }

  /** Some shard is still being let go of: the next tick should come soon. */
  get isUnderWay(): boolean {
    return this.#left <= 0;
  }

  /** Looks at all shards; to be called now and then. */
  tick(now: number): void {
    this.#left = LEAVE_BUDGET;
    this.#meet();
    for (const shard of this.#host.shards.movable) this.#look(shard, now);
  }

  #look(shard: Shard, now: number): void {
    const { ownership } = this.#host;
    if (shard.isLeaving) this.#goOnLeaving(shard);
    else if (ownership.owns(shard.id)) {
      if (!shard.isReady && shard.isSettled && this.#isNobodyReady(shard, now)) this.#becomeReady(shard);
    } else if (shard.isSettled && this.#host.isHeld(shard)) {
      if (this.#host.adopt(shard) && this.#isHandedOver(shard)) this.#leave(shard);
    }
  }

  /** This replica covers all that a peer covers that was ready in this view. */
  caughtUp(shard: Shard): void {
    if (shard.isReady || shard.isLeaving || !shard.isSettled || !this.#host.ownership.owns(shard.id)) return;
    this.#becomeReady(shard);
  }

  #becomeReady(shard: Shard): void {
    shard.tenure.becomeReady();
    if (!this.#host.ownership.isEverywhere(spaceOf(shard.id))) this.taken++;
  }

  /** What an empty cluster of one held ready is, perhaps, elsewhere (M1). */
  #meet(): void {
    const isAlone = this.#host.members.owners().length === 0;
    if (this.#wasAlone && !isAlone) {
      for (const shard of this.#host.shards.movable) {
        if (shard.isReady && shard.table.count === 0 && shard.vector.size === 0) shard.tenure.becomeUnready();
      }
    }
    this.#wasAlone = isAlone;
  }

  #isNobodyReady(shard: Shard, now: number): boolean {
    if (this.#host.mayHaveUnmetOwners(now)) return false;
    return this.#host.members.owners().every((member) => this.#isAway(member) || this.#isUnready(shard, member.id));
  }

  /** It brings what it holds when it is back. One that was displaced and is there hands over what it has. */
  #isAway(member: Member): boolean {
    return isDisplaced(member) && this.#host.stateOf(member.id) === "dead";
  }

  #isUnready(shard: Shard, id: ReplicaId): boolean {
    const { ownership, reports } = this.#host;
    const standing = reports.standingOf(id);
    if (standing?.view !== ownership.view) return false;
    if (!ownership.isOwner(shard.id, id) && !standing.strays.has(shard.id)) return true;
    const report = reports.of(shard.id, id);
    return report?.view === ownership.view && report.readiness === NOT_READY;
  }

  #isHandedOver(shard: Shard): boolean {
    const { ownership, reports } = this.#host;
    const owners = ownership.ownersOf(shard.id);
    return (
      owners.length > 0 &&
      owners.every((id) => {
        const report = reports.of(shard.id, id);
        const isReady = report?.view === ownership.view && report.readiness === READY;
        return isReady && this.#hasStill(id) && report.durable.dominates(shard.vector);
      })
    );
  }

  #hasStill(id: ReplicaId): boolean {
    if (this.#host.members.get(id)?.ephemeral !== true) return true;
    return this.#host.isLinked(id) && this.#host.stateOf(id) === "alive";
  }

  #leave(shard: Shard): void {
    this.#host.log("info", "shard-handed-over", { shard: shard.id, registers: shard.table.count });
    this.#host.leaves(shard);
    shard.tenure.beginLeaving();
    this.handedOver++;
    this.#goOnLeaving(shard);
  }

  #goOnLeaving(shard: Shard): void {
    if (this.#left <= 0) return;
    const before = shard.table.count;
    shard.tenure.leave(this.#left);
    this.#left -= Math.max(1, before - shard.table.count);
  }

  /** Shards owned, those of them that this replica is ready in, and those that it holds without owning them. */
  progress(): { readonly owned: number; readonly ready: number; readonly strays: number } {
    let [owned, ready, strays] = [0, 0, 0];
    for (const shard of this.#host.shards.movable) {
      if (this.#host.ownership.isEverywhere(spaceOf(shard.id))) continue;
      if (this.#host.ownership.owns(shard.id)) {
        owned++;
        if (shard.isReady) ready++;
      } else if (this.#host.isHeld(shard)) strays++;
    }
    return { owned, ready, strays };
  }
}
