/**
 * The exchange of rosters: every so often with a random peer and at each new link, two members make sure that they know the
 * same of everybody. News travels as rumours; this finds who missed some, and costs two short messages where nobody did.
 *
 *  X1. Where members are many, rows are asked of one peer at a time. When hundreds of links come up at once all have the same
 *      to tell; whoever had to wait is compared with again once the first has told it.
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
  /** Each row by each peer would be too much. */
  areMany(): boolean;
  /** Takes what a peer knows. */
  hear(rumours: readonly Rumour[], now: number): void;
  /** All that the peer knows is known here. */
  told(): void;
  send(to: ReplicaId, message: Message): void;
}

export class RosterExchange {
  readonly #roster: Roster;
  readonly #host: RosterHost;
  /** Who was asked for rows, and has not told them yet (X1). */
  #asked: ReplicaId | undefined;
  readonly #waiting = new Set<ReplicaId>();

  constructor(roster: Roster, host: RosterHost) {
    this.#roster = roster;
    this.#host = host;
  }

  begin(peer: ReplicaId): void {
    this.#send(peer, this.#roster.buckets(), false);
  }

  /** To be called from time to time: rows that have not come by now are waited for no longer. */
  expire(): void {
    if (this.#asked !== undefined) this.#end(this.#asked);
  }

  linkDown(peer: ReplicaId): void {
    this.#waiting.delete(peer);
    this.#end(peer);
  }

  #send(peer: ReplicaId, buckets: Uint32Array, isReply: boolean): void {
    this.#host.send(peer, { type: "roster", isReply, digest: rosterDigest(buckets) });
  }

  receiveRoster(peer: ReplicaId, { isReply, digest }: MessageOf<"roster">): void {
    const buckets = this.#roster.buckets();
    if (isSameDigest(digest, rosterDigest(buckets))) {
      this.#host.told();
      if (!isReply) this.#send(peer, buckets, true);
    } else if (!isReply) this.#ask(peer, buckets);
  }

  #ask(peer: ReplicaId, buckets: Uint32Array): void {
    if (this.#asked !== undefined && this.#asked !== peer && this.#host.areMany()) {
      this.#waiting.add(peer);
      return;
    }
    this.#asked = peer;
    this.#host.send(peer, { type: "roster-buckets", buckets: [...buckets] });
  }

  /** A peer told its rows, or will not. */
  #end(peer: ReplicaId): void {
    if (this.#asked !== peer) return;
    this.#asked = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const id of waiting) this.begin(id);
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
    this.#end(peer);
  }
}

function isSame(own: Rumour, told: Rumour | undefined): boolean {
  // Whoever has left by itself is told of to those only who do not know that.
  if (!isInRoster(own)) return told === undefined || told.left;
  return told !== undefined && rowHash(own) === rowHash(told);
}
