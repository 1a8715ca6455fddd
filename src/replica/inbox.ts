/**
 * What peers say, one message at a time: it goes to whoever sees to it. A peer that was given up is neither fed nor believed (I2 of
 * `replica.ts`).
 */

import { assertNever } from "../base/assert.ts";
import type { OriginId, ReplicaId, SpaceId } from "../base/ids.ts";
import type { AntiEntropy } from "../cluster/anti-entropy.ts";
import type { Audit } from "../cluster/audit.ts";
import { isGivenUp, type Members } from "../cluster/members.ts";
import type { Membership } from "../cluster/membership.ts";
import { isOfMembership } from "../cluster/membership-message.ts";
import type { Pulls } from "../cluster/pulls.ts";
import type { Replication } from "../cluster/replication.ts";
import type { Serving } from "../cluster/serving.ts";
import type { Message, MessageOf, ReportFacts } from "../wire/message.ts";
import type { AckWaits } from "./acks.ts";
import type { Bequest } from "./bequest.ts";
import type { Confirmations } from "./confirmations.ts";
import type { Fetches } from "./fetches.ts";
import type { Ghosts } from "./ghosts.ts";
import type { Intake } from "./intake.ts";
import type { Peers } from "./peers.ts";
import type { Persistence } from "./persistence.ts";
import type { QuorumReads } from "./quorum-reads.ts";
import type { WatchRelay } from "./watch-relay.ts";

/** Whoever carries out what clients of other replicas want, and asks others for what clients of this one do. */
export interface RequestListener {
  /** The bytes are valid during the call only. */
  receive(peer: ReplicaId, message: MessageOf<"request">): void;
  /** Throws `BadBytes`. */
  receiveResponse(peer: ReplicaId, message: MessageOf<"response">, now: number): void;
  linkDown(peer: ReplicaId): void;
}

export interface InboxHost {
  readonly origin: OriginId;
  readonly members: Members;
  readonly membership: Membership;
  readonly replication: Replication;
  readonly antiEntropy: AntiEntropy;
  readonly pulls: Pulls;
  readonly serving: Serving;
  readonly intake: Intake;
  readonly audit: Audit;
  readonly acks: AckWaits;
  readonly coverage: { readonly confirmations: Confirmations };
  readonly quorumReads: QuorumReads;
  readonly ghosts: Ghosts;
  readonly bequest: Bequest;
  readonly fetches: Fetches;
  readonly watchRelay: WatchRelay;
  readonly persistence: Pick<Persistence, "epochsDirty">;
  readonly peers: Peers;
  readonly requests: RequestListener | undefined;
  heardOf(space: SpaceId, now: number): void;
}

export class Inbox {
  readonly #host: InboxHost;

  constructor(host: InboxHost) {
    this.#host = host;
  }

  /** Throws `BadBytes` where it says what cannot be. */
  receive(peer: ReplicaId, message: Message, now: number): void {
    const host = this.#host;
    if (isOfMembership(message)) return host.membership.receive(peer, message, now);
    const member = host.members.get(peer);
    if (member === undefined || isGivenUp(member)) {
      if (message.type === "pull") host.serving.refusePull(peer, message);
      if (message.type === "credit") host.serving.receiveCredit(peer, message);
      if (message.type === "follow") host.watchRelay.refuseFollow(peer, message);
      return;
    }
    switch (message.type) {
      case "push":
        return host.replication.receivePush(peer, message, now);
      case "relay":
        return host.replication.receiveRelay(peer, message, now);
      case "relayed":
        return host.replication.receiveRelayed(message, now);
      case "confirm":
        return this.#receiveConfirm(peer, message);
      case "digest":
        this.#noteEpoch(peer, message);
        host.antiEntropy.receiveDigest(peer, message, now);
        return host.acks.progressedEverywhere();
      case "shard-digests":
        this.#noteEpoch(peer, message);
        host.antiEntropy.receiveShardDigests(peer, message, now);
        return host.acks.progressedEverywhere();
      case "vectors":
        this.#noteEpoch(peer, message);
        host.antiEntropy.receiveVectors(peer, message, now);
        host.intake.pull(now);
        return host.acks.progressedEverywhere();
      case "pull":
        return host.serving.receivePull(peer, message);
      case "delta":
        return host.intake.receiveDelta(peer, message, now);
      case "credit":
        return host.serving.receiveCredit(peer, message);
      case "stop":
        return message.fromSource ? host.pulls.receiveStop(peer, message) : host.serving.receiveStop(peer, message);
      case "audit-buckets":
        return host.audit.receiveBuckets(peer, message);
      case "audit-entries":
        return host.audit.receiveEntries(peer, message);
      case "audit-fetch":
        return host.audit.receiveFetch(peer, message);
      case "audit-records":
        return host.audit.receiveRecords(peer, message, now);
      case "audit-vote":
        return host.audit.votes.receiveVote(peer, message);
      case "audit-ballot":
        return host.audit.votes.receiveBallot(peer, message, now);
      case "audit-forget":
        return host.audit.receiveForget(message);
      case "read":
        return host.quorumReads.receiveRead(peer, message);
      case "read-reply":
        return host.quorumReads.receiveReply(peer, message, now);
      case "keep":
        return host.ghosts.receiveKeep(peer, message);
      case "kept":
        host.bequest.receiveKept(peer, message);
        return host.ghosts.receiveKept(peer, message);
      case "fetch":
        return host.fetches.receiveFetch(peer, message);
      case "fetched":
        return host.fetches.receiveFetched(peer, message, now);
      case "follow":
        return host.watchRelay.receiveFollow(peer, message);
      case "followed":
        return host.watchRelay.receiveFollowed(peer, message);
      case "news":
        return host.watchRelay.receiveNews(peer, message, now);
      case "request":
        host.heardOf(message.space, now);
        return host.requests?.receive(peer, message);
      case "response":
        return host.requests?.receiveResponse(peer, message, now);
      case "whisper":
        return host.peers.heard({ type: "message", from: peer, topic: message.topic, message: message.bytes.slice() });
      case "leave":
        return host.membership.receiveLeave(peer, message);
      default:
        return assertNever(message);
    }
  }

  #receiveConfirm(peer: ReplicaId, message: MessageOf<"confirm">): void {
    const { origin, coverage, acks } = this.#host;
    if (message.origin !== origin) return;
    for (const { shard, sequence } of message.entries) {
      coverage.confirmations.note(peer, shard, sequence);
      acks.progressed(shard);
    }
  }

  #noteEpoch(peer: ReplicaId, facts: ReportFacts): void {
    if (this.#host.members.observeEpoch(peer, facts.epoch)) this.#host.persistence.epochsDirty = true;
  }
}
