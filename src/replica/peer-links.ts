/** Which link leads to which peer: one each way at a time, the newest. */

import type { ReplicaId } from "../base/ids.ts";
import type { LinkId } from "./ports.ts";

export class PeerLinks {
  readonly #peersByLink = new Map<LinkId, ReplicaId>();
  readonly #linksById = new Map<ReplicaId, LinkId>();

  up(link: LinkId, peer: ReplicaId): void {
    this.#peersByLink.set(link, peer);
    this.#linksById.set(peer, link);
  }

  /** The peer that cannot be reached any more; undefined where another link leads there, or none ever did. */
  down(link: LinkId): ReplicaId | undefined {
    const peer = this.#peersByLink.get(link);
    this.#peersByLink.delete(link);
    if (peer === undefined || this.#linksById.get(peer) !== link) return undefined;
    this.#linksById.delete(peer);
    return peer;
  }

  peerOf(link: LinkId): ReplicaId | undefined {
    return this.#peersByLink.get(link);
  }

  linkTo(peer: ReplicaId): LinkId | undefined {
    return this.#linksById.get(peer);
  }

  has(peer: ReplicaId): boolean {
    return this.#linksById.has(peer);
  }

  peers(): Iterable<ReplicaId> {
    return this.#linksById.keys();
  }
}
