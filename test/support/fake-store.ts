/** A store in one Map, for tests of what lies above `Store`: obviously right, with nothing replicated. */

import { AtollError } from "../../src/base/errors.ts";
import type { Key, OriginId, ReplicaId, ShardId } from "../../src/base/ids.ts";
import type { ClusterStatus, MemberStatus } from "../../src/cluster-status.ts";
import type {
  BatchOperation,
  BatchOptions,
  BatchResult,
  Condition,
  ConflictPage,
  ConflictReceipt,
  ConflictsOptions,
  Dot,
  Entry,
  InvalidateOutcome,
  KeyPage,
  LocalStore,
  PutOptions,
  ReadOptions,
  ReadOutcome,
  Watch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
  WriteOutcome,
} from "../../src/store.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../src/store.ts";

interface Slot {
  readonly entry: Entry | undefined;
  readonly dot: Dot;
}

interface Watcher {
  readonly prefix: string;
  readonly listener: (event: WatchEvent) => void;
}

const SHARD = 7 as ShardId;

export class FakeStore implements LocalStore {
  readonly slots = new Map<Key, Slot>();
  readonly watchers = new Set<Watcher>();
  /** Every event there was; `resume` is a place in it. */
  readonly events: WatchEvent[] = [];
  readonly cuts: (readonly ReplicaId[])[] = [];
  /** Sequences of invalidations by tag. */
  readonly invalidated = new Map<string, number>();
  readonly removed: { readonly id: ReplicaId; readonly force: boolean }[] = [];
  isLeaving = false;
  /** Members beside this one. */
  others: readonly MemberStatus[] = [];
  /** The newest first. */
  receipts: readonly ConflictReceipt[] = [];
  readonly caughtUp: (readonly Dot[])[] = [];
  readonly origin: OriginId;
  sequence = 0;
  ready = true;
  /** What a write with an ack beyond memory gets. */
  acks = { reached: 2, wanted: 2, met: true };
  /** Thrown by the next call, once. */
  failNext: Error | undefined;
  now: () => number = Date.now;

  constructor(origin = 2 ** 21 + 1) {
    this.origin = origin as OriginId;
  }

  async get(key: Key, { room }: ReadOptions = {}): Promise<ReadOutcome> {
    this.#failIfTold();
    const length = this.slots.get(key)?.entry?.value.length ?? 0;
    if (length > SHORT_VALUE_BYTES_MAX) await room?.(length);
    return this.#read(key);
  }

  async put(key: Key, value: Uint8Array, options: PutOptions = {}): Promise<WriteOutcome> {
    this.#failIfTold();
    const before = this.#read(key).entry;
    checkCondition(options.condition, before);
    const dot = this.#nextDot();
    const entry: Entry = {
      value: new Uint8Array(value),
      version: versionOf(dot),
      ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
      ...(options.ttlMs === undefined ? {} : { expiresAt: this.now() + options.ttlMs }),
      ...(options.tags === undefined ? {} : { tags: options.tags }),
    };
    this.slots.set(key, { entry, dot });
    this.#emit({ type: "put", key, entry, resume: String(this.events.length + 1) });
    return this.#outcome(dot, before !== undefined, options);
  }

  async delete(key: Key, options: WriteOptions = {}): Promise<WriteOutcome> {
    this.#failIfTold();
    const before = this.#read(key).entry;
    checkCondition(options.condition, before);
    const dot = this.#nextDot();
    this.slots.set(key, { entry: undefined, dot });
    this.#emit({ type: "delete", key, version: versionOf(dot), resume: String(this.events.length + 1) });
    return this.#outcome(dot, before !== undefined, options);
  }

  async invalidate(tag: string, options: WriteOptions = {}): Promise<InvalidateOutcome> {
    this.#failIfTold();
    const dot = this.#nextDot();
    this.invalidated.set(tag, dot.sequence);
    return this.#outcome(dot, false, options);
  }

