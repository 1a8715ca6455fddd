/**
 * Whom this replica keeps a link to (`swim/link-plan.ts`): worked out when asked for, and again once somebody has come or
 * gone, or has died or come to life. Nothing else that is learnt of members, most of all of their disks, changes it.
 */

import type { ReplicaId } from "../base/ids.ts";
import { replicaNumber } from "../core/origin.ts";
import type { Members } from "./members.ts";
import { linkPlan } from "./swim/link-plan.ts";
import type { SwimSettings } from "./swim/settings.ts";

export interface NeighboursHost {
  readonly members: Members;
  isDead(id: ReplicaId): boolean;
  isPartner(id: ReplicaId): boolean;
}

export class Neighbours {
  readonly #host: NeighboursHost;
  readonly #settings: SwimSettings;
  #planned: { readonly of: readonly ReplicaId[]; readonly ids: ReadonlySet<ReplicaId> } | undefined;

  constructor(host: NeighboursHost, settings: SwimSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  /** A member has died, or has come to life. */
  turned(): void {
    this.#planned = undefined;
  }

  ids(): ReadonlySet<ReplicaId> {
    const { members } = this.#host;
    const others = members.others();
    if (this.#planned?.of === others) return this.#planned.ids;
    const candidates = others.map((id) => {
      return { id, number: replicaNumber(id), isDead: this.#host.isDead(id), isPartner: this.#host.isPartner(id) };
    });
    const ids = linkPlan({ number: replicaNumber(members.self) }, candidates, this.#settings);
    this.#planned = { of: others, ids };
    return ids;
  }
}
