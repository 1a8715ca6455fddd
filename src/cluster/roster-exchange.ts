/**
 * The exchange of rosters: every so often with a random peer and at each new link, two members make sure that they know the
 * same of everybody. News travels as rumours; this finds who missed some, and costs two short messages where nobody did.
 */

import type { ReplicaId } from "../base/ids.ts";
import { isSameDigest } from "../core/digest.ts";
import type { Message, MessageOf, Rumour } from "../wire/message.ts";
import { differingBuckets, isInRoster, rosterDigest, rowHash } from "./roster.ts";

/** All that is known, of this replica and of all others. */
export interface Roster {
  /** A digest for each part. */
  buckets(): Uint32Array;
  rumoursIn(buckets: readonly number[]): readonly Rumour[];
}

export interface RosterHost {
  /** Takes what a peer knows. */
  hear(rumours: readonly Rumour[], now: number): void;
  /** All that the peer knows is known here. */
  told(): void;
  send(to: ReplicaId, message: Message): void;
}

export class RosterExchange {
  readonly #roster: Roster;
  readonly #host: RosterHost;

  constructor(roster: Roster, host: RosterHost) {
    this.#roster = roster;
    this.#host = host;
  }

  begin(peer: ReplicaId): void {
    this.#send(peer, this.#roster.buckets(), false);
  }

  #send(peer: ReplicaId, buckets: Uint32Array, isReply: boolean): void {
    this.#host.send(peer, { type: "roster", isReply, digest: rosterDigest(buckets) });
  }

  receiveRoster(peer: ReplicaId, { isReply, digest }: MessageOf<"roster">): void {
    const buckets = this.#roster.buckets();
    if (isSameDigest(digest, rosterDigest(buckets))) {
      this.#host.told();
      if (!isReply) this.#send(peer, buckets, true);
    } else if (!isReply) this.#host.send(peer, { type: "roster-buckets", buckets: [...buckets] });
  }

  receiveBuckets(peer: ReplicaId, message: MessageOf<"roster-buckets">): void {
    const buckets = differingBuckets(this.#roster.buckets(), message.buckets);
    // Where what differed has been told since, the answer says that there is no more.
    const isReply = buckets.length === 0;
    if (isReply) this.#host.told();
    this.#host.send(peer, { type: "roster-rows", isReply, buckets, members: this.#roster.rumoursIn(buckets) });
  }

  receiveRows(peer: ReplicaId, { isReply, buckets, members }: MessageOf<"roster-rows">, now: number): void {
    this.#host.hear(members, now);
    this.#host.told();
    if (!isReply) {
      const toldById = new Map(members.map((rumour) => [rumour.id, rumour]));
      const better = this.#roster.rumoursIn(buckets).filter((own) => !isSame(own, toldById.get(own.id)));
      this.#host.send(peer, { type: "roster-rows", isReply: true, buckets, members: better });
    }
  }
}

function isSame(own: Rumour, told: Rumour | undefined): boolean {
  // Whoever has left by itself is told of to those only who do not know that.
  if (!isInRoster(own)) return told === undefined || told.left;
  return told !== undefined && rowHash(own) === rowHash(told);
}
