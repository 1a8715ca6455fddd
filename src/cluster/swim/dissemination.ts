/**
 * Dissemination: of whom there is news, and how often each piece has been sent. What was sent least goes first (SWIM,
 * section 4.1), and nothing more often than a multiple of the logarithm of the cluster: by then everybody has most likely
 * heard of it, and the comparison of rosters finds who has not. What is sent is looked up when it is sent, never stored here.
 */

import type { ReplicaId } from "../../base/ids.ts";

export class Dissemination {
  /** By the number of times that they were sent. */
  readonly #waiting: Set<ReplicaId>[] = [];

  get size(): number {
    return this.#waiting.reduce((sum, ids) => sum + ids.size, 0);
  }

  /** There is news of a member: it goes out as if nothing had been sent of it. */
  add(id: ReplicaId): void {
    this.remove(id);
    this.#level(0).add(id);
  }

  remove(id: ReplicaId): void {
    for (const ids of this.#waiting) ids.delete(id);
  }

  /** Offers those of whom there is news until `accepts` says that there is no more room; who was taken has been sent once more. */
  take(transmissionsMax: number, accepts: (id: ReplicaId) => boolean): void {
    const taken: (readonly [ReplicaId, number])[] = [];
    for (const [sent, ids] of this.#waiting.entries()) {
      for (const id of ids) {
        if (sent >= transmissionsMax) ids.delete(id);
        else if (accepts(id)) taken.push([id, sent + 1]);
        else return this.#sent(taken, transmissionsMax);
      }
    }
    this.#sent(taken, transmissionsMax);
  }

  #sent(taken: readonly (readonly [ReplicaId, number])[], transmissionsMax: number): void {
    for (const [id, sent] of taken) {
      this.#level(sent - 1).delete(id);
      if (sent < transmissionsMax) this.#level(sent).add(id);
    }
  }

  #level(sent: number): Set<ReplicaId> {
    for (let next = this.#waiting.length; next <= sent; next++) this.#waiting.push(new Set());
    return this.#waiting[sent] as Set<ReplicaId>;
  }
}

/** How often each member sends a piece of news. */
export function transmissionsMax(members: number, multiplier: number): number {
  return Math.max(1, Math.ceil(multiplier * Math.log10(members + 1)));
}
