/** One simulated node: a clock and a disk that outlive processes, and at most one process (a life) that runs a replica. */

import { assert } from "../../src/base/assert.ts";
import { AtollError } from "../../src/base/errors.ts";
import type { Key, OriginId, Timestamp } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { keyAt, timestampAt } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { DocumentHub } from "../../src/documents/document-hub.ts";
import type { DocumentSurroundings } from "../../src/documents/surroundings.ts";
import type { Log, LogLevel } from "../../src/replica/ports.ts";
import { dotAt, versionAt } from "../../src/replica/register-view.ts";
import type { Dot, Version } from "../../src/store.ts";
import { type VersionFacts, versionFactsIn } from "../../src/wire/version-facts.ts";
import { type ShareLoss, shareLossOf } from "../tenants/share-loss.ts";
import type { SimulatedClock } from "./clock.ts";
import type { ClockCorrection } from "./clock-course.ts";
import { createStorage, type SimulatedDisk } from "./disk.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { ReplicaFactory, ReplicaIdentity, SimulatedReplica } from "./replica.ts";
import { createScheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { Endpoint } from "./transport.ts";

/** A process from start to end. */
export interface Life extends EventOwner {
  /** Counts the starts of the node; nothing that the replica knows. */
  readonly number: number;
  readonly replica: SimulatedReplica;
  readonly endpoint: Endpoint;
  /** Its open documents; absent where the replica has none. */
  readonly hub: DocumentHub | undefined;
  isReady: boolean;
  /** It ends by itself once it has handed over. */
  isLeaving: boolean;
  ended: boolean;
  pausedUntil: number;
}

/** How a life ended, for the checkers. */
export interface LifeEnd {
  readonly life: number;
  readonly at: number;
  /** `leave`: it had handed over what it held, and left for good. */
  readonly type: "crash" | "stop" | "leave";
  /** What had been handed to the disk up to here is on it. */
  readonly durableUpTo: number;
}

/** A replica began anew, or decided about what it held before: the moments at which it may let go of what is too old. */
export interface Judgement {
  readonly at: number;
  /** By its own clock. */
  readonly wallMs: number;
  /** The one that it decided about; undefined: it began anew, and serves of all shards only what somebody confirms. */
  readonly shard: number | undefined;
  /** Why it began anew, as it logged that. */
  readonly reason?: string;
  /** Of its present life, under which it writes, and which is a new one where it began anew. */
  readonly origin?: OriginId;
}

/** What a replica removes for good under a key, and how much room there is. */
export interface Going {
  readonly at: number;
  /** Unix ms by its own clock. */
  readonly wallMs: number;
  readonly life: number;
  readonly key: Key;
  /** What the disk took up, and what the replica held. */
  readonly diskBytes: number;
  readonly heldBytes: number;
  /** Of that, what was neither deleted nor expired; with what goes. */
  readonly standingBytes: number;
}

/** A value that a replica removed for good for want of room. */
export interface Evicted extends Going {
  /** Of the deletion. */
  readonly version: Version;
  readonly dot: Dot;
  /** Nobody had the value any more: it was not for want of room. */
  readonly isOrphan: boolean;
}

/** A value that a replica without a disk let go of, as another has it. */
export interface Lent {
  readonly at: number;
  readonly key: Key;
  readonly timestamp: Timestamp;
  /** Another did have it. */
  readonly isElsewhere: boolean;
}

/** A register that a replica dropped and kept for an operator. */
export interface PutAside {
  readonly key: Key;
  readonly timestamp: number;
  /** When, by the clock of the node. */
  readonly wallMs: number;
}

export interface NodeOptions {
  readonly index: number;
  readonly identity: ReplicaIdentity;
  readonly queue: EventQueue;
  readonly now: () => number;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly clock: SimulatedClock;
  readonly disk: SimulatedDisk;
  readonly createReplica: ReplicaFactory;
  /** Told of each disk write that is handed over. */
  readonly diskWriteIssued: (node: number) => void;
  /** Told when a replica could not start, or its process would have died of an exception. */
  readonly failed: (node: number, error: unknown) => void;
  /** Whether another node has the value of a version that one lets go of. */
  readonly isElsewhere: (version: VersionFacts, node: number) => boolean;
  /** Told of what goes for good, before it does and once it is gone. */
  readonly going: (node: number, shard: Shard, going: Going) => void;
  readonly gone: (node: number, shard: Shard, evicted: Evicted) => void;
  /** Told when a process has ended, however. */
  readonly ended: (node: number, life: number) => void;
  readonly logged: (node: number, level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** After a start that failed the supervisor waits so long before the next. */
const SUPERVISOR_MS = 1000;

export class SimulatedNode {
  readonly index: number;
  readonly identity: ReplicaIdentity;
  readonly clock: SimulatedClock;
  readonly disk: SimulatedDisk;
  readonly ends: LifeEnd[] = [];
  readonly judgements: Judgement[] = [];
  /** Registers that its replicas put aside for an operator. */
  readonly putAside: PutAside[] = [];
  readonly evictions: Evicted[] = [];
  readonly lent: Lent[] = [];
  /** Of the same, what was held of each keyspace. */
  readonly shareLosses: ShareLoss[] = [];
  /** As they were asked for. */
  readonly pauses: { readonly from: number; readonly to: number }[] = [];
  /** By how much its replicas corrected the clock, from when on. */
  readonly corrections: ClockCorrection[] = [];
  readonly #options: NodeOptions;
  #life: Life | undefined;
  #lives = 0;
  #isStopping = false;
  #startsAgain = false;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.index = options.index;
    this.identity = options.identity;
    this.clock = options.clock;
    this.disk = options.disk;
  }

  /** The process that runs, ready or not. */
  get life(): Life | undefined {
    return this.#life;
  }

  /** Unix ms that its replica goes by: the wall clock's, corrected where that is known to be wrong. */
  get clockTime(): number {
    return this.clock.now() + (this.replica?.replica?.time.guard.correctionMs ?? 0);
  }

  /** The replica, once it takes operations. */
  get replica(): SimulatedReplica | undefined {
    return this.#life?.isReady === true ? this.#life.replica : undefined;
  }

  /** Starts a process; while one is stopping, another follows it. */
  start(): void {
    if (this.#life !== undefined) {
      this.#startsAgain = this.#isStopping;
      return;
    }
    const { now, trace, failed } = this.#options;
    if (this.corrections.length > 0) this.#corrected(0);
    const life = this.#createLife();
    this.#life = life;
    trace.record(now(), "start", this.index, life.number);
    life.replica.start().then(
      () => {
        life.isReady = true;
        this.#noteEvictions(life);
        this.#noteLent(life);
        trace.record(now(), "ready", this.index, life.number);
      },
      (error: unknown) => {
        if (life.ended) return;
        // A start may fail for a disk that fails; anything else is a bug. Either way the process is gone.
        if (!this.disk.isFailing) failed(this.index, error);
        this.crash(false);
        this.#options.queue.schedule(now() + SUPERVISOR_MS, undefined, () => this.start());
      },
    );
  }

  /** SIGKILL, or the power goes: what the disk had not confirmed is there or not, what the network had not sent is not. */
  crash(isPowerCut: boolean): void {
    const life = this.#life;
    if (life === undefined) return;
    const { now, trace, network } = this.#options;
    trace.record(now(), "crash", this.index, life.number, isPowerCut ? 1 : 0);
    life.ended = true;
    network.crashed(life.endpoint, isPowerCut);
    this.disk.crash();
    this.#end(life, "crash");
  }

  /** SIGTERM: the replica ends by itself. It may crash on the way. */
  stop(): void {
    const life = this.#life;
    if (life === undefined || !life.isReady) {
      this.crash(false);
      return;
    }
    const { now, trace, failed } = this.#options;
    life.isReady = false;
    this.#isStopping = true;
    life.hub?.close();
    trace.record(now(), "stop", this.index, life.number);
    life.replica.stop().then(
      () => {
        if (life.ended) return;
        life.ended = true;
        // A disk that refused the last writes makes of a stop in order a crash.
        const isWritten = !this.disk.hasFailed;
        this.disk.release();
        if (!isWritten) this.#end(life, "crash");
        else this.#end(life, life.replica.hasLeft === true ? "leave" : "stop");
      },
      (error: unknown) => {
        if (life.ended) return;
        if (!this.disk.isFailing) failed(this.index, error);
        this.crash(false);
      },
    );
  }

  /** An operator has it leave: it hands over and ends by itself. Nothing happens where it refuses. */
  leave(): void {
    const life = this.#life;
    if (life?.isReady !== true) return;
    life.isLeaving = true;
    try {
      life.replica.leaveCluster();
    } catch (error) {
      if (!(error instanceof AtollError)) throw error;
      life.isLeaving = false;
    }
  }

  /** Starts again, whether it has left or not: one that has not handed over yet is killed, and keeps its place. */
  comeBack(): void {
    if (this.#life?.isReady === true && this.#life.isLeaving) this.crash(false);
    this.start();
  }

  /** SIGSTOP and, later, SIGCONT. */
  pause(forMs: number): void {
    if (this.#life === undefined) return;
    const from = this.#options.now();
    this.#life.pausedUntil = Math.max(this.#life.pausedUntil, from + forMs);
    this.#options.queue.retime(this.#life, this.#life.pausedUntil);
    this.pauses.push({ from, to: this.#life.pausedUntil });
    this.#options.network.paused(this.#life.endpoint);
  }

  /** Ends a pause now: what was put off comes first, in its order. */
  resume(): void {
    if (this.#life === undefined || this.#life.pausedUntil === 0) return;
    this.#life.pausedUntil = 0;
    this.#options.queue.retime(this.#life, this.#options.now());
  }

  #end(life: Life, type: LifeEnd["type"]): void {
    assert(this.#life === life, "a life ended twice");
    this.#life = undefined;
    this.#isStopping = false;
    this.ends.push({ life: life.number, at: this.#options.now(), type, durableUpTo: this.disk.resolvedUpTo });
    this.#options.ended(this.index, life.number);
    if (!this.#startsAgain) return;
    this.#startsAgain = false;
    this.#options.queue.schedule(this.#options.now(), undefined, () => this.start());
  }

  #corrected(correctionMs: number): void {
    this.corrections.push({ at: this.#options.now(), correctionMs });
  }

  #judged({ shard, reason }: Readonly<Record<string, unknown>>): void {
    const origin = this.#life?.replica.replica?.origin;
    const by = { at: this.#options.now(), wallMs: this.clockTime, ...(origin !== undefined && { origin }) };
    if (shard === undefined) this.judgements.push({ ...by, shard, reason: String(reason) });
    else this.judgements.push({ ...by, shard: Number(shard) });
  }

  #noteEvictions({ replica: { replica }, number: life }: Life): void {
    if (replica === undefined) return;
    const goingUnder = (key: Key): Going => {
      const heldBytes = replica.shards.all.reduce((sum, { accounts }) => sum + accounts.recordBytes, 0);
      const standingBytes = heldBytes - replica.shards.all.reduce((sum, { accounts }) => sum + accounts.fallenBytes, 0);
      const time = { at: this.#options.now(), wallMs: this.clockTime, life };
      return { ...time, key, diskBytes: this.disk.bytes, heldBytes, standingBytes };
    };
    let going: Going | undefined;
    replica.eviction.listener = {
      going: (shard, key) => {
        going = goingUnder(key);
        this.#options.going(this.index, shard, going);
      },
      gone: (shard, slot, bytes, isOrphan) => {
        const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
        assert(going !== undefined, "what has gone was about to");
        const evicted = { ...going, isOrphan, version: versionAt(view, at), dot: dotAt(shard.id, view, at) };
        this.evictions.push(evicted);
        this.#options.gone(this.index, shard, evicted);
        if (!isOrphan) this.shareLosses.push(shareLossOf(replica, { at: going.at, shard: shard.id, bytes }));
      },
    };
  }

  #noteLent({ replica: { replica } }: Life): void {
    if (replica === undefined) return;
    replica.ghosts.listener = (shard, slot) => {
      const version = versionFactsIn(shard, slot);
      const { now, isElsewhere } = this.#options;
      const { key, timestamp } = version;
      this.lent.push({ at: now(), key, timestamp, isElsewhere: isElsewhere(version, this.index) });
    };
  }

  #createLife(): Life {
    const { queue, now, trace, network, createReplica, diskWriteIssued, logged } = this.#options;
    const number = ++this.#lives;
    const random = this.#options.random.fork(`life ${number}`);
    const node = this.index;
    const owner = { number, ended: false, pausedUntil: 0, isReady: false, isLeaving: false };
    const endpoint = new Endpoint({ network, queue, now, trace, node, owner, random: random.fork("transport") });
    const { disk } = this;
    const storage = createStorage({ disk, queue, now, owner, trace, node, issued: () => diskWriteIssued(node) });
    const log: Log = (level, event, fields) => {
      if (owner.ended) return;
      trace.record(now(), "log", node, 0, 0, event);
      if (event === "clock-corrected" || event === "clock-trusted") this.#corrected(Number(fields.correctionMs));
      if (event === "quarantine" || event === "shard-reconciled") this.#judged(fields);
      logged(node, level, event, fields);
    };
    const scheduler = createScheduler({ queue, now, owner, random: random.fork("scheduler") });
    const around = { clock: this.clock, scheduler, random: random.fork("documents"), log };
    const replica = createReplica(this.identity, {
      clock: this.clock,
      scheduler,
      random: random.fork("replica"),
      storage,
      transport: endpoint,
      handedOver: () => {
        if (owner.isLeaving) queue.schedule(now(), owner, () => this.stop());
      },
      salvage: async (records) => {
        for (const record of records) this.putAside.push({ ...registerIn(record), wallMs: this.clockTime });
      },
      log,
    });
    return Object.assign(owner, { replica, endpoint, hub: createHub(replica, around) });
  }
}

/** Documents that nobody uses are closed soon, so that a run sees them loaded again. */
const HUB_LIMITS = { unusedMs: 3000 };

function createHub({ documents }: SimulatedReplica, around: DocumentSurroundings): DocumentHub | undefined {
  return documents === undefined ? undefined : new DocumentHub({ store: documents, around, limits: HUB_LIMITS });
}

function registerIn(record: Uint8Array): Omit<PutAside, "wallMs"> {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  return { key: keyAt(view, record, 0), timestamp: timestampAt(view, 0) };
}
