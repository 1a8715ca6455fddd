/**
 * What a replica asks of another for a client of its own: keys of a shard that the other owns. A write keeps the stamp that
 * the first replica gave it, so that it is the same write at whichever owner it is tried again; one with a condition has
 * none, and is not tried again once it may have been carried out.
 */

import type { RestoreCounts } from "../backup-store.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { Key, OriginId, SpaceId, Timestamp } from "../base/ids.ts";
import type { Reply } from "../command-reply.ts";
import type { Allowance } from "../command-store.ts";
import type { AckLevel, Acks, Condition, Dot } from "../store.ts";
import type { Records } from "./records.ts";

export interface Request {
  /** Numbered by whoever asks. */
  readonly request: number;
  readonly space: SpaceId;
  /** How often it may still be passed on. */
  readonly hops: number;
  /** What whoever carries it out must hold first (session guarantees), and how long it may wait for that, ms. */
  readonly after: readonly Dot[];
  readonly waitMs: number;
  readonly body: RequestBody;
}

export type RequestBody = ReadBody | WriteBody | ListBody | WritesBody | CopyBody | RestoreBody | CommandsBody;

export interface ReadBody {
  readonly type: "read";
  readonly key: Key;
  /** The newest of a majority of the owners. */
  readonly quorum: boolean;
}

export interface WriteBody {
  readonly type: "write";
  readonly key: Key;
  /** Absent: a deletion. */
  readonly value?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  /** In order. */
  readonly tags?: readonly string[] | undefined;
  /** What it is to be stamped above: invalidations of its tags that whoever was asked first knows. */
  readonly above?: Timestamp | undefined;
  /** Unix ms. */
  readonly expiresAt?: number | undefined;
  /** What it bears; absent: who carries it out stamps it. */
  readonly stamp?: Timestamp | undefined;
  /** It was asked for before and may have been carried out. */
  readonly mayBeDone: boolean;
  readonly condition?: Condition | undefined;
  readonly ack: AckLevel;
  readonly ackTimeoutMs: number;
}

/** Live keys of some shards, in the order of the listing. */
export interface ListBody {
  readonly type: "list";
  readonly prefix: string;
  readonly limit: number;
  /** Numbers within the space, ascending. */
  readonly shards: readonly number[];
  /** Where the first of them begins: an order, and of its keys those behind this one. */
  readonly order: number;
  readonly after?: string | undefined;
}

/** How far you have written into each shard of the space: what you may have acknowledged to clients. */
export interface WritesBody {
  readonly type: "writes";
}

/** What is live in some shards, in the order of the listing, about so many bytes of it. */
export interface CopyBody {
  readonly type: "copy";
  readonly bytesMax: number;
  /** Numbers within the space, ascending. */
  readonly shards: readonly number[];
  /** Where the first of them begins, as for a listing. */
  readonly order: number;
  readonly after?: string | undefined;
}

/** Registers of one shard, out of a backup. */
export interface RestoreBody {
  readonly type: "restore";
  /** What they are all stamped with; absent: each keeps its own. */
  readonly stamp?: Timestamp | undefined;
  /** Their dots are of this cluster, so that one that was deleted since is known by it. */
  readonly isOurs: boolean;
  readonly records: Records;
}

/** Commands of a Redis client, to be carried out with nothing in between, or one after the other. */
export interface CommandsBody {
  readonly type: "commands";
  /** The name and the arguments of each. Outlive the frame. */
  readonly commands: readonly (readonly Uint8Array[])[];
  /** They are answered with one list, or with none where a watched key has changed; otherwise there is one, and so is its answer ... */
  readonly isTransaction: boolean;
  /** ... or they are carried out one after the other, and answered with a list of what the first of them answer: those behind these have not been begun. */
  readonly isPipeline?: boolean | undefined;
  /** Versions that keys must have for anything to be carried out. */
  readonly watched: readonly { readonly key: Key; readonly version: string }[];
  /** Whoever carries them out has to have all that the client has seen, or answers `SESSION_BEHIND`. */
  readonly isBehindRefused?: boolean | undefined;
  /** What a command about all keys looks at, as numbers within the space, ascending; none: they are about keys of their own. */
  readonly shards: readonly number[];
  /** What the client may do, if not everything: of the commands themselves it has been looked at, of those that scripts give it has not. */
  readonly allowance?: Allowance | undefined;
  /** How far what they write must have got before they are answered, and how long that is waited for. Absent: nobody asked. */
  readonly ack?: { readonly level: AckLevel; readonly timeoutMs: number } | undefined;
  /** Of the clock of whoever asks: all that is written is stamped above it, as far as clocks follow each other. */
  readonly clock: Timestamp;
}

export interface Response {
  readonly request: number;
  readonly body: ResponseBody;
}

export type ResponseBody =
  /** It is being seen to: the answer follows once others have answered, or not in time. */
  | { readonly type: "taken" }
  /** The register, or none: nothing is known of the key. `beside`: of what else it consists, as in `ReadOutcome`. */
  | { readonly type: "read"; readonly beside: readonly Dot[]; readonly records: Records }
  | WrittenBody
  /** Not carried out: its stamp has to be greater. */
  | { readonly type: "stale"; readonly above: Timestamp }
  /** Not carried out; somebody else may. */
  | { readonly type: "refused" }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string }
  | { readonly type: "listed"; readonly pages: readonly ListedShard[] }
  | { readonly type: "wrote"; readonly dots: readonly Dot[] }
  | CopiedBody
  | RepliedBody
  | ({ readonly type: "restored" } & RestoreCounts);

/** To commands. Outlives the frame. */
export interface RepliedBody {
  readonly type: "replied";
  readonly reply: Reply;
  /** Of what was written last in each shard. */
  readonly dots: readonly Dot[];
  /** How far that got, where it was asked for, and anything was written or found. */
  readonly acks?: Acks | undefined;
  /** Nothing that was written is stamped above it, and nothing of later will be below. */
  readonly clock: Timestamp;
}

export interface CopiedBody {
  readonly type: "copied";
  /** Of the shards that were asked for, the first so many are there to their ends. */
  readonly done: number;
  /** Where the one behind them goes on. */
  readonly order: number;
  readonly after?: string | undefined;
  readonly records: Records;
}

export interface WrittenBody {
  readonly type: "written";
  readonly timestamp: Timestamp;
  readonly origin: OriginId;
  readonly sequence: number;
  readonly existed: boolean;
  readonly acks: Acks;
}

/** Keys of one shard; where it goes on, unless that was all of it. Shards behind one that goes on are left out. */
export interface ListedShard {
  readonly shard: number;
  readonly keys: readonly Key[];
  readonly next?: { readonly order: number; readonly after?: string | undefined } | undefined;
}
