/**
 * The links that there are, at most one a peer, and who may have one: of two links between one pair one survives
 * (`wire/link-choice.ts`), and of two replicas of one name the first.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { LinkId } from "../replica/ports.ts";
import type { ProvedPeer } from "../wire/handshake.ts";
import type { Refusal } from "../wire/handshake-message.ts";
import { type LinkClaim, replaces } from "../wire/link-choice.ts";
import type { PeerConnection } from "./peer-connection.ts";

export interface Link {
  readonly id: LinkId;
  readonly connection: PeerConnection;
  readonly peer: ProvedPeer;
  readonly claim: LinkClaim;
}

export class LinkTable {
  readonly #linksMax: number;
  readonly #self: () => ReplicaId;
  readonly #linksById = new Map<LinkId, Link>();
  readonly #linksByPeer = new Map<ReplicaId, Link>();
  readonly #linksByConnection = new Map<PeerConnection, Link>();
  #lastId = 0;

  /** `self`: asked only once a peer has been heard of. */
  constructor(linksMax: number, self: () => ReplicaId) {
    this.#linksMax = linksMax;
    this.#self = self;
  }

  get size(): number {
    return this.#linksById.size;
  }

  /** Of all links. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const { connection } of this.#linksById.values()) bytes += connection.queuedBytes;
    return bytes;
  }

  /** As they are now: links may end while one goes through them. */
  all(): readonly Link[] {
    return [...this.#linksById.values()];
  }

  get(id: LinkId): Link | undefined {
    return this.#linksById.get(id);
  }

  ofPeer(peer: ReplicaId): Link | undefined {
    return this.#linksByPeer.get(peer);
  }

  ofConnection(connection: PeerConnection): Link | undefined {
    return this.#linksByConnection.get(connection);
  }

  /** True where there is a link to that address, or to that replica under any. */
  isLinked(address: string, replica: ReplicaId | undefined): boolean {
    if (replica !== undefined && this.#linksByPeer.has(replica)) return true;
    for (const link of this.#linksByPeer.values()) if (link.peer.address === address) return true;
    return false;
  }

  /** Why a peer that proved itself may not have a link; undefined: it may, in place of the one it has. */
  admit(inbound: boolean, peer: ProvedPeer): Refusal | undefined {
    const held = this.#linksByPeer.get(peer.id);
    if (held === undefined) {
      if (this.size < this.#linksMax) return undefined;
      return { code: "TOO_MANY_CONNECTIONS", message: `${this.size} links` };
    }
    if (held.peer.processNumber !== peer.processNumber) return refuseDuplicate(held);
    if (replaces(this.#claimOf(inbound, peer), held.claim)) return undefined;
    return { code: "PEER_REPLACED", message: "another link between the two stays" };
  }

  /** Why whoever we dialled, by what it claims to be, need not prove it. */
  turnAway({ id, processNumber }: Pick<ProvedPeer, "id" | "processNumber">): Refusal | undefined {
    const held = this.#linksByPeer.get(id);
    if (held === undefined) return undefined;
    if (held.peer.processNumber !== processNumber) return refuseDuplicate(held);
    return { code: "PEER_REPLACED", message: `the dialler has a link to ${id}` };
  }

  /** The peer has no other one, or that one is over. */
  add(connection: PeerConnection, peer: ProvedPeer): Link {
    const link: Link = { id: ++this.#lastId, connection, peer, claim: this.#claimOf(connection.inbound, peer) };
    this.#linksById.set(link.id, link);
    this.#linksByPeer.set(peer.id, link);
    this.#linksByConnection.set(connection, link);
    return link;
  }

  remove(link: Link): void {
    this.#linksById.delete(link.id);
    this.#linksByConnection.delete(link.connection);
    if (this.#linksByPeer.get(link.peer.id) === link) this.#linksByPeer.delete(link.peer.id);
  }

  #claimOf(inbound: boolean, peer: ProvedPeer): LinkClaim {
    return { peerLife: peer.life, dialler: inbound ? peer.id : this.#self(), attempt: peer.attempt };
  }
}

/** Whoever came first stays while it can be heard. Should it be gone without a word, the other one is let in when it tries again. */
function refuseDuplicate({ peer, connection }: Link): Refusal {
  connection.challenge();
  const message = `a replica named ${peer.id} is there already, at ${peer.address}: choose another --id`;
  return { code: "PEER_DUPLICATE_ID", message };
}
