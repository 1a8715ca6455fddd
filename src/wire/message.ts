/**
 * What replicas say to each other, protocol version 6. A frame is one message: its checksum
 * (`message-checksum.ts`), a type byte, then its fields.
 *
 *   members        who I am and who you are to me, which lives I lived and which of yours I know: the first thing over
 *                  a link, and again when I begin another life. Whoever is new to me I tell of all others, too.
 *   push           every write of my own origin in one space, in the order of its sequences, as written (R3). No answer,
 *                  unless `confirm` asks for one.
 *   relay          the same, for you and for others of your region, to whom you pass it on as
 *   relayed        a push of whom it names.
 *   confirm        how far your origin is covered here, for the shards of a push that asked.
 *
 * Anti-entropy, about once a second with a random peer:
 *
 *   A -> B  digest         one digest over all version vectors, one over all fingerprints. Equal: B answers with its
 *   B -> A  digest (reply) own, and that was all: both know that the other holds, on disk or not, what they hold.
 *   B -> A  shard-digests  otherwise: the same two digests for each shard. Either tells when, by A's wall clock, A asked.
 *   A -> B  vectors        the vectors of the shards that differ; B notes what it lacks and what A holds,
 *   B -> A  vectors        and tells its own; A does the same.
 *
 *   A -> B  pull           send me what I lack of this shard, here is my vector, and room for so many bytes more.
 *   B -> A  delta ...      records; the last one bears the claim, B's vector when it began (R1, R2).
 *   A -> B  credit         room for more. It counts for all that A pulls from B, in the order in which A asked.
 *   either  stop           the session is over before its end.
 *
 * Audit, when vectors are equal and fingerprints, as of the same instant, are not:
 *
 *   A -> B  audit-buckets  a fingerprint for each bucket of the shard.
 *   B -> A  audit-entries  what stands in the buckets that differ (64-bit elements); where that is too much, a slice of it.
 *   A -> B  audit-records  what B lacks, and
 *   A -> B  audit-fetch    elements of what A lacks; B answers with audit-records.
 *   any     audit-vote, audit-ballot   who holds this register? Where its tombstone may have been purged, the owners vote.
 *   any     audit-forget   the vote said that it was deleted.
 *
 * Membership (SWIM), once a second with one member of those that each watches over:
 *
 *   A -> B  ping           are you there?
 *   B -> A  ping-ack       yes. Both carry rumours: what is news of others, and first what the receiver has to refute.
 *   A -> C  ping-request   B does not answer me: ask it for me. C answers with B's ping-ack, or meanwhile with a
 *   C -> A  ping-nack      it does not answer me either, but I hear you.
 *   any     gossip         rumours, while there is news.
 *
 * and every half minute with a random peer, and at every new link:
 *
 *   A -> B  roster         one digest of all that is known of all members. Equal: B answers with its own, and that was all.
 *   B -> A  roster-buckets otherwise: a digest for each of 64 parts.
 *   A -> B  roster-rows    what A knows of the members in the parts that differ; B answers with what it knows better.
 *
 *   read, read-reply       the register of a key, for reads that want a quorum.
 *
 * Of values where there is no disk (`replica/ghosts.ts`):
 *
 *   A -> B  keep           have you these versions of registers, values included? Then I need not.
 *   B -> A  kept           which of them.
 *   A -> B  fetch          the value of this version of a register, please.
 *   B -> A  fetched        here it is, or what replaced it; or not; or I cannot tell at the moment.
 *
 *   follow, followed, news changes of shards that you hold and I do not, for who watches them here (`watch-relay.ts`).
 *   request, response      what a client of mine wants with keys that you hold and I do not (`request.ts`).
 *   quarantine             you were away too long: what you hold since before that life ended may be deleted here.
 *   leave                  I am going, for good or not.
 */

import type { Key, OriginId, ReplicaId, ShardId, SpaceId, Timestamp } from "../base/ids.ts";
import type { Digest } from "../core/digest.ts";
import type { PurgeMarks } from "../core/shard/purge-marks.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { GhostMessage } from "./ghost-message.ts";
import type { Records } from "./records.ts";
import type { Request, Response } from "./request.ts";

