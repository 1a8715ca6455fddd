/**
 * On whose word a replica that began anew holds what it holds.
 *
 * It takes over what others claim: that lives are closed, and nothing more will ever come of them. Should one of those
 * others have to begin anew itself soon after, it had been given up by somebody, who had closed lives that it had not, or
 * not at the same end. Whoever has both claims then covers writes that one side never saw, and holds writes that the other
 * has purged. So what was taken on its word is in doubt again.
 *
 * That is over as soon as all owners are there, sure of what they hold, and hold nothing that is not here, at two looks.
 */

import type { ReplicaId } from "../base/ids.ts";
import { coOwnersOf } from "../cluster/co-owners.ts";
import type { Surroundings } from "../cluster/surroundings.ts";

/** Between two looks, ms: enough for a member that was given up to be told so. */
const LOOK_MS = 5000;

export class Vouchers {
  readonly #around: Surroundings;
  /** By member, while anything depends on its word: the life in which it last began with nothing to claim. */
  readonly #rootLifeById = new Map<ReplicaId, number>();
  #lookAt = 0;
  /** The last look found all owners of one mind. */
  #wereAtOne = false;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** This replica begins anew, and will hold what the members of now tell it. */
  begin(now: number): void {
    this.#rootLifeById.clear();
    for (const { id, rootLife } of this.#around.members.all()) {
      if (id !== this.#around.members.self) this.#rootLifeById.set(id, rootLife);
    }
    this.#lookAgain(now);
  }

  /** True when somebody whose word counted has begun anew since. */
  isBroken(now: number): boolean {
    if (this.#rootLifeById.size === 0) return false;
    let isBroken = false;
    for (const [id, rootLife] of this.#rootLifeById) {
      const present = this.#around.members.get(id)?.rootLife ?? 0;
      if (present <= rootLife) continue;
      this.#rootLifeById.set(id, present);
      isBroken = true;
    }
    if (isBroken) this.#lookAgain(now);
    else if (now >= this.#lookAt) this.#look(now);
    return isBroken;
  }

  #lookAgain(now: number): void {
    this.#lookAt = now + LOOK_MS;
    this.#wereAtOne = false;
  }

  #look(now: number): void {
    const wereAtOne = this.#wereAtOne;
    this.#lookAgain(now);
    this.#wereAtOne = this.#areAtOne();
    if (wereAtOne && this.#wereAtOne) this.#rootLifeById.clear();
  }

  #areAtOne(): boolean {
    const { reports, shards } = this.#around;
    return shards.all.every(
      (shard) =>
        shard.isSettled &&
        coOwnersOf(this.#around, shard.id).every(({ id }) => {
          const report = this.#around.isLinked(id) ? reports.of(shard.id, id) : undefined;
          return report !== undefined && !report.doubtful && shard.vector.dominates(report.vector);
        }),
    );
  }
}
