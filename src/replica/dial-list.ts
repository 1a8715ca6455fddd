/**
 * Whom a replica dials: the addresses that it was given to join by, and those of its neighbours. Looked at whenever anything
 * was learnt of any member, most of which changes nothing of it.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { Members } from "../cluster/members.ts";

/** A replica that has started. */
export interface Company {
  readonly members: Members;
  readonly membership: { neighbours(): ReadonlySet<ReplicaId> };
}

interface Source {
  readonly join: readonly string[];
  readonly neighbours: ReadonlySet<ReplicaId> | undefined;
  readonly moves: number | undefined;
}

export class DialList {
  #from: Source | undefined;
  #addresses: ReadonlySet<string> = new Set();

  /** Without that of the replica itself. */
  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /** True where the list may be another now. No company: it has not started yet. */
  look(join: readonly string[], own: string, company: Company | undefined): boolean {
    const from = { join, neighbours: company?.membership.neighbours(), moves: company?.members.moves };
    if (isSame(from, this.#from)) return false;
    this.#from = from;
    const addresses = new Set(join);
    for (const id of from.neighbours ?? []) {
      const address = company?.members.get(id)?.address;
      if (address !== undefined) addresses.add(address);
    }
    addresses.delete(own);
    this.#addresses = addresses;
    return true;
  }
}

function isSame(one: Source, other: Source | undefined): boolean {
  return one.join === other?.join && one.neighbours === other.neighbours && one.moves === other.moves;
}
