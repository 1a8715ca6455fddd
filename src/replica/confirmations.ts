/** What peers told at once, without waiting for a comparison, to cover of the writes of this life. */

import type { ReplicaId, ShardId } from "../base/ids.ts";

export class Confirmations {
  readonly #byId = new Map<ReplicaId, Map<ShardId, number>>();

  note(peer: ReplicaId, shard: ShardId, sequence: number): void {
    let confirmed = this.#byId.get(peer);
    if (confirmed === undefined) {
      confirmed = new Map();
      this.#byId.set(peer, confirmed);
    }
    if (sequence > (confirmed.get(shard) ?? 0)) confirmed.set(shard, sequence);
  }

  /** The greatest sequence that a peer confirmed; 0: none. */
  of(peer: ReplicaId, shard: ShardId): number {
    return this.#byId.get(peer)?.get(shard) ?? 0;
  }

  /** A peer began a new life, and may have lost what it confirmed. */
  forget(peer: ReplicaId): void {
    this.#byId.delete(peer);
  }

  /** This replica began a new life, whose sequences are others. */
  clear(): void {
    this.#byId.clear();
  }
}
