/** What is looked at now and then: who there is and what follows from it, what may be forgotten, and what has ended. */

import { isDue } from "../base/deadline.ts";
import { isKeeper } from "../cluster/keeper.ts";
import type { Keyspaces } from "../cluster/keyspaces.ts";
import type { Membership } from "../cluster/membership.ts";
import type { Movement } from "../cluster/movement.ts";
import { Sealing } from "../cluster/sealing.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { isCollectionKind } from "../core/record/kind.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Residency } from "../core/shard/residency.ts";
import type { Shard } from "../core/shard/shard.ts";
import { deletionOfEnded } from "../types/collection.ts";
import { ending } from "../types/container.ts";
import type { Chores } from "./chores.ts";
import type { Departure } from "./departure.ts";
import { endedContainers } from "./leases.ts";
import type { Orphans } from "./orphans.ts";
import type { Outlook } from "./outlook.ts";
import type { SumUpkeep } from "./sum-upkeep.ts";
import type { WatchRelay } from "./watch-relay.ts";

export interface HousekeepingHost extends Surroundings {
  readonly membership: Membership;
  readonly residency: Residency | undefined;
  readonly keyspaces: Keyspaces;
  readonly orphans: Orphans;
  readonly outlook: Outlook;
  readonly movement: Movement;
  readonly departure: Departure;
  readonly watchRelay: WatchRelay;
  readonly sumUpkeep: SumUpkeep;
  readonly chores: Chores;
  mayHaveUnmetOwners(now: number): boolean;
  write(shard: Shard, write: LocalWrite, confirm: boolean, now: number): number;
}

export class Housekeeping {
  readonly #host: HousekeepingHost;
  readonly #intervalMs: number;
  readonly #sealing: Sealing;
  #dueAt = 0;

  constructor(host: HousekeepingHost, intervalMs: number) {
    this.#host = host;
    this.#intervalMs = intervalMs;
    this.#sealing = new Sealing(host);
  }

  tick(now: number): void {
    if (!isDue({ dueAt: this.#dueAt, waitMaxMs: this.#intervalMs }, now)) return;
    this.#dueAt = now + this.#intervalMs;
    const { membership, orphans, outlook, movement, departure, watchRelay, members } = this.#host;
    membership.keepHouse(now);
    this.measure();
    orphans.step(now);
    outlook.look(now);
    movement.tick(now);
    departure.tick(now);
    watchRelay.evaluate(now);
    const hasUnmet = this.#host.mayHaveUnmetOwners(now);
    // Somebody may hold more of a life that ended just after the two had met, which the disk did not take any more.
    if (!hasUnmet || members.all().length > 1) this.#sealing.step();
    if (hasUnmet) return;
    this.#endLeases(now);
    this.#host.sumUpkeep.begin();
    this.#host.chores.purging.begin();
  }

  /** How much memory each keyspace may take, and how much is taken. */
  measure(): void {
    const { residency, keyspaces } = this.#host;
    residency?.setShares(keyspaces.memoryShares());
    residency?.measure();
  }

  /** One is enough to delete what has expired everywhere. */
  #endLeases(now: number): void {
    for (const shard of this.#host.shards) {
      if (!isKeeper(this.#host, shard.id)) continue;
      for (const { kind, key } of endedContainers(this.#host, shard)) {
        const writes = isCollectionKind(kind) ? deletionOfEnded(shard, { kind, key }) : [ending(shard, kind, key)];
        for (const write of writes) this.#host.write(shard, write, false, now);
      }
    }
  }
}
