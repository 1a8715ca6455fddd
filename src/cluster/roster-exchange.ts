/**
 * The exchange of rosters: every so often with a random peer and at each new link, two members make sure that they know the
 * same of everybody. News travels as rumours; this finds who missed some, and costs two short messages where nobody did.
 */

import type { ReplicaId } from "../base/ids.ts";
import { isSameDigest } from "../core/digest.ts";
import type { Message, MessageOf, Rumour } from "../wire/message.ts";
import { differingBuckets, rosterBucketOf, rosterBuckets, rosterDigest, rowHash } from "./roster.ts";

export interface RosterHost {
  /** All that is known, of this replica and of all others. */
  rumours(): readonly Rumour[];
  /** Takes what a peer knows. */
  hear(rumours: readonly Rumour[], now: number): void;
  /** All that the peer knows is known here. */
  told(): void;
  send(to: ReplicaId, message: Message): void;
}

export class RosterExchange {
  readonly #host: RosterHost;

  constructor(host: RosterHost) {
    this.#host = host;
  }

  begin(peer: ReplicaId): void {
    this.#send(peer, false);
  }

  #send(peer: ReplicaId, isReply: boolean): void {
    this.#host.send(peer, { type: "roster", isReply, digest: rosterDigest(this.#buckets()) });
  }

  receiveRoster(peer: ReplicaId, { isReply, digest }: MessageOf<"roster">): void {
    const buckets = this.#buckets();
    if (isSameDigest(digest, rosterDigest(buckets))) {
      this.#host.told();
      if (!isReply) this.#send(peer, true);
    } else if (!isReply) this.#host.send(peer, { type: "roster-buckets", buckets: [...buckets] });
  }

  receiveBuckets(peer: ReplicaId, message: MessageOf<"roster-buckets">): void {
    const buckets = differingBuckets(this.#buckets(), message.buckets);
    // Where what differed has been told since, the answer says that there is no more.
    const isReply = buckets.length === 0;
    if (isReply) this.#host.told();
    this.#host.send(peer, { type: "roster-rows", isReply, buckets, members: this.#rumoursIn(buckets) });
  }

  receiveRows(peer: ReplicaId, { isReply, buckets, members }: MessageOf<"roster-rows">, now: number): void {
    this.#host.hear(members, now);
    this.#host.told();
    if (isReply) return;
    const toldById = new Map(members.map((rumour) => [rumour.id, rumour]));
    const better = this.#rumoursIn(buckets).filter((own) => !this.#isSame(own, toldById.get(own.id)));
    this.#host.send(peer, { type: "roster-rows", isReply: true, buckets, members: better });
  }

  #isSame(own: Rumour, told: Rumour | undefined): boolean {
    // Whoever has left by itself is told of to those only who do not know that.
    if (own.left && own.givenUpLife === 0) return told === undefined || told.left;
    return told !== undefined && rowHash(own) === rowHash(told);
  }

  #buckets(): Uint32Array {
    return rosterBuckets(this.#host.rumours());
  }

  #rumoursIn(buckets: readonly number[]): Rumour[] {
    const wanted = new Set(buckets);
    return this.#host.rumours().filter(({ id }) => wanted.has(rosterBucketOf(id)));
  }
}
