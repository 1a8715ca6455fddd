/**
 * What a store of keys offers, be it the replica in this process or a client of a remote one. Doors, adapters and the
 * command line know this interface and the statistics, nothing deeper.
 */

import type { Key, OriginId, ReplicaId, ShardId } from "./base/ids.ts";
import type { ClusterStatus } from "./cluster-status.ts";

/** How far a write must have got before it is answered. See `WriteOutcome.acks` for what was reached. */
export type AckLevel = "memory" | "disk" | "region" | "quorum" | "all";

export const ACK_LEVELS: readonly AckLevel[] = ["memory", "disk", "region", "quorum", "all"];

/** Names one write: the sequence that `origin` gave it in `shard`. */
export interface Dot {
  readonly shard: ShardId;
  readonly origin: OriginId;
  readonly sequence: number;
}

/**
 * Identity of a register's content, opaque to clients. Two that are equal are of the same write, or of a number that is added to the
 * same writes; a write may get another one when a replica begins anew, having been away for longer than the retention. ETag-safe.
 */
export type Version = string;

export interface Entry {
  /** A copy: the caller may keep it. */
  readonly value: Uint8Array;
  /** MIME type that came with the value, at most 255 latin1 characters. */
  readonly contentType?: string;
  /** That came with the value: bytes as latin1 text, each once, in their order; absent where there are none. */
  readonly tags?: readonly string[];
  readonly version: Version;
  /** Unix ms; absent when the value does not expire. */
  readonly expiresAt?: number;
}

/** Makes room for so many more bytes of a value; undefined: there is. */
export type Room = (bytes: number) => Promise<void> | undefined;

/** Up to here nobody is asked for room: what is short costs no more than it did. */
export const SHORT_VALUE_BYTES_MAX = 64 * 1024;

export interface ReadOptions {
  readonly consistency?: "local" | "quorum";
  /** Asked before a long value is copied for the caller, or had of the disk; rejects with what the read is to fail with. */
  readonly room?: Room;
}

export interface ReadOutcome {
  readonly entry?: Entry;
  /** The dot that was read, also of a tombstone; absent where nothing is known of the key. */
  readonly dot?: Dot;
  /** Of the invalidation that what is held of the key is stale by. */
  readonly staleBy?: Dot;
  /** Of a number that is added to, or that was: what else it consists of, or that there is none, of each origin the newest. */
  readonly beside?: readonly Dot[];
}

/** Decided at this replica, against what it holds at that moment. */
export type Condition =
  | { readonly type: "absent" }
  | { readonly type: "present" }
  | { readonly type: "version"; readonly versions: readonly Version[] };

export interface WriteOptions {
  readonly ack?: AckLevel;
  /** How long to wait for `ack`, in ms; 5,000 unless told. */
  readonly ackTimeoutMs?: number;
  readonly condition?: Condition;
}

/** `room` is for what it reads, all together. */
export type BatchOptions = WriteOptions & Pick<ReadOptions, "room">;

export interface PutOptions extends WriteOptions {
  /** From now, in ms, a whole number from 1 to 10 years. */
  readonly ttlMs?: number;
  readonly contentType?: string;
  /** At most 16, of 1 to 128 bytes as latin1 text: what `invalidate` makes the value stale by. */
  readonly tags?: readonly string[];
}

/** The dot, and how far an invalidation got, as of any write. */
export type InvalidateOutcome = Omit<WriteOutcome, "existed">;

export interface WriteOutcome {
  readonly version: Version;
  readonly dot: Dot;
  /** A live value was there before. */
  readonly existed: boolean;
  readonly acks: Acks;
}

/** Replicas that have a write, out of those asked for, this one included. `met`: the asked-for level was reached. */
export interface Acks {
  readonly reached: number;
  readonly wanted: number;
  readonly met: boolean;
}

export interface KeysOptions {
  readonly prefix: string;
  readonly limit: number;
  /** Of the page before. */
  readonly cursor?: string;
}

export interface KeyPage {
  readonly keys: readonly Key[];
  /** Where to go on; absent at the end. A page may be short, even empty, and still have a cursor. */
  readonly cursor?: string;
}

export type BatchOperation =
  | {
      readonly type: "put";
      readonly key: Key;
      readonly value: Uint8Array;
      readonly ttlMs?: number;
      readonly contentType?: string;
      readonly tags?: readonly string[];
    }
  | { readonly type: "get"; readonly key: Key }
  | { readonly type: "delete"; readonly key: Key };