/**
 * Of the protocol, that are spoken here. `max` goes up with every change that an earlier version would take for bad bytes, be it of a
 * message or of a record; `min` with it, unless what is new is kept from peers that do not know it. Up to 2 there are no records of
 * collections and increments, up to 3 neither increments of members, nor acknowledgements of commands, up to 4 no pipelines of these,
 * up to 5 no parts of a read.
 */
export const VERSIONS = { min: 6, max: 6 } as const;

export interface MemberFacts {
  readonly id: ReplicaId;
  readonly life: number;
  readonly region: string;
  readonly address: string;
  /** Keeps nothing on disk: once it is gone it does not come back. */
  readonly ephemeral: boolean;
  /** Has left for good: no owner of anything, and all its lives have ended. */
  readonly left: boolean;
  /** The greatest disk epoch that it reported to anybody in its lives before this one. */
  readonly epoch: number;
  /** Drawn at random when the process began; 0: not told. Two births of one life: a life number was given out twice. */
  readonly birth: number;
  /** When its process began, unix ms by its own clock; 0: not told. */
  readonly startedAt: number;
  /** The life in which it last began with nothing to claim, new or quarantined; 0: not told. */
  readonly rootLife: number;
  /** The life that the teller gave up, 0 when it gave none up: what it holds may be deleted elsewhere, and purged. */
  readonly givenUpLife: number;
  /**
   * Odd: what it owned has been placed elsewhere, as it was away for too long, or is to be, as it goes. Raised by one by whoever
   * finds that it is away, and by the member itself when it hears of that: so it only grows.
   */
  readonly displaced: number;
  /** How long ago, in ms, the teller or somebody who told it saw it; undefined: nobody did lately. */
  readonly seenAgoMs: number | undefined;
}

export type MemberState = "alive" | "suspect" | "dead";

/** How a member stands within its present life (`cluster/swim/standing.ts`). */
export interface StandingFacts {
  /** Raised by the member itself, each time that it refutes what is said of it. */
  readonly incarnation: number;
  readonly state: MemberState;
  /** Who found it silent by themselves; of a suspect only. */
  readonly suspectedBy: readonly ReplicaId[];
}

/** All that there is to say of a member. */
export interface Rumour extends MemberFacts, StandingFacts {}

/** No member comes to refute so often, whatever is said of it. */
export const INCARNATION_MAX = 2 ** 48;

/** Parts of a roster, by replica number. */
export const ROSTER_BUCKETS = 64;

/** The greatest instant that a register can expire at, unix ms. */
export const INSTANT_MAX = 2 ** 48 - 1;

/** More slices than this nobody makes of a shard. */
export const SLICES_MAX = 2 ** 20;

/** A member, and the life that was given up of it. */
export interface GivenUp {
  readonly id: ReplicaId;
  readonly life: number;
}

/** A member, and the life since which it has held what it holds. */
export interface Rooted {
  readonly id: ReplicaId;
  readonly rootLife: number;
}

/** One life of a replica, and the number that its process drew at random when it began. */
export interface Birth {
  readonly life: number;
  readonly birth: number;
}

/** Lives that a replica remembers of itself. Who met nobody for more of them begins anew when it does. */
export const LINEAGE_MAX = 64;

/** What a report says beside a vector; the reporter's disk holds the vector when `durable`. */
export interface ReportFacts {
  /** Digest of the lives that the reporter knows: equal to ours, it knows of the same ended lives. */
  readonly lives: number;
  /** Count of batches its disk has taken, over all its lives. */
  readonly epoch: number;
  /** Its corrected clock, unix ms. */
  readonly clock: number;
  /** By how much that is ahead of its wall clock, which is what others compare theirs with; ms. */
  readonly correctionMs: number;
  /** Digest of all that says who owns what: equal to ours, it takes the same members for the owners of each shard. */
  readonly view: number;
}

/** The wall clock of whoever tells these facts, unix ms: what offsets of clocks are measured by. */
export function wallClockOf({ clock, correctionMs }: ReportFacts): number {
  return clock - correctionMs;
}

/** Registers held beyond what the vector covers, of one origin. */
export interface EarlyFacts {
  readonly origin: OriginId;
  /** Greatest sequence seen. */
  readonly seen: number;
  /** Order-independent digest of the sequences held above the vector. */
  readonly held: number;
}

