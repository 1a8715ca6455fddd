/**
 * Documents of one replica: operations on what it holds, and handles that follow what becomes of it. What a handle has
 * read, been told and appended is all that is held, except while deliveries are still under way.
 */

import { AtollError } from "../base/errors.ts";
import type { Key, ReplicaId, ShardId } from "../base/ids.ts";
import { DEFAULT_SPACE } from "../base/shard-id.ts";
import { isTtlMs } from "../base/ttl.ts";
import { ttlUnder } from "../cluster/placement/policy.ts";
import { isLease, isMember } from "../core/containers/container-part.ts";
import { contentAt, generationAt } from "../core/record/bond.ts";
import { KIND_DOCUMENT } from "../core/record/kind.ts";
import { expiresAt, keyAt, kindAt, timestampAt } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import type {
  DocumentEvent,
  DocumentFacts,
  DocumentHandle,
  DocumentStore,
  DocumentView,
  Whisper,
} from "../document-store.ts";
import type { WriteOptions, WriteOutcome } from "../store.ts";
import { deletion, ending, generationOf, isOver, isThere, leased } from "../types/container.ts";
import {
  appendedUpdate,
  bytesOf,
  type DocumentState,
  factsOfDocument,
  type DocumentFacts as HeldFacts,
  isSnapshotDue,
  readDocument,
  snapshot,
  snapshotsOf,
} from "../types/document.ts";
import { checkCondition, checkKey, writtenAt } from "./operations.ts";
import type { Replica } from "./replica.ts";

/** What the documents need of the driver. */
export interface DocumentHost {
  replica(): Replica;
  /** Does something to the machine, then carries out what it wants. */
  step<T>(run: (now: number) => T): T;
  /** Waits for the acknowledgements that were asked for. */
  acknowledged(outcome: WriteOutcome, options: WriteOptions): Promise<WriteOutcome>;
  /** Something that has been applied is still to be told. */
  isDelivering(): boolean;
}

interface Follower {
  readonly listener: (event: DocumentEvent) => void;
  /** What its listener is told next begins anew: nothing else needs to be told before it has read. */
  isReset: boolean;
  /** It has read, been told or appended something of the document. */
  wasThere: boolean;
  /** Stamp of the last deletion that was known when it read. */
  generation: number;
}

export class Documents implements DocumentStore {
  readonly #host: DocumentHost;
  readonly #followersByKey = new Map<Key, Set<Follower>>();
  readonly #whisperers = new Set<(whisper: Whisper) => void>();
  /** Whose own append is being applied. */
  #appending: Follower | undefined;

  constructor(host: DocumentHost) {
    this.#host = host;
  }

