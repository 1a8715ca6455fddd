/** What a store of Yjs documents offers: those of the replica in this process. */

import type { Key, ReplicaId } from "./base/ids.ts";
import type { Dot, Version, WriteOptions, WriteOutcome } from "./store.ts";

/** What this replica knows of a Yjs document beside its content. */
export interface DocumentFacts {
  /** Equal where the same is held. */
  readonly version: Version;
  /** Unix ms; absent when it does not expire. */
  readonly expiresAt?: number;
  /** What was read, for a session. */
  readonly dots: readonly Dot[];
}

/** A Yjs document as this replica holds it. */
export interface DocumentView extends DocumentFacts {
  /** Copies: all of them together make the document. Few come before what they stand on. */
  readonly updates: readonly Uint8Array[];
}

export type DocumentEvent =
  /** An update that came from elsewhere, or by another handle. */
  | { readonly type: "update"; readonly update: Uint8Array }
  /**
   * What there is now is to be read anew. `isOver`: what there was has been deleted or has expired; otherwise it has changed
   * in a way that no update tells, and part of it may be gone.
   */
  | { readonly type: "reset"; readonly isOver: boolean };

/** A document that is followed. None of its calls but the promises of writes takes time. */
export interface DocumentHandle {
  /** Undefined where there is none. What comes later, the listener is told. */
  read(): DocumentView | undefined;
  /** As `read`, without the content; what `read` does for a listener that was reset, this does not. */
  readFacts(): DocumentFacts | undefined;
  /**
   * Throws, at once, `DOCUMENT_TOO_LARGE`, `DOCUMENT_RESET` where the listener is about to be told of one, and what any
   * write throws. The listener is not told of it.
   */
  append(update: Uint8Array, options?: Omit<WriteOptions, "condition">): Promise<WriteOutcome>;
  /** Of all that is held of the document, and the most that may be. */
  readonly bytes: number;
  readonly bytesMax: number;
  /** What was appended since the last snapshot has outgrown it. */
  readonly isSnapshotDue: boolean;
  /** Held side by side: more than one where several replicas compacted without having heard of each other. */
  readonly snapshots: number;
  /**
   * Replaces all that is held by one update, which `encode` makes of all that was read, told and appended by this handle.
   * Not called, and false returned, while that is not yet all there is. False also where it makes more than one value holds.
   */
  compact(encode: () => Uint8Array): boolean;
  close(): void;
}

/** Documents of this process's replica. An update is opaque here: who appends has checked it. */
export interface DocumentStore {
  /** Follows a document, whether there is one or not. The listener must not throw. */
  openDocument(key: Key, listener: (event: DocumentEvent) => void): DocumentHandle;
  /** What is not known to the replica that deletes is dropped with the rest when it comes. */
  deleteDocument(key: Key, options?: WriteOptions): Promise<WriteOutcome>;
  /** Throws what `expireDocument` would throw for this time to live: `BAD_TTL`, `TTL_OVER_MAX`. */
  checkTtl(ttlMs: number): void;
  /**
   * From now on, in ms; undefined: as the keyspace has it, by default not any more. Throws `NOT_FOUND` where there is none,
   * and as `checkTtl`.
   */
  expireDocument(key: Key, ttlMs: number | undefined, options?: WriteOptions): Promise<WriteOutcome>;
  /** Sends a message to a replica, or to all that are linked; it is kept nowhere, and gone where a link is. */
  whisper(topic: Key, message: Uint8Array, to?: ReplicaId): void;
  /** Hears what other replicas whisper, and of replicas that can be whispered to no more. Returns what ends it. */
  onWhisper(listener: (whisper: Whisper) => void): () => void;
}

export type Whisper =
  | { readonly type: "message"; readonly from: ReplicaId; readonly topic: Key; readonly message: Uint8Array }
  | { readonly type: "here" | "gone"; readonly from: ReplicaId };