/**
 * Whether a replica is *ready* in a shard: holds all that there is of it, but for what is on its way. It is neither in memory
 * nor on disk; in one of the two; in both.
 */
export const NOT_READY = 0;
export const HALF_READY = 1;
export const READY = 2;
export type Readiness = typeof NOT_READY | typeof HALF_READY | typeof READY;

export interface VectorEntry {
  readonly shard: ShardId;
  readonly vector: VersionVector;
  /** What of it is on the reporter's disk; the same object when all of it is. */
  readonly durable: VersionVector;
  readonly early: readonly EarlyFacts[];
  /** Something held waits to be confirmed: what is not in the vector may be held elsewhere alone. */
  readonly doubtful: boolean;
  readonly readiness: Readiness;
}

export interface DigestFacts extends ReportFacts {
  /** Unix ms of the instant as of which the fingerprints are: what expires later counts, the rest does not. */
  readonly asOf: number;
  readonly vectors: Digest;
  readonly fingerprints: Digest;
  readonly durable: boolean;
  /** Nothing is held or seen beyond the vectors. */
  readonly whole: boolean;
  /** There are fingerprints as of then: nothing that expires later has fallen, nor is too much still to fall. */
  readonly swept: boolean;
  /** The sender is ready in all of these shards, and its disk says so. */
  readonly ready: boolean;
  /** How many members the sender, or anybody it heard of it from, has forgotten for good. */
  readonly departures: number;
  /** The first timestamp of a millisecond: whatever the sender writes later in this life is stamped above. */
  readonly stamp: Timestamp;
  /** Shards of which the sender, by its view, holds something that it does not own; ascending. */
  readonly strays: readonly ShardId[];
}

export interface ShardDigestRow {
  readonly shard: ShardId;
  readonly vector: Digest;
  readonly fingerprint: Digest;
  /** All that the vector covers is on the sender's disk. */
  readonly durable: boolean;
  /** Nothing is held or seen beyond the vector. */
  readonly whole: boolean;
  /** There is a fingerprint as of the message's instant. */
  readonly swept: boolean;
  readonly readiness: Readiness;
}

export interface AuditEntry {
  readonly elementHigh: number;
  readonly elementLow: number;
}

