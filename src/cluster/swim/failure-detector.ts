/**
 * The failure detector of SWIM (Das, Gupta, Motivala 2002, section 3.1) with Lifeguard's local health. One member is asked
 * each probe interval; where it does not answer in time some others are asked to ask it; where no answer comes by them
 * either, it is `unanswered`. Who is asked for help says so when it gets no answer itself (a nack): who hears not even that
 * has itself to blame.
 *
 * Who cannot be asked for want of a link is asked through others at once. Deadlines are in lived time; the wall clock
 * only measures round trips, and only where both agree.
 */

import type { ReplicaId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import type { MessageOf } from "../../wire/message.ts";
import type { LocalHealth } from "./local-health.ts";
import { ProbeRound } from "./probe-round.ts";
import type { RoundTrips } from "./round-trips.ts";
import type { SwimSettings } from "./settings.ts";
import { sample } from "./shuffle.ts";

export type ProbeMessage =
  | Omit<MessageOf<"ping">, "rumours">
  | Omit<MessageOf<"ping-ack">, "rumours">
  | MessageOf<"ping-request">
  | MessageOf<"ping-nack">;

export interface DetectorHost {
  isLinked(id: ReplicaId): boolean;
  /** Whom to watch over, linked or not. */
  candidates(): ReadonlySet<ReplicaId>;
  /** True for a candidate; asked at each message, of its sender. */
  isWatched(id: ReplicaId): boolean;
  /** Linked and most likely there: who may be asked for help. */
  helpers(): readonly ReplicaId[];
  send(to: ReplicaId, message: ProbeMessage): void;
  unanswered(id: ReplicaId): void;
}

interface Probe {
  readonly target: ReplicaId;
  /** By lived time, and by the clock. */
  readonly sentAtMs: number;
  readonly sentNow: number;
  dueMs: number;
  /** Who was asked for help; undefined: nobody yet. */
  helpers: readonly ReplicaId[] | undefined;
  readonly nacks: Set<ReplicaId>;
}

/** A probe for somebody else. */
interface Relay {
  readonly asker: ReplicaId;
  readonly sequence: number;
  readonly target: ReplicaId;
  /** Infinity once it was sent. */
  nackDueMs: number;
  readonly endsMs: number;
}

/** Probes under way, own and for others: there are no more. */
export const PROBES_MAX = 256;
/** Probes out of turn in one tick. */
const URGENT_PROBES_MAX = 4;
/** Of the shortest timeout: an answer that comes later is passed on all the same (Lifeguard, section IV.A). */
const NACK_SHARE = 0.8;
/** Round trips by the clock and by lived time differ by a few ticks at the most, unless the clock jumped. */
const CLOCK_SLACK_MS = 250;

export class FailureDetector {
  readonly #host: DetectorHost;
  readonly #settings: SwimSettings;
  readonly #random: Random;
  readonly #health: LocalHealth;
  readonly #roundTrips: RoundTrips;
  readonly #round: ProbeRound;
  readonly #probesBySequence = new Map<number, Probe>();
  readonly #relaysBySequence = new Map<number, Relay>();
  /** When each of those watched last said something of itself, in lived ms. */
  readonly #heardMsById = new Map<ReplicaId, number>();
  /** To be probed out of turn. */
  readonly #urgent = new Set<ReplicaId>();
  #nextSequence = 1;
  #nextProbeMs: number;
  #livedMs = 0;
  probes = 0;
  failures = 0;

  constructor(
    host: DetectorHost,
    settings: SwimSettings,
    more: { readonly random: Random; readonly health: LocalHealth; readonly roundTrips: RoundTrips },
  ) {
    this.#host = host;
    this.#settings = settings;
    this.#random = more.random;
    this.#health = more.health;
    this.#roundTrips = more.roundTrips;
    this.#round = new ProbeRound(more.random);
    this.#nextProbeMs = more.random.uint32() % settings.probeIntervalMs;
  }

  /** Probes, and relays for others, that are under way. */
  get underWay(): number {
    return this.#probesBySequence.size + this.#relaysBySequence.size;
  }

  /** There is a hint that the member may be gone: it is probed at the next tick, out of turn. */
  hint(id: ReplicaId): void {
    this.#urgent.add(id);
  }

  /** This process slept: that no answer came says nothing of others. */
  slept(): void {
    this.#probesBySequence.clear();
    this.#relaysBySequence.clear();
    this.#health.worsen(1);
  }

  tick(livedMs: number, now: number): void {
    this.#livedMs = livedMs;
    for (const [sequence, probe] of this.#probesBySequence) if (probe.dueMs <= livedMs) this.#due(sequence, probe);
    for (const [sequence, relay] of this.#relaysBySequence) this.#tickRelay(sequence, relay);
    this.#probeUrgent(now);
    if (livedMs < this.#nextProbeMs) return;
    this.#nextProbeMs = livedMs + this.#settings.probeIntervalMs * this.#health.multiplier;
    const target = this.#nextTarget();
    if (target !== undefined) this.#probe(target, now);
  }

  /**
   * Whoever was heard within half a round has answered for its turn: so a silent member comes up sooner at some of those who
   * watch over it.
   */
  #nextTarget(): ReplicaId | undefined {
    const candidates = this.#host.candidates();
    const freshMs = (this.#settings.probeIntervalMs * candidates.size) / 2;
    let target = this.#round.next(candidates);
    for (let left = candidates.size - 1; left > 0 && target !== undefined; left--) {
      if (this.#livedMs - (this.#heardMsById.get(target) ?? -Infinity) >= freshMs) break;
      target = this.#round.next(candidates);
    }
    return target;
  }

  #heard(id: ReplicaId): void {
    if (this.#host.isWatched(id)) this.#heardMsById.set(id, this.#livedMs);
  }

  /** There is no such member any more. */
  forget(id: ReplicaId): void {
    this.#heardMsById.delete(id);
  }

  #probeUrgent(now: number): void {
    let left = URGENT_PROBES_MAX;
    for (const id of this.#urgent) {
      if (left-- === 0) return;
      this.#urgent.delete(id);
      if (this.#host.candidates().has(id)) this.#probe(id, now);
    }
  }

  #probe(target: ReplicaId, now: number): void {
    if (this.underWay >= PROBES_MAX || this.#isProbing(target)) return;
    this.probes++;
    const sequence = this.#nextSequence++;
    const dueMs = this.#livedMs + this.#timeoutMs(target);
    const probe: Probe = {
      target,
      sentAtMs: this.#livedMs,
      sentNow: now,
      dueMs,
      helpers: undefined,
      nacks: new Set(),
    };
    this.#probesBySequence.set(sequence, probe);
    if (this.#host.isLinked(target)) this.#host.send(target, { type: "ping", sequence });
    else this.#askForHelp(sequence, probe);
  }

  #isProbing(target: ReplicaId): boolean {
    for (const probe of this.#probesBySequence.values()) if (probe.target === target) return true;
    return false;
  }

  #timeoutMs(id: ReplicaId): number {
    return this.#roundTrips.timeoutMs(id, this.#settings.probeTimeoutMs) * this.#health.multiplier;
  }

  #due(sequence: number, probe: Probe): void {
    if (probe.helpers === undefined) this.#askForHelp(sequence, probe);
    else this.#fail(sequence, probe);
  }

  #askForHelp(sequence: number, probe: Probe): void {
    const { target } = probe;
    const others = this.#host.helpers().filter((id) => id !== target);
    probe.helpers = sample(others, this.#settings.indirectProbes, this.#random);
    const timeouts = [target, ...probe.helpers].map((id) => this.#timeoutMs(id));
    probe.dueMs = this.#livedMs + this.#settings.probeTimeoutMs * NACK_SHARE + Math.max(...timeouts);
    for (const helper of probe.helpers) this.#host.send(helper, { type: "ping-request", sequence, target });
  }

  #fail(sequence: number, { target, helpers = [], nacks }: Probe): void {
    this.failures++;
    this.#probesBySequence.delete(sequence);
    this.#health.worsen(helpers.length > 0 ? helpers.length - nacks.size : 1);
    this.#host.unanswered(target);
  }

  // --- Answers -------------------------------------------------------------------------------------------------

  receivePing(from: ReplicaId, { sequence }: { readonly sequence: number }): void {
    this.#heard(from);
    this.#host.send(from, { type: "ping-ack", sequence });
  }

  receiveAck(from: ReplicaId, { sequence }: { readonly sequence: number }, now: number): void {
    this.#heard(from);
    const relay = this.#relaysBySequence.get(sequence);
    if (relay?.target === from) {
      this.#relaysBySequence.delete(sequence);
      this.#host.send(relay.asker, { type: "ping-ack", sequence: relay.sequence });
      return;
    }
    const probe = this.#probesBySequence.get(sequence);
    if (probe === undefined || !(probe.target === from || probe.helpers?.includes(from) === true)) return;
    this.#probesBySequence.delete(sequence);
    this.#health.improve();
    if (probe.target === from) this.#measure(probe, now);
  }

  #measure({ target, sentAtMs, sentNow }: Probe, now: number): void {
    const roundTripMs = now - sentNow;
    const livedMs = this.#livedMs - sentAtMs;
    if (Math.abs(roundTripMs - livedMs) <= CLOCK_SLACK_MS) this.#roundTrips.note(target, roundTripMs);
  }

  receiveNack(from: ReplicaId, { sequence }: { readonly sequence: number }): void {
    const probe = this.#probesBySequence.get(sequence);
    if (probe?.helpers?.includes(from) === true) probe.nacks.add(from);
  }

  // --- For others ----------------------------------------------------------------------------------------------

  receiveRequest(from: ReplicaId, { sequence, target }: MessageOf<"ping-request">): void {
    if (!this.#host.isLinked(target) || this.underWay >= PROBES_MAX) {
      this.#host.send(from, { type: "ping-nack", sequence });
      return;
    }
    const own = this.#nextSequence++;
    const { probeTimeoutMs } = this.#settings;
    this.#relaysBySequence.set(own, {
      asker: from,
      sequence,
      target,
      nackDueMs: this.#livedMs + probeTimeoutMs * NACK_SHARE,
      endsMs: this.#livedMs + probeTimeoutMs + this.#timeoutMs(target),
    });
    this.#host.send(target, { type: "ping", sequence: own });
  }

  #tickRelay(sequence: number, relay: Relay): void {
    if (relay.nackDueMs <= this.#livedMs) {
      relay.nackDueMs = Infinity;
      this.#host.send(relay.asker, { type: "ping-nack", sequence: relay.sequence });
    }
    if (relay.endsMs <= this.#livedMs) this.#relaysBySequence.delete(sequence);
  }
}
