/** Documents in one Map, for tests of what lies above `DocumentStore`: obviously right, with nothing replicated. */

import { AtollError } from "../../src/base/errors.ts";
import type { Key, OriginId, ReplicaId, ShardId } from "../../src/base/ids.ts";
import type { DocumentEvent, DocumentFacts, DocumentHandle, DocumentStore, Whisper } from "../../src/document-store.ts";
import { DocumentHub, type DocumentHubOptions } from "../../src/documents/document-hub.ts";
import type { Dot, WriteOptions, WriteOutcome } from "../../src/store.ts";

interface Held {
  updates: Uint8Array[];
  expiresAt?: number;
  dot: Dot;
}

interface Follower {
  readonly listener: (event: DocumentEvent) => void;
  isReset: boolean;
}

export interface Whispered {
  readonly topic: Key;
  readonly message: Uint8Array;
  readonly to: ReplicaId | undefined;
}

export class FakeDocumentStore implements DocumentStore {
  readonly held = new Map<Key, Held>();
  readonly whispered: Whispered[] = [];
  readonly listeners = new Set<(whisper: Whisper) => void>();
  bytesMax = 8 * 1024 * 1024;
  isSnapshotDue = false;
  snapshots = 0;
  ttlMsMax = Infinity;
  /** False: it is not a moment for a snapshot. */
  canCompact = true;
  compactions = 0;
  appends = 0;
  acks = { reached: 2, wanted: 2, met: true };
  /** Thrown by the next append, once. */
  failNext: AtollError | undefined;
  now: () => number = Date.now;
  readonly #followers = new Map<Key, Set<Follower>>();
  #sequence = 0;

