/**
 * The digests of the roster of this replica, kept up row by row: hundreds of links that come up at once are each compared by
 * them, and most rows are the same from one comparison to the next.
 */

import type { ReplicaId } from "../base/ids.ts";
import { ROSTER_BUCKETS, type Rumour } from "../wire/message.ts";
import type { Members } from "./members.ts";
import { isInRoster, rosterBucketOf, rowHash } from "./roster.ts";

export interface RosterSource {
  readonly members: Members;
  rumourOf(id: ReplicaId): Rumour | undefined;
}

export class RosterDigests {
  readonly #source: RosterSource;
  readonly #buckets = new Uint32Array(ROSTER_BUCKETS);
  /** What of each row is in its bucket. */
  readonly #hashesById = new Map<ReplicaId, number>();
  readonly #changed = new Set<ReplicaId>();

  constructor(source: RosterSource) {
    this.#source = source;
    for (const { id } of source.members.all()) this.#changed.add(id);
  }

  /** Something that is told of a member is another, or it is none any more. */
  changed(id: ReplicaId): void {
    this.#changed.add(id);
  }

  /** A digest for each part (`rosterBuckets`); valid until the next call. */
  buckets(): Uint32Array {
    for (const id of this.#changed) this.#hash(id);
    this.#changed.clear();
    return this.#buckets;
  }

  #hash(id: ReplicaId): void {
    const rumour = this.#source.rumourOf(id);
    const before = this.#hashesById.get(id) ?? 0;
    const after = rumour === undefined || !isInRoster(rumour) ? 0 : rowHash(rumour);
    const bucket = rosterBucketOf(id);
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + after - before;
    if (after === 0) this.#hashesById.delete(id);
    else this.#hashesById.set(id, after);
  }

  /** What stands in these parts, whoever has left included. */
  rumoursIn(buckets: readonly number[]): Rumour[] {
    const wanted = new Set(buckets);
    const { members } = this.#source;
    return members.all().flatMap(({ id, number }) => {
      return wanted.has(number % ROSTER_BUCKETS) ? (this.#source.rumourOf(id) ?? []) : [];
    });
  }
}