  async batch(operations: readonly BatchOperation[], options: BatchOptions = {}): Promise<readonly BatchResult[]> {
    const results: BatchResult[] = [];
    for (const operation of operations) {
      try {
        results.push(await this.#carryOut(operation, options));
      } catch (error) {
        if (!(error instanceof AtollError)) throw error;
        results.push({ type: "error", code: error.code, message: error.message });
      }
    }
    return results;
  }

  async keys(options: { prefix: string; limit: number; cursor?: string }): Promise<KeyPage> {
    if (options.cursor !== undefined && !/^[0-9a-f]+$/.test(options.cursor)) {
      throw new AtollError("BAD_CURSOR", "the cursor is not one that was handed out here");
    }
    const after = options.cursor === undefined ? "" : Buffer.from(options.cursor, "hex").toString("latin1");
    const live = [...this.slots.keys()].filter((key) => this.#read(key).entry !== undefined).sort();
    const matching = live.filter((key) => key.startsWith(options.prefix) && key > after);
    const keys = matching.slice(0, options.limit);
    const last = keys.at(-1);
    if (last === undefined || keys.length === matching.length) return { keys };
    return { keys, cursor: Buffer.from(last, "latin1").toString("hex") };
  }

  watch(options: WatchOptions, listener: (event: WatchEvent) => void): Watch {
    if (options.resume !== undefined) this.#replay(options, options.resume, listener);
    const watcher: Watcher = { prefix: options.prefix, listener };
    this.watchers.add(watcher);
    return { resume: options.resume ?? "start", close: () => void this.watchers.delete(watcher) };
  }

  async catchUp(dots: readonly Dot[], waitMs: number): Promise<this> {
    this.caughtUp.push(dots);
    if (dots.some((dot) => dot.origin !== this.origin || dot.sequence > this.sequence)) {
      throw new AtollError("SESSION_BEHIND", `not here within ${waitMs} ms`);
    }
    return this;
  }

  async status(): Promise<ClusterStatus> {
    const id = "replica-a" as ReplicaId;
    return {
      cluster: "test",
      replica: id,
      region: "eu",
      life: 1,
      ready: this.ready,
      reasons: [],
      members: [{ id, region: "eu", address: "127.0.0.1:7400", state: "self", life: 1 }, ...this.others],
      shards: 256,
      registers: this.slots.size,
      tombstones: 0,
      memoryBytes: 0,
      digest: "00",
      cut: this.cuts.at(-1) ?? [],
    };
  }

  cut(replicas: readonly ReplicaId[]): void {
    this.cuts.push(replicas);
  }

  async removeMember(id: ReplicaId, { force }: { readonly force: boolean }): Promise<void> {
    if (id === "replica-a") throw new AtollError("CANNOT_REMOVE_SELF", "that is this replica");
    const member = this.others.find((other) => other.id === id);
    if (member === undefined) throw new AtollError("NOT_FOUND", "no member has this id");
    if (member.state !== "dead") throw new AtollError("MEMBER_ALIVE", "it is alive");
    if (member.owned === 1 && !force)
      throw new AtollError("MEMBER_LAST_OWNER", "nobody else has 1 shards of keyspace s");
    this.removed.push({ id, force });
  }

  leaveCluster(): void {
    if (this.others.length === 0) throw new AtollError("LAST_MEMBER", "nobody is there to take over");
    this.isLeaving = true;
  }

  conflicts({ prefix, limit }: ConflictsOptions): ConflictPage {
    const conflicts = this.receipts.filter(({ key }) => key.startsWith(prefix)).slice(0, limit);
    const here = this.receipts.filter(({ lost }) => lost === "here").length;
    return prefix === "" ? { conflicts, counts: { here, elsewhere: this.receipts.length - here } } : { conflicts };
  }

  readiness(): { ready: boolean; reasons: readonly string[] } {
    return { ready: this.ready, reasons: this.ready ? [] : ["waiting for its peers"] };
  }

  #failIfTold(): void {
    const error = this.failNext;
    this.failNext = undefined;
    if (error !== undefined) throw error;
  }

  #read(key: Key): ReadOutcome {
    const slot = this.slots.get(key);
    if (slot === undefined) return {};
    const { entry, dot } = slot;
    if (entry === undefined || (entry.expiresAt !== undefined && entry.expiresAt <= this.now())) return { dot };
    const invalidated = (entry.tags ?? []).map((tag) => this.invalidated.get(tag) ?? 0);
    const sequence = Math.max(0, ...invalidated);
    if (sequence > dot.sequence) return { dot, staleBy: { ...dot, sequence } };
    return { entry: { ...entry, value: entry.value.slice() }, dot };
  }

  #nextDot(): Dot {
    this.sequence++;
    return { shard: SHARD, origin: this.origin, sequence: this.sequence };
  }

  #outcome(dot: Dot, existed: boolean, options: WriteOptions): WriteOutcome {
    const beyondMemory = options.ack !== undefined && options.ack !== "memory";
    const acks = beyondMemory ? this.acks : { reached: 1, wanted: 1, met: true };
    return { version: versionOf(dot), dot, existed, acks };
  }

  async #carryOut(operation: BatchOperation, { room, ...options }: BatchOptions): Promise<BatchResult> {
    switch (operation.type) {
      case "put": {
        const { ttlMs, contentType, tags } = operation;
        const putOptions = {
          ...options,
          ...(ttlMs === undefined ? {} : { ttlMs }),
          ...(contentType === undefined ? {} : { contentType }),
          ...(tags === undefined ? {} : { tags }),
        };
        return { type: "put", ...(await this.put(operation.key, operation.value, putOptions)) };
      }
      case "delete":
        return { type: "delete", ...(await this.delete(operation.key, options)) };
      case "get":
        return { type: "get", ...(await this.get(operation.key, room === undefined ? {} : { room })) };
    }
  }

  #emit(event: WatchEvent): void {
    this.events.push(event);
    for (const { prefix, listener } of this.watchers) {
      if (event.type === "reset" || event.key.startsWith(prefix)) listener(event);
    }
  }

  #replay(options: WatchOptions, resume: string, listener: (event: WatchEvent) => void): void {
    const from = Number(resume);
    if (!Number.isInteger(from) || from > this.events.length) {
      listener({ type: "reset", resume: String(this.events.length) });
      return;
    }
    for (const event of this.events.slice(from)) {
      if (event.type === "reset" || event.key.startsWith(options.prefix)) listener(event);
    }
  }
}

function versionOf(dot: Dot): string {
  return `${dot.origin.toString(36)}.${dot.sequence}`;
}

function checkCondition(condition: Condition | undefined, before: Entry | undefined): void {
  if (condition === undefined) return;
  const holds =
    condition.type === "version"
      ? before !== undefined && condition.versions.includes(before.version)
      : (condition.type === "present") === (before !== undefined);
  if (!holds) throw new AtollError("PRECONDITION_FAILED", "the condition does not hold here");
}