export type BatchResult =
  | ({ readonly type: "put" | "delete" } & WriteOutcome)
  | ({ readonly type: "get" } & ReadOutcome)
  /** Failed alone; the others of the batch were carried out. */
  | { readonly type: "error"; readonly code: string; readonly message: string };

/** In the words of Redis's `TYPE`. */
export type CollectionType = "hash" | "set" | "zset" | "list";

/** What became of a collection: one for each member that was written, removed, or has expired, or of the whole. */
export interface CollectionEvent {
  readonly type: "collection";
  readonly key: Key;
  readonly collection: CollectionType;
  /** Of the whole, `put` says that it got another end, or none. */
  readonly of: "member" | "whole";
  readonly change: "put" | "remove" | "expire";
  /** Nothing is left of it where the change was heard of; what others wrote meanwhile may still come. */
  readonly isEmpty: boolean;
  readonly version: Version;
  readonly isOfCommand?: true;
  readonly resume: string;
}

/** `isOfCommand`: it is of a command that was told of as a whole (`CommandStore.tellOf`). */
export type WatchEvent =
  | CollectionEvent
  | {
      readonly type: "put";
      readonly key: Key;
      readonly entry: Entry;
      readonly isOfCommand?: true;
      readonly resume: string;
    }
  /** A document was edited, was deleted or has expired; what it holds now is to be read. */
  | {
      readonly type: "delete" | "expire" | "document";
      readonly key: Key;
      readonly version: Version;
      readonly isOfCommand?: true;
      readonly resume: string;
    }
  /** Changes may have been missed: read the prefix again, then follow from here. */
  | { readonly type: "reset"; readonly resume: string };

export interface WatchOptions {
  readonly prefix: string;
  /** The `resume` of the last event that was handled. */
  readonly resume?: string;
}

export interface Watch {
  /** Resumes from where this watch began, for a watcher that is cut off before its first event. */
  readonly resume: string;
  close(): void;
}

export interface Store {
  get(key: Key, options?: ReadOptions): Promise<ReadOutcome>;
  put(key: Key, value: Uint8Array, options?: PutOptions): Promise<WriteOutcome>;
  delete(key: Key, options?: WriteOptions): Promise<WriteOutcome>;
  /**
   * Makes every older value of this keyspace that carries the tag stale, wherever it is: as if it were absent. It costs the
   * same however many those are. Watchers hear of each as a deletion, in time. Throws `BAD_TAG`, `TOO_MANY_INVALIDATIONS`.
   */
  invalidate(tag: string, options?: Omit<WriteOptions, "condition">): Promise<InvalidateOutcome>;
  /** Operations in order; a failing one is answered as such and stops nobody. */
  batch(operations: readonly BatchOperation[], options?: BatchOptions): Promise<readonly BatchResult[]>;
  /**
   * Live keys that begin with `prefix`, in an order of no meaning that all replicas share: a cursor is good at each of
   * them, and after a restart. A key that is there throughout, at every replica that is asked, is returned exactly once.
   * Throws `BAD_CURSOR`.
   */
  keys(options: KeysOptions): Promise<KeyPage>;
  /** Every change of keys under the prefix from now on, or after `resume`. The listener must not throw. */
  watch(options: WatchOptions, listener: (event: WatchEvent) => void): Watch;
  /**
   * The store to ask for a session that has seen `dots`: what it reads is not older. Waits until this replica has those of
   * them that it is to hold; throws `SESSION_BEHIND` after `waitMs`.
   */
  catchUp(dots: readonly Dot[], waitMs: number): Promise<Store>;
  status(): Promise<ClusterStatus>;
}

/** Fewer copies of each key than a keyspace asks for: of a region, or wherever they may be. */
export interface Shortfall {
  readonly region?: string;
  readonly wanted: number;
  readonly has: number;
}

/** What a keyspace promises of its keys. A definition is replaced as a whole. */
export interface KeyspaceSettings {
  /** Every member; so many members, over as many regions as there are; or so many in each of these regions. */
  readonly replication: "all" | number | Readonly<Record<string, number>>;
  /** Where copies may be; absent: everywhere, or in the regions that `replication` names. */
  readonly regions?: readonly string[];
  /** What a put without a time to live gets. Absent: `maxTtlMs` where there is one. */
  readonly defaultTtlMs?: number;
  readonly maxTtlMs?: number;
  /**
   * Of what records may take of a replica's memory, more than 0, at most 1: what lies within it is not pushed out by other
   * keyspaces. Absent: with all that have none, what the others leave.
   */
  readonly memoryShare?: number;
}

