/**
 * The digests of the roster of this replica. What stands in a row is hashed once, until something else does: most rows are
 * the same from one comparison to the next, however many members there are.
 */

import type { ReplicaId } from "../base/ids.ts";
import { ROSTER_BUCKETS, type Rumour } from "../wire/message.ts";
import type { Member, Members } from "./members.ts";
import { isInRoster, rowHash } from "./roster.ts";
import type { Standing } from "./swim/standing.ts";

export interface RosterSource {
  readonly members: Members;
  standingOf(id: ReplicaId): Standing | undefined;
  rumourOf(id: ReplicaId): Rumour | undefined;
}

interface Row {
  /** What it was hashed from: values are never changed in place. */
  readonly member: Member;
  readonly standing: Standing | undefined;
  readonly hash: number;
}

export class RosterDigests {
  readonly #source: RosterSource;
  readonly #rowsById = new Map<ReplicaId, Row>();

  constructor(source: RosterSource) {
    this.#source = source;
  }

  /** A digest for each part (`rosterBuckets`). */
  buckets(): Uint32Array {
    const all = this.#source.members.all();
    const buckets = new Uint32Array(ROSTER_BUCKETS);
    for (const member of all) {
      if (!isInRoster(member)) continue;
      const bucket = member.number % ROSTER_BUCKETS;
      buckets[bucket] = (buckets[bucket] as number) + this.#hashOf(member);
    }
    if (this.#rowsById.size > all.length) this.#forget();
    return buckets;
  }

  #hashOf(member: Member): number {
    const { id } = member;
    const standing = this.#source.standingOf(id);
    const known = this.#rowsById.get(id);
    if (known !== undefined && known.member === member && known.standing === standing) return known.hash;
    const rumour = this.#source.rumourOf(id);
    const hash = rumour === undefined ? 0 : rowHash(rumour);
    this.#rowsById.set(id, { member, standing, hash });
    return hash;
  }

  /** Rows of members that are none any more. */
  #forget(): void {
    for (const id of this.#rowsById.keys()) if (this.#source.members.get(id) === undefined) this.#rowsById.delete(id);
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