export type Message =
  | {
      readonly type: "members";
      readonly self: ReplicaId;
      /** The list holds all that the sender knows; otherwise the two whom the link joins. */
      readonly isAll: boolean;
      readonly members: readonly Rumour[];
      /** The sender's latest lives, and those of the receiver that the sender knows of; ascending. */
      readonly lineage: readonly Birth[];
      readonly known: readonly Birth[];
    }
  | { readonly type: "push"; readonly confirm: boolean; readonly space: SpaceId; readonly records: Records }
  /** A push that the receiver passes on to these, who are in its region. */
  | {
      readonly type: "relay";
      readonly to: readonly ReplicaId[];
      readonly confirm: boolean;
      readonly space: SpaceId;
      readonly records: Records;
    }
  /** A push of somebody else, passed on. */
  | {
      readonly type: "relayed";
      readonly of: ReplicaId;
      readonly confirm: boolean;
      readonly space: SpaceId;
      readonly records: Records;
    }
  | {
      readonly type: "confirm";
      readonly origin: OriginId;
      readonly entries: readonly { readonly shard: ShardId; readonly sequence: number }[];
    }
  | ({
      readonly type: "digest";
      readonly reply: boolean;
      /** Of what this answers: the wall clock of whoever asked, unix ms modulo 2^32; 0 in a question. */
      readonly askedAt: number;
    } & DigestFacts)
  | ({
      readonly type: "shard-digests";
      readonly askedAt: number;
      readonly asOf: number;
      readonly rows: readonly ShardDigestRow[];
    } & ReportFacts)
  | ({ readonly type: "vectors"; readonly reply: boolean; readonly entries: readonly VectorEntry[] } & ReportFacts)
  | {
      readonly type: "pull";
      readonly session: number;
      readonly shard: ShardId;
      readonly credit: number;
      /** The view by which the puller owns the shard; the source comes to hold it before it collects what to send. */
      readonly view: number;
      readonly vector: VersionVector;
    }
  | {
      readonly type: "delta";
      readonly session: number;
      readonly claim: VersionVector | undefined;
      /** With the claim: the source was ready in the shard when it collected what it sent. */
      readonly ready: boolean;
      /** With the claim: the newest stamp purged from each bucket, where anything was. */
      readonly marks: PurgeMarks | undefined;
      readonly records: Records;
    }
  | { readonly type: "credit"; readonly bytes: number }
  | { readonly type: "stop"; readonly session: number; readonly fromSource: boolean }
  | {
      readonly type: "audit-buckets";
      readonly shard: ShardId;
      readonly asOf: number;
      readonly vector: Digest;
      readonly buckets: readonly Digest[];
    }
  | {
      readonly type: "audit-entries";
      readonly shard: ShardId;
      readonly asOf: number;
      readonly vector: Digest;
      readonly buckets: readonly number[];
      /** Of this many slices, equal parts of all that `elementHigh` may be, the one that the entries lie in. */
      readonly slices: number;
      readonly slice: number;
      readonly entries: readonly AuditEntry[];
    }
  | {
      readonly type: "audit-fetch";
      readonly shard: ShardId;
      readonly buckets: readonly number[];
      readonly entries: readonly AuditEntry[];
    }
  | { readonly type: "audit-records"; readonly shard: ShardId; readonly records: Records }
  | { readonly type: "audit-vote"; readonly vote: number; readonly shard: ShardId; readonly records: Records }
  | { readonly type: "audit-ballot"; readonly vote: number; readonly holds: boolean }
  | { readonly type: "audit-forget"; readonly shard: ShardId; readonly records: Records }
  | {
      readonly type: "read";
      readonly request: number;
      readonly shard: ShardId;
      readonly kind: number;
      readonly key: string;
    }
  | {
      readonly type: "read-reply";
      readonly request: number;
      /** False: the sender may lack what it once acknowledged, or what there was before it came; its word counts for nothing. */
      readonly whole: boolean;
      readonly records: Records;
    }
  | GhostMessage
  | {
      readonly type: "quarantine";
      readonly givenUpLife: number;
      /** The life since which the sender has held what it holds. */
      readonly rootLife: number;
      /** The half that the sender belongs to, without the sender. */
      readonly half: readonly Rooted[];
      /** Whom the sender gave up: whoever defers to it does, too. */
      readonly givenUp: readonly GivenUp[];
    }
  | { readonly type: "leave"; readonly forGood: boolean }
  | { readonly type: "ping"; readonly sequence: number; readonly rumours: readonly Rumour[] }
  | { readonly type: "ping-ack"; readonly sequence: number; readonly rumours: readonly Rumour[] }
  | { readonly type: "ping-request"; readonly sequence: number; readonly target: ReplicaId }
  | { readonly type: "ping-nack"; readonly sequence: number }
  | { readonly type: "gossip"; readonly rumours: readonly Rumour[] }
  | { readonly type: "roster"; readonly isReply: boolean; readonly digest: Digest }
  | { readonly type: "roster-buckets"; readonly buckets: readonly number[] }
  | {
      readonly type: "roster-rows";
      readonly isReply: boolean;
      /** The parts that the rows are of, ascending. */
      readonly buckets: readonly number[];
      readonly members: readonly Rumour[];
    }
  /** All the shards of a space, by number, that the sender wants to hear of from now on. */
  | { readonly type: "follow"; readonly space: SpaceId; readonly shards: readonly number[] }
  /** Those of them that it does hear of from now on. */
  | { readonly type: "followed"; readonly space: SpaceId; readonly shards: readonly number[] }
  | { readonly type: "news"; readonly space: SpaceId; readonly records: Records }
  | ({ readonly type: "request" } & Request)
  | ({ readonly type: "response" } & Response)
  /** About a key or a protocol of its own, kept nowhere, lost where a link is slow or down; at most `WHISPER_BYTES_MAX`. */
  | { readonly type: "whisper"; readonly topic: Key; readonly bytes: Uint8Array };

export const WHISPER_BYTES_MAX = 128 * 1024;

export type MessageOf<Type extends Message["type"]> = Extract<Message, { readonly type: Type }>;