export interface KeyspaceStatus extends KeyspaceSettings {
  readonly name: string;
  /** Empty where the members there are suffice. */
  readonly underReplicated: readonly Shortfall[];
  /** Regions that it names and that no member is in: a name that was mistyped, or members that are yet to come. */
  readonly emptyRegions?: readonly string[];
}

/** The keyspaces of this process's replica. */
export interface KeyspaceStore {
  /**
   * The keys of a keyspace; undefined where there is none of that name. Throws `NOT_READY` where that is not yet known: before
   * this replica is ready, and of a keyspace whose definition is still on its way here, as others show, or what a session has
   * `seen`. Of one that has just come the store waits up to a second, until it is known who keeps its keys, and then rejects
   * with `NOT_READY`.
   */
  keyspace(name: string, seen?: readonly Dot[]): Store | undefined;
  /** All, sorted by name. */
  keyspaces(): readonly KeyspaceStatus[];
  /**
   * Creates a keyspace, or gives the one of this name other settings; resolves once that is on this replica's disk. Throws
   * `BAD_KEYSPACE_NAME`, `KEYSPACE_CLASH`, `KEYSPACE_WITHOUT_OWNERS`, `TOO_MANY_KEYSPACES`, `MEMORY_SHARES_OVER_ALL`, and a
   * code for each contradiction in the settings.
   */
  defineKeyspace(
    name: string,
    settings: KeyspaceSettings,
  ): Promise<{ readonly existed: boolean; readonly keyspace: KeyspaceStatus }>;
  /**
   * Creates a keyspace with the settings of `default` where there is none of this name; resolves once that is on this replica's
   * disk. Whoever defines it, earlier or later, here or elsewhere, decides about its settings. Throws as `defineKeyspace` and
   * `keyspace` do.
   */
  grantKeyspace(name: string): Promise<void>;
}

/** One of two writes of a key of which neither was made with knowledge of the other. */
export interface WriteFacts {
  readonly type: "put" | "delete";
  readonly version: Version;
  /** That took the write; absent where it was not known any more. */
  readonly replica?: ReplicaId;
  /** The life of that replica. */
  readonly life: number;
  /** Unix ms, by the clock that stamped it. */
  readonly stampedAt: number;
}

export interface ConflictReceipt {
  readonly key: Key;
  readonly loser: WriteFacts;
  readonly winner: WriteFacts;
  /** Whether the write that lost was taken by this replica; elsewhere: then this one took the winner. */
  readonly lost: "here" | "elsewhere";
  /** When this replica found that out, unix ms. */
  readonly notedAt: number;
}

/** Since the replica started. */
export interface ConflictCounts {
  readonly here: number;
  readonly elsewhere: number;
}

export interface ConflictPage {
  /** The newest first. */
  readonly conflicts: readonly ConflictReceipt[];
  /** Of all keys; absent where a prefix was asked about. */
  readonly counts?: ConflictCounts;
}

export interface ConflictsOptions {
  readonly keyspace: string;
  readonly prefix: string;
  readonly limit: number;
}

/** A store that is the replica in this process: what administration and drills need beyond `Store`. */
export interface LocalStore extends Store {
  /** Drops every link to these replicas, both ways, until set otherwise. */
  cut(replicas: readonly ReplicaId[]): void;
  /**
   * Removes a member that is gone for good: nothing waits for it any more, and its shards are placed anew. Should it come back,
   * it begins anew, and keeps only what nobody else may have deleted. `force`: also where nobody else is known to have what it
   * owns. Resolves once that is on this replica's disk; once more is no error. Throws `NOT_FOUND`, `CANNOT_REMOVE_SELF`,
   * `MEMBER_ALIVE`, `MEMBER_LAST_OWNER`, and `DISK_FAILED` where it may come to be forgotten.
   */
  removeMember(id: ReplicaId, options: { readonly force: boolean }): Promise<void>;
  /**
   * This replica gives up its place: it hands over what it holds, and then its process ends, for good. Asked again while it
   * does, nothing more happens. Throws `LAST_MEMBER` where nobody is there to take over, `MEMBER_LAST_OWNER` where what a
   * keyspace is set to lets no other member keep it.
   */
  leaveCluster(): void;
  /** Writes that lost to a concurrent one, as far as this replica knows and keeps them. */
  conflicts(options: ConflictsOptions): ConflictPage;
  readiness(): { readonly ready: boolean; readonly reasons: readonly string[] };
}