  openDocument(key: Key, listener: (event: DocumentEvent) => void): DocumentHandle {
    checkKey(this.#host.replica(), key);
    const follower: Follower = { listener, isReset: false, wasThere: false, generation: 0 };
    const followers = this.#followersByKey.get(key) ?? new Set();
    this.#followersByKey.set(key, followers.add(follower));
    const host = this.#host;
    return {
      read: () => this.#read(key, follower),
      readFacts: () => host.step((now) => factsOf(host.replica().shardOfKey(key), key, now)),
      append: (update, options = {}) => this.#append(key, follower, update, options),
      get bytes() {
        return bytesOf(host.replica().shardOfKey(key), key);
      },
      get bytesMax() {
        return host.replica().config.documentBytesMax;
      },
      get isSnapshotDue() {
        return isSnapshotDue(host.replica().shardOfKey(key), key);
      },
      get snapshots() {
        return snapshotsOf(host.replica().shardOfKey(key), key);
      },
      compact: (encode) => this.#compact(key, follower, encode),
      close: () => {
        followers.delete(follower);
        if (followers.size === 0) this.#followersByKey.delete(key);
      },
    };
  }

  async deleteDocument(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    return this.#write(key, options, (shard) => deletion(shard, KIND_DOCUMENT, key));
  }

  checkTtl(ttlMs: number): void {
    this.#ttlUnder(ttlMs);
  }

  async expireDocument(key: Key, askedMs: number | undefined, options: WriteOptions = {}): Promise<WriteOutcome> {
    const ttlMs = this.#ttlUnder(askedMs);
    return this.#write(key, options, (shard, now) => {
      if (!isThere(shard, KIND_DOCUMENT, key, now)) throw new AtollError("NOT_FOUND", "there is no such document");
      return leased(shard, KIND_DOCUMENT, key, ttlMs === undefined ? undefined : Math.ceil(now + ttlMs));
    });
  }

  /** What the keyspace makes of it. */
  #ttlUnder(askedMs: number | undefined): number | undefined {
    if (askedMs !== undefined && !isTtlMs(askedMs)) {
      throw new AtollError("BAD_TTL", "a time to live is a whole number of ms, from 1 to ten years");
    }
    return ttlUnder(this.#host.replica().keyspaces.policyOf(DEFAULT_SPACE), askedMs);
  }

  whisper(topic: Key, message: Uint8Array, to?: ReplicaId): void {
    this.#host.step(() => this.#host.replica().whisper(topic, message, to));
  }

  onWhisper(listener: (whisper: Whisper) => void): () => void {
    this.#whisperers.add(listener);
    return () => void this.#whisperers.delete(listener);
  }

  /** Another replica whispered, came or went. */
  heard(whisper: Whisper): void {
    for (const listener of this.#whisperers) listener(whisper);
  }

  /** A register came, or changed, or falls now. */
  applied(view: DataView, at: number, now: number, emit: (deliver: () => void) => void): void {
    if (kindAt(view, at) !== KIND_DOCUMENT || this.#followersByKey.size === 0) return;
    const followers = this.#followersByKey.get(keyAt(view, new Uint8Array(view.buffer, view.byteOffset), at));
    if (followers === undefined) return;
    if (isLease(view, at)) return this.#leaseChanged(followers, expiresAt(view, at) <= now, emit);
    if (!isMember(view, at)) return this.#deleted(followers, timestampAt(view, at), emit);
    const key = keyAt(view, new Uint8Array(view.buffer, view.byteOffset), at);
    // Nothing is shown of what has expired here. If it turns out to last, all of it is to be read.
    if (isOver(this.#host.replica().shardOfKey(key), KIND_DOCUMENT, key, now))
      return this.#leaseChanged(followers, true, emit);
    const update = contentAt(view, at).slice();
    for (const follower of followers) {
      if (follower === this.#appending || follower.isReset) continue;
      if (generationAt(view, at) > follower.generation) this.#reset(new Set([follower]), true, emit);
      else {
        follower.wasThere = true;
        emit(() => followers.has(follower) && !follower.isReset && follower.listener({ type: "update", update }));
      }
    }
  }

  /** What came before a deletion that a follower knew of when it read was dropped then. */
  #deleted(followers: ReadonlySet<Follower>, stamp: number, emit: (deliver: () => void) => void): void {
    this.#reset(new Set([...followers].filter(({ generation }) => stamp > generation)), true, emit);
  }

  /** It has run out, or was prolonged elsewhere: who found nothing may find something now. */
  #leaseChanged(followers: ReadonlySet<Follower>, isOver: boolean, emit: (deliver: () => void) => void): void {
    this.#reset(new Set([...followers].filter(({ wasThere }) => isOver === wasThere)), isOver, emit);
  }

  /** What is held changed in ways that cannot be told one by one. */
  reset(emit: (deliver: () => void) => void): void {
    for (const followers of this.#followersByKey.values()) this.#reset(followers, false, emit);
  }

  #reset(followers: ReadonlySet<Follower>, isOver: boolean, emit: (deliver: () => void) => void): void {
    for (const follower of followers) {
      if (follower === this.#appending || follower.isReset) continue;
      follower.isReset = true;
      emit(() => follower.isReset && follower.listener({ type: "reset", isOver }));
    }
  }

  #read(key: Key, follower: Follower): DocumentView | undefined {
    return this.#host.step((now) => {
      const shard = this.#host.replica().shardOfKey(key);
      const state = readDocument(shard, key, now);
      this.#forgive(shard, key, follower);
      follower.wasThere = state !== undefined;
      return state === undefined ? undefined : viewOf(shard.id, state);
    });
  }

  #append(key: Key, follower: Follower, update: Uint8Array, options: WriteOptions): Promise<WriteOutcome> {
    const outcome = this.#host.step((now) => {
      const replica = this.#host.replica();
      const shard = replica.shardOfKey(key);
      checkSize(replica, bytesOf(shard, key) + update.length);
      this.#beginAnew(shard, key, follower, now);
      const write = appendedUpdate(shard, key, replica.uniqueField(), update);
      if (!isOneValue(replica, write)) throw tooLarge(replica.config.valueBytesMax);
      follower.wasThere = true;
      return this.#as(follower, () => {
        const outcome = carryOut(replica, shard, write, options, now);
        const ttlMs = outcome.existed ? undefined : this.#ttlUnder(undefined);
        if (ttlMs !== undefined)
          replica.write(shard, leased(shard, KIND_DOCUMENT, key, Math.ceil(now + ttlMs)), false, now);
        return outcome;
      });
    });
    return this.#host.acknowledged(outcome, options);
  }

  /** Who writes where something has expired that it has not seen begins another document. Throws `DOCUMENT_RESET`. */
  #beginAnew(shard: Shard, key: Key, follower: Follower, now: number): void {
    const replica = this.#host.replica();
    if (isOver(shard, KIND_DOCUMENT, key, now)) {
      const wasSeen = !follower.isReset && follower.wasThere;
      replica.write(shard, ending(shard, KIND_DOCUMENT, key), false, now);
      if (!wasSeen) this.#forgive(shard, key, follower);
    }
    if (follower.isReset) throw new AtollError("DOCUMENT_RESET", "the document was deleted or has expired meanwhile");
  }

  /** A reset that comes of what a follower does itself, and that is none for it. */
  #forgive(shard: Shard, key: Key, follower: Follower): void {
    follower.isReset = false;
    follower.generation = generationOf(shard, KIND_DOCUMENT, key);
  }

  #as<T>(follower: Follower, run: () => T): T {
    this.#appending = follower;
    try {
      return run();
    } finally {
      this.#appending = undefined;
    }
  }

  #compact(key: Key, follower: Follower, encode: () => Uint8Array): boolean {
    if (follower.isReset || this.#host.isDelivering()) return false;
    return this.#host.step((now) => {
      const replica = this.#host.replica();
      const shard = replica.shardOfKey(key);
      // It may yet turn out to last, with all that is held of it and not shown.
      if (isOver(shard, KIND_DOCUMENT, key, now)) return false;
      const write = snapshot(shard, key, replica.uniqueField(), encode);
      // What several replicas took apart can be more than peers, and the disk, take as one.
      if (write === undefined || !isOneValue(replica, write)) return false;
      this.#as(follower, () => replica.write(shard, write, false, now));
      return true;
    });
  }

  async #write(
    key: Key,
    options: WriteOptions,
    what: (shard: Shard, now: number) => LocalWrite,
  ): Promise<WriteOutcome> {
    const outcome = this.#host.step((now) => {
      const replica = this.#host.replica();
      checkKey(replica, key);
      const shard = replica.shardOfKey(key);
      return carryOut(replica, shard, what(shard, now), options, now);
    });
    return this.#host.acknowledged(outcome, options);
  }
}

