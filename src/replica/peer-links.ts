/** Which link leads to which peer: one each way at a time, the newest. */

import type { ReplicaId } from "../base/ids.ts";
import type { LinkId } from "./ports.ts";

export class PeerLinks {
  readonly #peersByLink = new Map<LinkId, ReplicaId>();
  readonly #linksById = new Map<ReplicaId, LinkId>();
  readonly #versionsByLink = new Map<LinkId, number>();

  /** `version`: of the protocol, that both ends speak. */
  up(link: LinkId, peer: ReplicaId, version: number): void {
    this.#peersByLink.set(link, peer);
    this.#versionsByLink.set(link, version);
    this.#linksById.set(peer, link);
  }

  /** The peer that cannot be reached any more; undefined where another link leads there, or none ever did. */
  down(link: LinkId): ReplicaId | undefined {
    const peer = this.#peersByLink.get(link);
    this.#peersByLink.delete(link);
    this.#versionsByLink.delete(link);
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

  /** 0: there is no link. */
  versionTo(peer: ReplicaId): number {
    const link = this.#linksById.get(peer);
    return link === undefined ? 0 : (this.#versionsByLink.get(link) ?? 0);
  }

  has(peer: ReplicaId): boolean {
    return this.#linksById.has(peer);
  }

  peers(): Iterable<ReplicaId> {
    return this.#linksById.keys();
  }
}
