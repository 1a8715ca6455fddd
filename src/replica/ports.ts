/**
 * What a replica needs from the world. Two runtimes implement these ports, the real one and the simulated one; the laws
 * they obey are the suites under `test/ports`, run on every implementation.
 */

import type { ErrorCode } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";

/** Wall clock in unix ms. May jump and drift; the hybrid clock and the clock guard live above it. */
export interface Clock {
  now(): number;
}

export type { Random } from "../base/random.ts";

export type Cancel = () => void;

/** Runs things later. `soon` runs after the current turn has handled what is at hand, within about a millisecond. */
export interface Scheduler {
  after(delayMs: number, run: () => void): Cancel;
  soon(run: () => void): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A structured fact for the log. `event` is a stable kebab-case name; no field ever holds a secret, key or value. */
export type Log = (level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>) => void;

export interface StorageOperation {
  readonly type: "put" | "delete";
  readonly key: Uint8Array;
  /** Present for `put`. */
  readonly value?: Uint8Array;
}

export interface KeyRange {
  readonly from: Uint8Array;
  /** The first key behind the range. */
  readonly to: Uint8Array;
}

export interface StorageEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** How the storage was found when it was opened. */
export type StorageCondition =
  | { readonly type: "clean" }
  /** It had to be repaired: entries may be missing from anywhere, without further notice. */
  | { readonly type: "repaired"; readonly detail: string }
  /** It could not be repaired and was set aside under another name; this one is new and empty. */
  | { readonly type: "set-aside"; readonly detail: string; readonly movedTo: string };

/**
 * An ordered map of bytes on disk (or in memory, which forgets at a crash). Law: a `write` that resolved survives any
 * crash, whole; one that did not resolve is there whole or not at all; of writes issued in order, a crash leaves a
 * prefix. After a failed `write` the port heals itself (reopens) before a later one can succeed.
 */
export interface Storage {
  /** True when what was written survives the process. */
  readonly durable: boolean;
  /** Throws `DATA_LOCKED`, `DATA_UNREADABLE`. */
  open(): Promise<StorageCondition>;
  /** Entries with `from` <= key < `to` in key order, in chunks. */
  entries(range: KeyRange): AsyncIterable<readonly StorageEntry[]>;
  /**
   * The value under a key, as a copy; undefined where there is none. While a write is under way: that from before or after.
   * Throws `DISK_FAILED`, and `DISK_FULL` where that is why the disk cannot be used at all.
   */
  read(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** What it takes up, bytes: more than what it holds, as what was overwritten or deleted stays for a while. */
  size(): Promise<number>;
  /** Gives up what a range takes up in vain. It may take a while; all else goes on. Throws `DISK_FAILED`, `DISK_FULL` where it is known that it failed. */
  compact(range: KeyRange): Promise<void>;
  /** Applies all operations atomically and syncs. One call at a time. Throws `DISK_FAILED`, `DISK_FULL`. */
  write(operations: readonly StorageOperation[]): Promise<void>;
  close(): Promise<void>;
}

/** What a replica says of itself in the handshake of a link. */
export interface PeerFacts {
  readonly id: ReplicaId;
  /** Life number; a greater one proves that the smaller have ended. */
  readonly life: number;
  readonly region: string;
  /** host:port at which others can dial it. */
  readonly address: string;
}

export interface LocalFacts extends PeerFacts {
  readonly cluster: string;
  readonly shards: number;
}

/** One live, authenticated link to a peer; at most one for each peer at any time. */
export type LinkId = number;

export interface TransportEvents {
  /** Handshake done; frames may follow. `version` is the protocol version in use. */
  up(link: LinkId, peer: PeerFacts, version: number): void;
  /** `code` is what one end closed it with; `UNREACHABLE` where it was lost. */
  down(link: LinkId, reason: string, code: ErrorCode): void;
  /** One whole message, a plain `Uint8Array` (no `Buffer`). The bytes are valid during the call only. */
  frame(link: LinkId, bytes: Uint8Array): void;
  /** A connection ended before it was a link. */
  refused(detail: {
    readonly address: string;
    readonly code: ErrorCode;
    readonly message: string;
    readonly inbound: boolean;
  }): void;
}

/**
 * Links to peers. Law: frames of one link arrive whole, in order, unaltered, at most once, or the link goes down; a
 * droppable frame may be left out instead when the link's queue is full. `up` and `down` alternate for each link. A
 * frame that is damaged all the same, as no checksum below catches everything, is found by its own: the replica closes
 * that link with `PEER_BAD_FRAME`, counts it, and has changed nothing.
 */
export interface Transport {
  /** A link never has more bytes queued: before it would, it goes down. */
  readonly queueBytesMax: number;
  start(facts: LocalFacts, events: TransportEvents): Promise<void>;
  /** Addresses to keep a link to; others that dial us are welcome as well. Dialling backs off by itself. */
  connect(addresses: readonly string[]): void;
  /** Queues a frame. The bytes must not change afterwards: one array may go to many links. */
  send(link: LinkId, frame: Uint8Array, droppable: boolean): void;
  /** Bytes accepted by `send` and not yet on their way. */
  queuedBytes(link: LinkId): number;
  close(link: LinkId, code: ErrorCode, reason: string): void;
  /** Replicas to have no link with, either way, until set otherwise (partition drills). */
  block(replicas: readonly ReplicaId[]): void;
  stop(): Promise<void>;
}