function checkSize(replica: Replica, bytes: number): void {
  const { documentBytesMax } = replica.config;
  if (bytes > documentBytesMax) throw tooLarge(documentBytesMax);
}

/** True for what every replica takes. */
function isOneValue(replica: Replica, { value }: LocalWrite): boolean {
  return (value?.length ?? 0) <= replica.config.valueBytesMax;
}

function tooLarge(bytesMax: number): AtollError {
  return new AtollError("DOCUMENT_TOO_LARGE", `a document has at most ${bytesMax} bytes`);
}

function carryOut(
  replica: Replica,
  shard: Shard,
  write: LocalWrite,
  { ack, condition }: WriteOptions,
  now: number,
): WriteOutcome {
  const existed = isThere(shard, write.kind, write.key, now);
  if (condition !== undefined) checkCondition(condition, factsOfDocument(shard, write.key, now)?.version);
  const slot = replica.write(shard, write, ack !== undefined && ack !== "memory" && ack !== "disk", now);
  return writtenAt(shard, slot, existed);
}

function viewOf(shard: ShardId, { updates, ...facts }: DocumentState): DocumentView {
  return { ...told(shard, facts), updates };
}

function factsOf(shard: Shard, key: Key, now: number): DocumentFacts | undefined {
  const facts = factsOfDocument(shard, key, now);
  return facts === undefined ? undefined : told(shard.id, facts);
}

function told(shard: ShardId, { version, expiresAt, dots }: HeldFacts): DocumentFacts {
  const named = [...dots].map(([origin, sequence]) => ({ shard, origin, sequence }));
  return { version, dots: named, ...(expiresAt === Infinity ? {} : { expiresAt }) };
}
