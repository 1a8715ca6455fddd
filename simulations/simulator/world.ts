/**
 * A world: virtual time, one event queue, the seeded streams, the network and the nodes. Between two events everything
 * that the first one caused has run (drain.ts), so the code of the replica sees time stand still while it works, and one
 * seed gives one order of everything.
 */

import { assert } from "../../src/base/assert.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { type AuditRepair, repairIn } from "../sampling/audit-repair.ts";
import type { MemberVerdict } from "../sampling/company.ts";
import { SimulatedClock } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import { chooseDrain, type Drain } from "./drain.ts";
import { EventQueue } from "./event-queue.ts";
import { NETWORK_DEFAULTS, type NetworkSettings, SimulatedNetwork } from "./network.ts";
import { type Evicted, type Going, SimulatedNode } from "./node.ts";
import type { WorldObserver } from "./observer.ts";
import { hasAnother } from "./other-copies.ts";
import { type PathQuality, Paths } from "./paths.ts";
import type { ReplicaFactory, ReplicaIdentity } from "./replica.ts";
import { Trace } from "./trace.ts";

export interface NodeSettings {
  readonly identity: ReplicaIdentity;
  /** False for a node that keeps nothing on disk. */
  readonly durable: boolean;
  readonly clockOffsetMs: number;
  readonly diskMeanMs: number;
}

export interface WorldOptions {
  readonly seed: string;
  readonly nodes: readonly NodeSettings[];
  readonly quality: (from: number, to: number) => PathQuality;
  readonly network?: Partial<NetworkSettings>;
  readonly createReplica: ReplicaFactory;
  readonly keepTrace?: boolean;
  /** `yielding` asks for the slow way; the results are the same. */
  readonly drain?: "yielding";
}

/** A failure that is no checker's verdict: an exception in the replica, or events without end in one instant. */
export interface Breakdown {
  readonly at: number;
  readonly node: number;
  readonly error: Error;
}

/** What a hook hears of: the moments that faults aim at. */
export type Moment = "push" | "send" | "disk-write";

export interface LogLine {
  readonly at: number;
  readonly node: number;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** More events than this without time moving on is a loop. */
const EVENTS_PER_INSTANT_MAX = 100_000;
/** Real time after which the event loop of the host gets a turn. */
const SLICE_EVENTS = 2000;
const LOG_LINES_MAX = 200;

export class World {
  readonly queue = new EventQueue();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly nodes: readonly SimulatedNode[];
  readonly breakdowns: Breakdown[] = [];
  /** The last log lines of all nodes, warnings and errors. */
  readonly log: LogLine[] = [];
  /** What the audits of all nodes repaired. */
  readonly auditRepairs: AuditRepair[] = [];
  /** Whom the replicas suspected and declared dead. */
  readonly memberVerdicts: MemberVerdict[] = [];
  /** When which replica was given up by somebody. */
  readonly givenUp: { readonly id: ReplicaId; readonly at: number; readonly by: number }[] = [];
  /** Called at each moment that faults may aim at. */
  onMoment: ((moment: Moment, node: number) => void) | undefined;
  /** Called when a process has ended: its clients see their connections break. */
  onLifeEnd: ((node: number, life: number) => void) | undefined;
  /** Called when a node is about to remove for good what is under a key, and, of a value, once it has. */
  onGoing: ((node: number, shard: Shard, going: Going) => void) | undefined;
  onGone: ((node: number, shard: Shard, evicted: Evicted) => void) | undefined;
  events = 0;
  #now = 0;
  #eventsInInstant = 0;
  readonly #drainChoice: "yielding" | undefined;

