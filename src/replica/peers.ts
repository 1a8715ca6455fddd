/**
 * The peers of this replica: links come and go, frames arrive, and what was asked over a link that is gone will not come. A frame
 * that does not decode costs its link (I3 of `replica.ts`).
 */

import { BadBytes } from "../base/bytes.ts";
import type { Key, ReplicaId } from "../base/ids.ts";
import type { AntiEntropy } from "../cluster/anti-entropy.ts";
import { isGivenUp, type Members } from "../cluster/members.ts";
import type { Membership } from "../cluster/membership.ts";
import type { Pulls } from "../cluster/pulls.ts";
import type { Replication } from "../cluster/replication.ts";
import type { Serving } from "../cluster/serving.ts";
import type { Whisper } from "../document-store.ts";
import { decodeMessage, encodeMessage } from "../wire/codec.ts";
import type { Bequest } from "./bequest.ts";
import type { Fetches } from "./fetches.ts";
import type { Ghosts } from "./ghosts.ts";
import type { Inbox, RequestListener } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import type { LinkId, PeerFacts } from "./ports.ts";
import type { QuorumReads } from "./quorum-reads.ts";
import type { Sender } from "./sender.ts";
import type { Timekeeping } from "./timekeeping.ts";
import type { WatchRelay } from "./watch-relay.ts";

/** Of what one step says to a peer: beyond it whispers nothing more, as links leave out what they need not take. */
export const WHISPERED_BYTES_MAX = 8 * 1024 * 1024;

/** Whoever hears what peers whisper. */
export interface WhisperListener {
  heard(whisper: Whisper): void;
}

export interface PeersHost {
  readonly id: ReplicaId;
  readonly outbox: Outbox;
  readonly members: Members;
  readonly membership: Membership;
  readonly sender: Sender;
  readonly inbox: Inbox;
  readonly time: Timekeeping;
  readonly antiEntropy: AntiEntropy;
  readonly replication: Replication;
  readonly pulls: Pulls;
  readonly serving: Serving;
  readonly quorumReads: QuorumReads;
  readonly ghosts: Ghosts;
  readonly bequest: Bequest;
  readonly fetches: Fetches;
  readonly watchRelay: WatchRelay;
  readonly requests: RequestListener | undefined;
  readonly whispers: WhisperListener | undefined;
}

export class Peers {
  /** Frames that did not decode, or said what cannot be. */
  badFrames = 0;
  readonly #host: PeersHost;

  constructor(host: PeersHost) {
    this.#host = host;
  }

  linkUp(link: LinkId, peer: PeerFacts, now: number): void {
    const { id, outbox, members, sender, membership, antiEntropy, quorumReads } = this.#host;
    const clash = members.clashOf(peer.id);
    if (clash !== undefined || peer.id === id) {
      const reason = `replica id ${peer.id} clashes with ${clash ?? id}: choose another --id`;
      outbox.closes.push({ link, code: "PEER_DUPLICATE_ID", reason });
      return;
    }
    sender.links.up(link, peer.id);
    membership.linkUp(peer, now);
    outbox.log("info", "link-up", { peer: peer.id, life: peer.life, region: peer.region });
    if (id < peer.id) antiEntropy.begin(peer.id, now);
    quorumReads.linkUp(peer.id);
    this.heard({ type: "here", from: peer.id });
  }

  linkDown(link: LinkId, reason: string): void {
    const { sender, serving, outbox, membership } = this.#host;
    const peer = sender.links.down(link);
    if (peer === undefined) return;
    serving.linkDown(peer);
    this.#endTalk(peer);
    outbox.log("info", "link-down", { peer, reason });
    membership.linkDown(peer);
    this.heard({ type: "gone", from: peer });
  }

  /** A member was given up, linked or not. */
  gaveUp(id: ReplicaId): void {
    this.#host.serving.end(id);
    this.#endTalk(id);
  }

  /** What a peer was asked for will not come. */
  #endTalk(peer: ReplicaId): void {
    const host = this.#host;
    host.pulls.linkDown(peer);
    host.antiEntropy.linkDown(peer);
    host.time.guard.forget(peer);
    host.replication.linkDown(peer);
    host.quorumReads.linkDown(peer);
    host.ghosts.linkDown(peer);
    host.bequest.linkDown(peer);
    host.fetches.linkDown(peer);
    host.watchRelay.linkDown(peer);
    host.requests?.linkDown(peer);
  }

  /** One frame from a linked peer. Bytes that do not decode end the link. */
  receive(link: LinkId, frame: Uint8Array, now: number): void {
    const { sender, members, inbox, outbox } = this.#host;
    const peer = sender.links.peerOf(link);
    if (peer === undefined) return;
    members.seen(peer, now);
    try {
      inbox.receive(peer, decodeMessage(frame), now);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.badFrames++;
      outbox.log("warn", "bad-frame", { peer, reason: error.message });
      outbox.closes.push({ link, code: "PEER_BAD_FRAME", reason: error.message });
    }
  }

  /** Peers with a link, those given up left out. */
  linked(): readonly ReplicaId[] {
    const { sender, members } = this.#host;
    const ids: ReplicaId[] = [];
    for (const id of sender.links.peers()) {
      const member = members.get(id);
      if (member !== undefined && !isGivenUp(member)) ids.push(id);
    }
    return ids;
  }

  /**
   * Something that is kept nowhere, to one peer or to all that are linked. A step that whispers more than a link would take is
   * heard of only in part.
   */
  whisper(topic: Key, bytes: Uint8Array, to: ReplicaId | undefined): void {
    const { sender } = this.#host;
    const peers = (to === undefined ? this.linked() : [to]).filter(
      (peer) => sender.stepBytes(peer) < WHISPERED_BYTES_MAX,
    );
    if (peers.length > 0) sender.broadcast(peers, encodeMessage({ type: "whisper", topic, bytes }));
  }

  /** Once the present step is done. */
  heard(whisper: Whisper): void {
    this.#host.outbox.deliveries.push(() => this.#host.whispers?.heard(whisper));
  }
}