  openDocument(key: Key, listener: (event: DocumentEvent) => void): DocumentHandle {
    const follower: Follower = { listener, isReset: false };
    const followers = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, followers.add(follower));
    const store = this;
    return {
      read: () => {
        follower.isReset = false;
        const facts = this.facts(key);
        return facts === undefined ? undefined : { ...facts, updates: [...(this.held.get(key)?.updates ?? [])] };
      },
      readFacts: () => this.facts(key),
      append: (update, options = {}) => this.#append(key, follower, update, options),
      get bytes() {
        return store.bytesOf(key);
      },
      get bytesMax() {
        return store.bytesMax;
      },
      get isSnapshotDue() {
        return store.isSnapshotDue;
      },
      get snapshots() {
        return store.snapshots;
      },
      compact: (encode) => this.#compact(key, encode),
      close: () => void followers.delete(follower),
    };
  }

  /** How many follow a document. */
  followersOf(key: Key): number {
    return this.#followers.get(key)?.size ?? 0;
  }

  bytesOf(key: Key): number {
    return (this.held.get(key)?.updates ?? []).reduce((sum, update) => sum + update.length, 0);
  }

  facts(key: Key): DocumentFacts | undefined {
    const held = this.held.get(key);
    if (held === undefined) return undefined;
    const { dot, expiresAt } = held;
    return { version: `v${dot.sequence}`, dots: [dot], ...(expiresAt === undefined ? {} : { expiresAt }) };
  }

  /** As from another replica. */
  arrive(key: Key, update: Uint8Array): void {
    this.#keep(key, update);
    this.tell(key, { type: "update", update });
  }

  tell(key: Key, event: DocumentEvent): void {
    for (const follower of [...(this.#followers.get(key) ?? [])]) follower.listener(event);
  }

  async deleteDocument(key: Key, { ack, condition }: WriteOptions = {}): Promise<WriteOutcome> {
    if (condition?.type === "version" && !condition.versions.includes(this.facts(key)?.version ?? "")) {
      throw new AtollError("PRECONDITION_FAILED", "another version");
    }
    const existed = this.held.delete(key);
    for (const follower of this.#followers.get(key) ?? []) follower.isReset = true;
    this.tell(key, { type: "reset", isOver: true });
    return this.#outcome(existed, ack);
  }

  checkTtl(ttlMs: number): void {
    if (ttlMs > this.ttlMsMax) throw new AtollError("TTL_OVER_MAX", "too long");
  }

  async expireDocument(key: Key, ttlMs: number | undefined): Promise<WriteOutcome> {
    const held = this.held.get(key);
    if (held === undefined) throw new AtollError("NOT_FOUND", "there is no such document");
    if (ttlMs === undefined) delete held.expiresAt;
    else held.expiresAt = this.now() + ttlMs;
    return this.#outcome(true, undefined);
  }

  whisper(topic: Key, message: Uint8Array, to?: ReplicaId): void {
    this.whispered.push({ topic, message, to });
  }

  onWhisper(listener: (whisper: Whisper) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  hear(whisper: Whisper): void {
    for (const listener of this.listeners) listener(whisper);
  }

  #append(key: Key, follower: Follower, update: Uint8Array, { ack }: WriteOptions): Promise<WriteOutcome> {
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure !== undefined) throw failure;
    if (follower.isReset) throw new AtollError("DOCUMENT_RESET", "the document was deleted or has expired meanwhile");
    if (this.bytesOf(key) + update.length > this.bytesMax) throw new AtollError("DOCUMENT_TOO_LARGE", "too large");
    const existed = this.held.has(key);
    this.#keep(key, update);
    this.appends++;
    for (const other of this.#followers.get(key) ?? []) {
      if (other !== follower) other.listener({ type: "update", update });
    }
    return Promise.resolve(this.#outcome(existed, ack));
  }

  #compact(key: Key, encode: () => Uint8Array): boolean {
    if (!this.canCompact || !this.held.has(key)) return false;
    const held = this.held.get(key);
    if (held !== undefined) held.updates = [encode()];
    this.isSnapshotDue = false;
    this.compactions++;
    return true;
  }

  #keep(key: Key, update: Uint8Array): void {
    const held = this.held.get(key) ?? { updates: [], dot: this.#nextDot() };
    held.updates.push(update);
    held.dot = this.#nextDot();
    this.held.set(key, held);
  }

  #nextDot(): Dot {
    return { shard: 7 as ShardId, origin: (2 ** 21 + 1) as OriginId, sequence: ++this.#sequence };
  }

  #outcome(existed: boolean, ack: WriteOptions["ack"]): WriteOutcome {
    const dot = this.#nextDot();
    const acks = ack === undefined || ack === "memory" ? { reached: 1, wanted: 1, met: true } : this.acks;
    return { version: `v${dot.sequence}`, dot, existed, acks };
  }
}

let seeds = 0;

/** Time that stands still until it is moved, and chance that is none. */
export class FakeSurroundings {
  now = 1_800_000_000_000;
  readonly logged: string[] = [];
  #timers: { readonly at: number; readonly run: () => void }[] = [];
  #soon: (() => void)[] = [];
  #draws = ++seeds;

  readonly around: DocumentHubOptions["around"] = {
    clock: { now: () => this.now },
    random: { uint32: () => (this.#draws = (Math.imul(this.#draws, 1_664_525) + 1_013_904_223) >>> 0) },
    scheduler: {
      after: (delayMs, run) => {
        const timer = { at: this.now + delayMs, run };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        };
      },
      soon: (run) => void this.#soon.push(run),
    },
    log: (_level, event) => void this.logged.push(event),
  };

  get timers(): number {
    return this.#timers.length;
  }

  /** Runs what was put off to the end of the turn. */
  turn(): void {
    for (const run of this.#soon.splice(0)) run();
  }

  advance(ms: number): void {
    const end = this.now + ms;
    this.turn();
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.now = Math.max(this.now, due.at);
      due.run();
      this.turn();
    }
    this.now = end;
  }
}

/** A hub over a fake store, in time that stands still. */
export function fakeHub(limits: DocumentHubOptions["limits"] = {}) {
  const store = new FakeDocumentStore();
  const surroundings = new FakeSurroundings();
  store.now = () => surroundings.now;
  const hub = new DocumentHub({ store, around: surroundings.around, limits });
  return { store, hub, surroundings, advance: (ms: number) => surroundings.advance(ms) };
}