  constructor(options: WorldOptions) {
    this.random = new SeededRandom(options.seed);
    this.trace = new Trace({ keep: options.keepTrace === true });
    this.#drainChoice = options.drain;
    const { queue, trace } = this;
    const now = (): number => this.#now;
    this.network = new SimulatedNetwork({
      queue,
      now,
      trace,
      random: this.random.fork("network"),
      paths: new Paths(options.nodes.length, options.quality),
      settings: { ...NETWORK_DEFAULTS, ...options.network },
      sent: (node, droppable) => this.onMoment?.(droppable ? "push" : "send", node),
      delivered: (delivery) => this.trace.observer?.delivered(delivery),
    });
    this.nodes = options.nodes.map((settings, index) => this.#createNode(settings, index, options.createReplica));
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** Has somebody look on from now. */
  observe(observer: WorldObserver): void {
    this.trace.observer = observer;
  }

  node(index: number): SimulatedNode {
    const node = this.nodes[index];
    assert(node !== undefined, `no node ${index}`);
    return node;
  }

  /** When anybody gave a replica up. */
  givenUpAt(replica: ReplicaId): number[] {
    return this.givenUp.flatMap(({ id, at }) => (id === replica ? [at] : []));
  }

  /** The nodes of those that ever gave a replica up. */
  givenUpBy(replica: ReplicaId): number[] {
    return this.givenUp.flatMap(({ id, by }) => (id === replica ? [by] : []));
  }

  /** Runs something of the world's own at a virtual time. */
  at(time: number, run: () => void): void {
    this.queue.schedule(Math.max(time, this.#now), undefined, run);
  }

  /** Runs every event up to a virtual time, which it then is; stops short at the first breakdown. */
  async run(until: number): Promise<void> {
    const onRejection = (reason: unknown): void => this.fail(-1, reason);
    process.on("unhandledRejection", onRejection);
    try {
      await new Promise<void>((resolve, reject) => {
        const slice = (): void => {
          try {
            if (this.#runSlice(until)) resolve();
            else setImmediate(slice);
          } catch (error) {
            reject(error);
          }
        };
        setImmediate(slice);
      });
    } finally {
      process.off("unhandledRejection", onRejection);
    }
    if (this.breakdowns.length > 0) return;
    this.trace.observer?.advancing(until);
    this.#now = until;
  }

  fail(node: number, reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    this.trace.record(this.#now, "violation", node, 0, 0, error.message);
    this.breakdowns.push({ at: this.#now, node, error });
  }

  /** True when nothing is left to do up to `until`. Runs in a macrotask. */
  #runSlice(until: number): boolean {
    const drain: Drain = this.#drainChoice === "yielding" ? { type: "yielding" } : chooseDrain();
    if (drain.type === "inTurn") drain.run();
    const count = drain.type === "inTurn" ? SLICE_EVENTS : 1;
    for (let i = 0; i < count; i++) {
      if (this.breakdowns.length > 0 || !this.#step(until)) return true;
      if (drain.type === "inTurn") drain.run();
    }
    return false;
  }

  /** Runs one event; false when none is due. */
  #step(until: number): boolean {
    const event = this.queue.take(until);
    if (event === undefined) return false;
    const { owner } = event;
    if (owner !== undefined && owner.pausedUntil > event.at) {
      this.queue.postpone(event, owner.pausedUntil);
      return true;
    }
    this.#advance(event.at);
    try {
      event.run?.();
    } catch (error) {
      const node = this.nodes.find((candidate) => candidate.life === owner);
      this.fail(owner === undefined ? -1 : (node?.index ?? -1), error);
    }
    return true;
  }

  #judged(node: number, event: "member-suspect" | "member-dead", fields: LogLine["fields"]): void {
    const of = String(fields.member) as ReplicaId;
    const there = this.nodes.find(({ replica }) => replica?.replica?.id === of)?.life;
    const isWrong = there !== undefined && there.pausedUntil <= this.#now;
    this.memberVerdicts.push({ at: this.#now, node, of, state: event === "member-dead" ? "dead" : "suspect", isWrong });
  }

  #advance(at: number): void {
    this.events++;
    if (at > this.#now) {
      this.trace.observer?.advancing(at);
      this.#now = at;
      this.#eventsInInstant = 0;
    } else if (++this.#eventsInInstant > EVENTS_PER_INSTANT_MAX) {
      this.fail(-1, new Error(`more than ${EVENTS_PER_INSTANT_MAX} events in one instant: a loop without a timer`));
    }
  }

  #createNode(settings: NodeSettings, index: number, createReplica: ReplicaFactory): SimulatedNode {
    const random = this.random.fork(`node ${index}`);
    const now = (): number => this.#now;
    this.network.place(settings.identity.address, index);
    return new SimulatedNode({
      index,
      identity: settings.identity,
      queue: this.queue,
      now,
      random,
      trace: this.trace,
      network: this.network,
      clock: new SimulatedClock(now, settings.clockOffsetMs),
      disk: new SimulatedDisk({ durable: settings.durable, random: random.fork("disk"), meanMs: settings.diskMeanMs }),
      createReplica,
      diskWriteIssued: (node) => this.onMoment?.("disk-write", node),
      failed: (node, error) => this.fail(node, error),
      isElsewhere: (version, node) => hasAnother(version, node, this.nodes, this.#now),
      going: (node, shard, going) => this.onGoing?.(node, shard, going),
      gone: (node, shard, evicted) => this.onGone?.(node, shard, evicted),
      ended: (node, life) => this.onLifeEnd?.(node, life),
      logged: (node, level, event, fields) => {
        if (event === "member-suspect" || event === "member-dead") this.#judged(node, event, fields);
        if (level === "debug" || level === "info") return;
        if (event === "divergence-repaired") {
          this.auditRepairs.push(repairIn(fields));
        }
        if (event === "member-given-up")
          this.givenUp.push({ id: String(fields.member) as ReplicaId, at: this.#now, by: node });
        if (this.log.length === LOG_LINES_MAX) this.log.shift();
        this.log.push({ at: this.#now, node, level, event, fields });
      },
    });
  }
}
